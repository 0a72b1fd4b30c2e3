/* A program becomes this task's: its segments are mapped, its stack is built. */
#include "program.h"

#include "capabilities.h"
#include "files.h"
#include "futexes.h"
#include "process.h"
#include "random.h"
#include "signals.h"
#include "timers.h"

#define STACK_MIN (128u << 10)
#define STACK_MAX (256u << 20)
#define RLIMIT_STACK 3

void emul_leave(void) __attribute__((noreturn));

/* Map one segment at `bias`.  Past the point of no return: failure kills. */
static int map_segment(const struct program *p, const struct masix_elf_segment *s, uint32_t bias)
{
	uint32_t start = (bias + s->address) & ~(SPACE_PAGE - 1), address;
	uint32_t file_end = bias + s->address + s->file_size;
	uint32_t end = page_up(bias + s->address + s->memory_size);
	uint32_t mapped = s->file_size ? page_up(file_end) : start;
	struct region_request request = {
		.address = start,
		.length = mapped - start,
		.protection = s->protection,
		.flags = REGION_FIXED,
		.object = p->object,
		.offset = s->file_offset & ~(SPACE_PAGE - 1),
		.max_protection = 7,
	};

	if (s->file_size) {
		if (region_map(&space, &request, &address))
			return 0;
		space_mark(start, mapped - start, 1);
	}
	if (s->memory_size > s->file_size && s->file_size && file_end < mapped) {
		/* What follows the file's bytes in their last page is bss. */
		if (!(s->protection & 2) &&
			region_protect(&space, mapped - SPACE_PAGE, SPACE_PAGE, 7))
			return 0;
		memset((void *)file_end, 0, mapped - file_end);
		if (!(s->protection & 2) &&
			region_protect(&space, mapped - SPACE_PAGE, SPACE_PAGE, s->protection))
			return 0;
	}
	if (end > mapped) {
		request.address = mapped;
		request.length = end - mapped;
		request.object = MACH_PORT_NULL;
		request.offset = 0;
		if (region_map(&space, &request, &address))
			return 0;
		space_mark(mapped, end - mapped, 0);
	}
	return 1;
}

static int map_program(const struct program *p, uint32_t base, uint32_t *bias)
{
	unsigned i;

	*bias = p->elf.is_dynamic ? base - p->elf.low : 0;
	for (i = 0; i < p->elf.segment_count; i++)
		if (!map_segment(p, &p->elf.segments[i], *bias))
			return 0;
	return 1;
}

/* Room for the whole interpreter in the mmap area. */
static uint32_t reserve(uint32_t size)
{
	struct region_request request = { .length = size };
	uint32_t address;

	return region_map(&space, &request, &address) ? 0 : address;
}

/* Copy `size` bytes below *at; the new *at. */
static uint32_t push(uint32_t *at, const void *data, uint32_t size)
{
	*at -= size;
	memcpy((void *)*at, data, size);
	return *at;
}

/* Pointers to the next `count` strings at *string. */
static void put_pointers(uint32_t **word, uint32_t *string, uint32_t count)
{
	while (count--) {
		*(*word)++ = *string;
		*string += (uint32_t)strlen((const char *)*string) + 1;
	}
}

static uint32_t cpu_features(void)
{
	uint32_t a = 1, b, c, d;

	asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return d;
}

struct placed {
	uint32_t bias, interpreter_bias, strings, arg_end, environment_end, stack;
};

/* The initial stack of the System V ABI; its lowest address. */
static uint32_t build_stack(const struct exec *e, struct placed *placed)
{
	extern const char __kernel_vsyscall[];
	const struct masix_elf *elf = &e->main.elf;
	uint32_t at = EMUL_BASE - 4, random[4], platform, random_at, name, strings, words, *word,
		 string;
	const struct emul_process *p = &emul_process;

	random_bytes(random, sizeof random);
	*(uint32_t *)at = 0;
	name = push(&at, e->first, (uint32_t)strlen(e->first) + 1);
	(void)push(&at, e->strings, e->strings_size);
	strings = push(&at, e->prefix, e->prefix_size);
	platform = push(&at, "i686", 5);
	random_at = push(&at, random, sizeof random);
	words = 1 + e->prefix_count + e->argc + 1 + e->envc + 1 + 2 * 21;
	at = (at - 4 * words) & ~15u;
	word = (uint32_t *)at;
	*word++ = e->prefix_count + e->argc;
	string = strings;
	put_pointers(&word, &string, e->prefix_count + e->argc);
	*word++ = 0;
	placed->strings = strings;
	placed->arg_end = string;
	put_pointers(&word, &string, e->envc);
	placed->environment_end = string;
	*word++ = 0;
#define AUX(type, value) (*word++ = (type), *word++ = (uint32_t)(value))
	AUX(32, __kernel_vsyscall); /* AT_SYSINFO */
	AUX(33, EMUL_BASE);	    /* AT_SYSINFO_EHDR */
	AUX(16, cpu_features());    /* AT_HWCAP */
	AUX(6, SPACE_PAGE);	    /* AT_PAGESZ */
	AUX(17, 100);		    /* AT_CLKTCK */
	AUX(3, elf->headers_address ? placed->bias + elf->headers_address : 0); /* AT_PHDR */
	AUX(4, 32);								/* AT_PHENT */
	AUX(5, elf->header_count);						/* AT_PHNUM */
	AUX(7, placed->interpreter_bias);					/* AT_BASE */
	AUX(8, 0);								/* AT_FLAGS */
	AUX(9, placed->bias + elf->entry);					/* AT_ENTRY */
	AUX(11, p->ruid);
	AUX(12, p->euid);
	AUX(13, p->rgid);
	AUX(14, p->egid);
	AUX(23, p->euid != p->ruid || p->egid != p->rgid); /* AT_SECURE */
	AUX(25, random_at);				   /* AT_RANDOM */
	AUX(26, 0);					   /* AT_HWCAP2 */
	AUX(31, name);					   /* AT_EXECFN */
	AUX(15, platform);				   /* AT_PLATFORM */
	AUX(0, 0);
#undef AUX
	placed->stack = at;
	return at;
}

