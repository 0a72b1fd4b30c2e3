/* Threads of a server: clone, exit, thread-local storage. */
#include <asm-generic/errno-base.h>
#include <asm-generic/errno.h>
#include <asm/ldt.h>
#include <linux/sched.h>
#include <mach/thread_status.h>
#include <masix/mach.h>

#include "gnumach.h"
#include "mach.h"
#include "mach/mig_support.h"
#include "mach_port.h"
#include "start/start.h"

/* Linux's entry number of glibc's TLS descriptor. */
#define TLS_ENTRY (VECTOR_GS_SELECTOR >> 3)

static kern_return_t set_tls(mach_port_t thread, const struct user_desc *desc)
{
	return vector_set_segment(
		thread, VECTOR_GS_SELECTOR, desc->base_addr, desc->limit, desc->limit_in_pages);
}

int vector_set_thread_area(uint32_t *user_desc)
{
	struct user_desc *desc = (struct user_desc *)user_desc;

	if (desc->entry_number != (unsigned)-1 && desc->entry_number != TLS_ENTRY)
		return -EINVAL;
	if (set_tls(vector_thread()->port, desc) != KERN_SUCCESS)
		return -EINVAL;
	desc->entry_number = TLS_ENTRY;
	return 0;
}

static kern_return_t make_block(struct vector_thread **block)
{
	struct region_request request = {
		.length = START_BLOCK_SIZE,
		.protection = VM_PROT_READ | VM_PROT_WRITE,
	};
	uint32_t address;

	if (region_map(&start.space, &request, &address) != 0)
		return KERN_RESOURCE_SHORTAGE;
	*block = (struct vector_thread *)address;
	(*block)->self = *block;
	(*block)->send_bound = VECTOR_SEND_UNBOUND;
	(*block)->id = atomic_fetch_add(&start.last_tid, 1) + 1;
	return KERN_SUCCESS;
}

/* The new thread goes on where the caller's call returns, with 0 in eax and its own stack. */
static kern_return_t set_registers(
	mach_port_t thread, const struct vector_registers *registers, int has_tls)
{
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
	kern_return_t result;

	result = thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, &count);
	if (result != KERN_SUCCESS)
		return result;
	state.eax = 0;
	state.ebx = registers->ebx;
	state.ecx = registers->ecx;
	state.edx = registers->edx;
	state.esi = registers->esi;
	state.edi = registers->edi;
	state.ebp = registers->ebp;
	state.eip = registers->return_address;
	state.uesp = registers->ecx;
	state.fs = VECTOR_FS_SELECTOR;
	state.gs = has_tls ? VECTOR_GS_SELECTOR : 0;
	return thread_set_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, count);
}

int vector_clone(const struct vector_registers *registers)
{
	const uint32_t needed = CLONE_VM | CLONE_THREAD;
	uint32_t flags = registers->ebx;
	uint32_t *parent_tid = (uint32_t *)registers->edx, *child_tid = (uint32_t *)registers->edi;
	struct vector_thread *block = NULL;
	mach_port_t thread = MACH_PORT_NULL;
	kern_return_t result;
	int tid;

	/* Servers do not fork. */
	if ((flags & needed) != needed || registers->ecx == 0)
		return -ENOSYS;
	result = make_block(&block);
	if (result == KERN_SUCCESS)
		result = thread_create(vector_task.task, &thread);
	if (result == KERN_SUCCESS)
		result = vector_set_segment(
			thread, VECTOR_FS_SELECTOR, (uint32_t)block, START_BLOCK_SIZE - 1, 0);
	if (result == KERN_SUCCESS && flags & CLONE_SETTLS)
		result = set_tls(thread, (const struct user_desc *)registers->esi);
	if (result == KERN_SUCCESS)
		result = set_registers(thread, registers, flags & CLONE_SETTLS);
	if (result == KERN_SUCCESS) {
		block->port = thread;
		tid = (int)block->id;
		if (flags & CLONE_PARENT_SETTID)
			*parent_tid = block->id;
		if (flags & CLONE_CHILD_SETTID)
			*child_tid = block->id;
		if (flags & CLONE_CHILD_CLEARTID)
			block->clear_tid = child_tid;
		atomic_fetch_add(&start.threads, 1);
		/* From here on the block is the new thread's. */
		result = thread_resume(thread);
		if (result == KERN_SUCCESS)
			return tid;
		atomic_fetch_sub(&start.threads, 1);
	}
	if (thread != MACH_PORT_NULL) {
		(void)thread_terminate(thread);
		(void)mach_port_deallocate(vector_task.task, thread);
	}
	if (block != NULL)
		(void)region_unmap(&start.space, (uint32_t)block, START_BLOCK_SIZE);
	return -EAGAIN;
}

void vector_exit_thread(void)
{
	/* The first thread's block is not a whole page; its stack stays, nobody reuses it. */
	static char first_stack[2048] __attribute__((aligned(16)));
	struct vector_thread *thread = vector_thread();

	if (atomic_fetch_sub(&start.threads, 1) == 1)
		vector_exit_task();
	if (thread->id == 1)
		vector_leave(first_stack + sizeof first_stack);
	vector_leave((char *)thread + START_BLOCK_SIZE);
}

/* On the stack of the thread block, which goes together with the thread. */
void vector_thread_end(void)
{
	struct vector_thread *thread = vector_thread();
	_Atomic uint32_t *clear_tid = (_Atomic uint32_t *)thread->clear_tid;
	int has_block = thread->id != 1;

	if (clear_tid != NULL) {
		atomic_store(clear_tid, 0);
		(void)futex_wake(&start.futexes, clear_tid, INT32_MAX, FUTEX_ANY);
	}
	for (;;)
		(void)thread_terminate_release(thread->port, vector_task.task, thread->port,
			thread->reply_port, has_block ? (vm_address_t)thread : 0,
			has_block ? START_BLOCK_SIZE : 0);
}
