/* The vDSO: the image behind AT_SYSINFO_EHDR and the entry behind AT_SYSINFO. */
#include "check.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/time.h>

static const Elf32_Ehdr *image(void)
{
	return (const Elf32_Ehdr *)getauxval(AT_SYSINFO_EHDR);
}

static const void *at(Elf32_Addr address)
{
	const Elf32_Phdr *segments = (const Elf32_Phdr *)((uintptr_t)image() + image()->e_phoff);

	/* Addresses in the image count from where its first segment says it wants to be. */
	for (int i = 0; i < image()->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD)
			return (const char *)image() +
			       (address - segments[i].p_vaddr + segments[i].p_offset);
	return NULL;
}

/* The value of an entry of the dynamic section as an address; NULL if there is none. */
static const void *dynamic(Elf32_Sword tag)
{
	const Elf32_Phdr *segments = (const Elf32_Phdr *)((uintptr_t)image() + image()->e_phoff);

	for (int i = 0; i < image()->e_phnum; i++) {
		if (segments[i].p_type != PT_DYNAMIC)
			continue;
		for (const Elf32_Dyn *entry = at(segments[i].p_vaddr); entry->d_tag != DT_NULL;
			entry++)
			if (entry->d_tag == tag)
				return at(entry->d_un.d_ptr);
	}
	return NULL;
}

/* By the sysv hash table, as old programs look. */
static const void *symbol(const char *name)
{
	const Elf32_Sym *symbols = dynamic(DT_SYMTAB);
	const char *strings = dynamic(DT_STRTAB);
	const uint32_t *hash = dynamic(DT_HASH);

	if (!hash)
		return NULL;
	for (uint32_t i = 1; i < hash[1]; i++)
		if (!strcmp(strings + symbols[i].st_name, name) && symbols[i].st_shndx != SHN_UNDEF)
			return at(symbols[i].st_value);
	return NULL;
}

CASE(is_an_elf_image)
{
	CHECK(image());
	CHECK(!memcmp(image()->e_ident, ELFMAG, SELFMAG));
	EQUAL(image()->e_machine, EM_386);
	EQUAL(image()->e_type, ET_DYN);
	EQUAL((uintptr_t)image() % 4096, 0);
	CHECK(dynamic(DT_SYMTAB) && dynamic(DT_STRTAB));
}

CASE(has_the_usual_symbols)
{
	static const char *const names[] = { "__kernel_vsyscall", "__kernel_sigreturn",
		"__kernel_rt_sigreturn", "__vdso_clock_gettime", "__vdso_gettimeofday",
		"__vdso_time", "__vdso_clock_gettime64" };

	if (!dynamic(DT_HASH))
		skip("no sysv hash table");
	for (size_t i = 0; i < COUNT(names); i++)
		if (!symbol(names[i]))
			check_fail(__LINE__, "no %s", names[i]);
	CHECK(symbol("__kernel_vsyscall") == (void *)getauxval(AT_SYSINFO));
}

static long enter(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("call *%%gs:0x10"
			 : "=a"(result)
			 : "0"(number), "b"(a), "c"(b), "d"(c)
			 : "memory");
	return result;
}

CASE(entry_makes_calls)
{
	uintptr_t entry;

	__asm__("movl %%gs:0x10, %0" : "=r"(entry));
	EQUAL(entry, getauxval(AT_SYSINFO));
	EQUAL(enter(SYS_getpid, 0, 0, 0), getpid());
	EQUAL(enter(SYS_close, 999, 0, 0), -EBADF);
	EQUAL(enter(99999, 0, 0, 0), -ENOSYS);
}

CASE(entry_keeps_registers)
{
	static uint32_t got[7];

	__asm__ volatile(
		"pushal\n\t"
		"movl $20, %%eax\n\tmovl $0x11111111, %%ebx\n\tmovl $0x22222222, %%ecx\n\t"
		"movl $0x33333333, %%edx\n\tmovl $0x44444444, %%esi\n\tmovl $0x55555555, %%edi\n\t"
		"movl $0x66666666, %%ebp\n\tstd\n\t"
		"call *%%gs:0x10\n\t"
		"pushl %%edi\n\tmovl 20(%%esp), %%edi\n\t"
		"movl %%ebx, (%%edi)\n\tmovl %%ecx, 4(%%edi)\n\tmovl %%edx, 8(%%edi)\n\t"
		"movl %%esi, 12(%%edi)\n\tmovl %%ebp, 16(%%edi)\n\tpopl %%eax\n\tmovl %%eax, "
		"20(%%edi)\n\t"
		"pushfl\n\tpopl 24(%%edi)\n\tcld\n\t"
		"popal"
		:
		: "b"(got)
		: "memory");
	EQUAL(got[0], 0x11111111);
	EQUAL(got[1], 0x22222222);
	EQUAL(got[2], 0x33333333);
	EQUAL(got[3], 0x44444444);
	EQUAL(got[4], 0x66666666);
	EQUAL(got[5], 0x55555555);
	EQUAL(got[6] >> 10 & 1, 1);
}

CASE(clock_functions_agree_with_the_calls)
{
	int (*get_time)(clockid_t, struct timespec *), (*get_day)(struct timeval *, void *);
	const void *clock_symbol = symbol("__vdso_clock_gettime"),
		   *day_symbol = symbol("__vdso_gettimeofday");
	struct timespec inside, outside;
	struct timeval day;

	if (!dynamic(DT_HASH))
		skip("no sysv hash table");
	memcpy(&get_time, &clock_symbol, sizeof get_time);
	memcpy(&get_day, &day_symbol, sizeof get_day);
	for (int i = 0; i < 1000; i++) {
		EQUAL(get_time(CLOCK_MONOTONIC, &inside), 0);
		EQUAL(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &outside), 0);
		CHECK(outside.tv_sec > inside.tv_sec ||
			(outside.tv_sec == inside.tv_sec && outside.tv_nsec >= inside.tv_nsec));
		CHECK(outside.tv_sec - inside.tv_sec <= 5);
	}
	EQUAL(get_time(9999, &inside), -EINVAL);
	EQUAL(get_day(&day, NULL), 0);
	CHECK(llabs(day.tv_sec - time(NULL)) <= 2);
}

CASE(bad_pointer_is_an_error_or_a_signal)
{
	/* The library's function may fault in the program itself; the call must not. */
	EQUAL(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)16), -1);
	EQUAL(errno, EFAULT);
}