/* The new comm and what /proc tells. */
static void announce(const struct exec *e, const struct placed *placed)
{
	const struct masix_elf *elf = &e->main.elf;
	char absolute[MASIX_PATH_MAX];
	uint32_t length;
	const char *name = e->path, *s;
	masix_ids_t image = {
		placed->bias + elf->low,
		placed->bias + elf->high,
		placed->stack,
		space.heap,
		placed->strings,
		placed->arg_end,
	};

	for (s = e->path; *s; s++)
		if (*s == '/')
			name = s + 1;
	memset(emul_process.comm, 0, sizeof emul_process.comm);
	for (length = 0; length < sizeof emul_process.comm - 1 && name[length]; length++)
		emul_process.comm[length] = name[length];
	if (emul_path_absolute(e->path, absolute, sizeof absolute))
		memcpy(absolute, e->path, strlen(e->path) + 1);
	length = placed->environment_end - placed->strings;
	if (length > MASIX_INLINE_MAX)
		length = MASIX_INLINE_MAX;
	(void)process_exec(EMUL_PORT_PROCESS, emul_process.comm, strlen(emul_process.comm),
		(char *)placed->strings, length, absolute, strlen(absolute), image, 6);
}

/* As the limit says, with room for the strings. */
static uint32_t stack_size(const struct exec *e)
{
	uint64_t limit = emul_process.limits[RLIMIT_STACK][0];

	if (limit > STACK_MAX)
		limit = STACK_MAX;
	if (limit < STACK_MIN + e->strings_size + sizeof e->prefix)
		limit = STACK_MIN + e->strings_size + sizeof e->prefix;
	return page_up((uint32_t)limit);
}

void image_commit(struct exec *e)
{
	static const uint32_t fresh_sse_control = 0x1f80;
	struct emul_thread *self = emul_self();
	struct placed placed = { 0 };
	uint32_t size = stack_size(e);
	struct region_request request = {
		.address = EMUL_BASE - size,
		.length = size,
		.protection = 3,
		.flags = REGION_FIXED,
	};
	uint32_t address, base, esp, entry;
	int ok;

	futexes_robust_exit(self, 1);
	emul_process.suid = emul_process.euid;
	emul_process.sgid = emul_process.egid;
	capabilities_exec();
	emul_files_exec();
	signals_exec();
	timers_exec();
	space_clear();
	space.object_size = 0; /* the stack is one object: only its end is ever touched */
	ok = !region_map(&space, &request, &address);
	space.object_size = 1u << 20;
	ok = ok && map_program(&e->main, SPACE_PIE, &placed.bias);
	entry = placed.bias + e->main.elf.entry;
	if (ok && e->interpreter.port) {
		base = reserve(e->interpreter.elf.high - e->interpreter.elf.low);
		ok = base && map_program(&e->interpreter, base, &placed.interpreter_bias);
		entry = placed.interpreter_bias + e->interpreter.elf.entry;
	}
	if (!ok)
		signals_kill(SIGSEGV);
	space_set_heap(placed.bias + e->main.elf.high);
	esp = build_stack(e, &placed);
	announce(e, &placed);
	program_drop(e);

	self->vector.clear_tid = NULL;
	self->gs_used = 0;
	asm volatile("movl %0, %%gs" : : "r"(0));
	asm volatile("fninit");
	asm volatile("ldmxcsr %0" : : "m"(fresh_sse_control));
	memset(&self->state, 0, sizeof self->state);
	self->state.esp = esp;
	self->state.eip = entry;
	self->state.eflags = 0x202;
	self->state.call = ~0u;
	emul_leave();
}
