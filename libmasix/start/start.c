/* From the kernel's boot stack to glibc's _start. */
#include "start/start.h"

#include <elf.h>
#include <mach/task_special_ports.h>
#include <masix/identity.h>
#include <masix/mach.h>

#include "acs_session.h"
#include "mach.h"
#include "mach/traps.h"
#include "vector/clock.h"

struct start start;

extern const Elf32_Ehdr __ehdr_start;
extern char _end[];
void _start(void);
void masix_start(void);

/* Without these there is no thread to say why it failed. */
static void need(int condition)
{
	if (!condition)
		__asm__ volatile("hlt"); /* no handler: the kernel ends the task */
}

static void enter_first_thread(void)
{
	static struct vector_thread block;

	vector_task.task = trap_task_self();
	vector_task.host = trap_host_self();
	block.self = &block;
	block.port = trap_thread_self();
	block.send_bound = VECTOR_SEND_UNBOUND;
	block.id = 1;
	need(vector_set_segment(block.port, VECTOR_FS_SELECTOR, (uint32_t)&block, sizeof block - 1,
		     0) == KERN_SUCCESS);
	__asm__ volatile("movw %w0, %%fs" : : "r"(VECTOR_FS_SELECTOR));
}

static void lay_out_memory(void)
{
	start.space.low = 0x40000000;
	start.space.limit = 0xc0000000;
	start.space.heap = ((uint32_t)_end + REGION_PAGE - 1) & ~(REGION_PAGE - 1);
	start.space.brk = start.space.heap;
}

/* Everything that start-up code of a Linux program finds above its stack pointer. */
static uint32_t *linux_stack(const uint32_t *boot, uint32_t *top)
{
	uint32_t argc = boot[0], i;
	uint32_t *random = top - 4;
	uint32_t auxv[] = {
		AT_SYSINFO,
		(uint32_t)masix_vector,
		AT_SYSINFO_EHDR,
		(uint32_t)vdso_image,
		AT_PAGESZ,
		REGION_PAGE,
		AT_PHDR,
		(uint32_t)&__ehdr_start + __ehdr_start.e_phoff,
		AT_PHENT,
		__ehdr_start.e_phentsize,
		AT_PHNUM,
		__ehdr_start.e_phnum,
		AT_BASE,
		0,
		AT_FLAGS,
		0,
		AT_ENTRY,
		(uint32_t)_start,
		AT_UID,
		0,
		AT_EUID,
		0,
		AT_GID,
		0,
		AT_EGID,
		0,
		AT_SECURE,
		0,
		AT_CLKTCK,
		100,
		AT_RANDOM,
		(uint32_t)random,
		AT_NULL,
		0,
	};
	const uint32_t auxv_words = sizeof auxv / sizeof auxv[0];
	uint32_t *stack, *at;

	/* Seeds the stack guard and the like; keys are made from getrandom, which fails when
	 * there is no good source. */
	if (!vector_random(random, 16))
		for (i = 0; i < 4; i++)
			random[i] = (uint32_t)vector_tsc() * 2654435761u;

	/* argc, argv, NULL, no environment, auxv; 16-byte aligned. */
	stack = random - (1 + argc + 1 + 1 + auxv_words);
	stack = (uint32_t *)((uint32_t)stack & ~15u);
	at = stack;
	*at++ = argc;
	for (i = 0; i < argc; i++)
		*at++ = boot[1 + i];
	*at++ = 0;
	*at++ = 0;
	for (i = 0; i < auxv_words; i++)
		*at++ = auxv[i];
	return stack;
}

/* Every server but ACS has a session with it, which tells the time. */
static void greet(void)
{
	if (!MACH_PORT_VALID(start.session)) {
		start.session = MACH_PORT_NULL;
		return;
	}
	need(acs_hello(start.session, &start.info, &start.challenge) == KERN_SUCCESS);
	if (start.info.tsc_hz != 0)
		vector_clock_set(&start.info);
}

static const char *program_name(const char *path)
{
	const char *name = path;

	if (masix_identity.name[0] != '\0')
		return masix_identity.name;
	for (; *path != '\0'; path++)
		if (*path == '/')
			name = path + 1;
	return name;
}

/* On the kernel's stack, which is small; before glibc.  Returns the new stack pointer. */
uint32_t *start_server(uint32_t *boot)
{
	struct region_request request = {
		.length = START_MAIN_STACK,
		.protection = VM_PROT_READ | VM_PROT_WRITE,
	};
	uint32_t stack;

	enter_first_thread();
	lay_out_memory();
	atomic_store(&start.threads, 1);
	atomic_store(&start.last_tid, 1);
	start.program = program_name(boot[0] > 0 ? (const char *)boot[1] : "server");
	need(task_get_special_port(vector_task.task, TASK_BOOTSTRAP_PORT, &start.session) ==
		KERN_SUCCESS);
	need(service_start() == KERN_SUCCESS);
	greet();
	need(region_map(&start.space, &request, &stack) == 0);
	return linux_stack(boot, (uint32_t *)(stack + START_MAIN_STACK));
}
