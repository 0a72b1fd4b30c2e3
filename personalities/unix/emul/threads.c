/* Thread blocks, ids, clone. */
#include <asm/errno.h>
#include <mach/kern_return.h>
#include <mach/thread_status.h>

#include "calls.h"
#include "emul.h"
#include "files.h"
#include "futexes.h"
#include "gnumach.h"
#include "mach.h"
#include "mach/traps.h"
#include "mach_i386.h"
#include "mach_port.h"
#include "threads.h"
#include "view.h"

#define CLONE_VM 0x100u
#define CLONE_VFORK 0x4000u
#define CLONE_THREAD 0x10000u
#define CLONE_SETTLS 0x80000u
#define CLONE_PARENT_SETTID 0x100000u
#define CLONE_CHILD_CLEARTID 0x200000u
#define CLONE_CHILD_SETTID 0x1000000u

struct emul_lock threads_lock;
struct emul_thread *threads_first;
struct emul_thread *threads_service;
static struct emul_thread *dead_blocks; /* threads_lock; of threads that ended or are ending */

/* A thread's id is the pid with a number above: the main thread's is 0.  They come around, like pids, so that an id is
 * not another thread's at once; all ids stay below the bits of a robust lock's word that are not the owner's. */
#define NUMBER_SHIFT 16
#define NUMBERS (1u << (30 - NUMBER_SHIFT))
static uint32_t numbers[NUMBERS / 32]; /* threads_lock: a bit for each that is in use */
static uint32_t last_number;

static void drop_receive_right(mach_port_t port)
{
	if (port)
		(void)mach_port_mod_refs(EMUL_PORT_TASK, port, MACH_PORT_RIGHT_RECEIVE, -1);
}

/* A thread cannot give up its own reply port and block: whoever reuses the block does it. */
struct emul_thread *threads_allocate(void)
{
	struct emul_thread *thread, **link;
	mach_port_type_t type;

	/* A block can be used again when its kernel thread is gone. */
	emul_lock(&threads_lock);
	for (link = &dead_blocks; (thread = *link) != NULL; link = &thread->next) {
		if (mach_port_type(EMUL_PORT_TASK, thread->vector.port, &type) ||
			(type & MACH_PORT_TYPE_DEAD_NAME)) {
			*link = thread->next;
			break;
		}
	}
	emul_unlock(&threads_lock);
	if (thread) {
		(void)mach_port_destroy(EMUL_PORT_TASK, thread->vector.port);
		drop_receive_right(thread->vector.reply_port);
		drop_receive_right(thread->poll_port);
		memset(thread, 0, sizeof *thread);
	} else {
		thread = emul_memory_allocate(EMUL_STACK_SIZE, 0);
		if (!thread)
			return NULL;
	}
	thread->vector.self = &thread->vector;
	thread->vector.send_bound = VECTOR_SEND_UNBOUND;
	thread->stack_top = (uint32_t)thread + EMUL_STACK_SIZE;
	return thread;
}

int threads_add(struct emul_thread *thread, const struct emul_thread *creator)
{
	int may;

	emul_lock(&threads_lock);
	may = !creator || !creator->ending;
	if (may) {
		thread->next = threads_first;
		threads_first = thread;
		if (creator)
			view_add_thread(thread->vector.id, thread->vector.port);
	}
	emul_unlock(&threads_lock);
	return may;
}

static int is_taken(uint32_t number)
{
	return numbers[number / 32] >> number % 32 & 1;
}

/* An id for `thread`; 0: there are no more. */
static int give_id(struct emul_thread *thread)
{
	uint32_t number, tries;

	emul_lock(&threads_lock);
	number = last_number;
	for (tries = 1; tries < NUMBERS; tries++) {
		number = number + 1 < NUMBERS ? number + 1 : 1;
		if (!is_taken(number))
			break;
	}
	if (tries < NUMBERS) {
		last_number = number;
		numbers[number / 32] |= 1u << number % 32;
		thread->vector.id = (uint32_t)emul_process.pid + (number << NUMBER_SHIFT);
	}
	emul_unlock(&threads_lock);
	return tries < NUMBERS;
}

/* Lock held. */
static void free_id(const struct emul_thread *thread)
{
	uint32_t number = thread->vector.id >> NUMBER_SHIFT;

	numbers[number / 32] &= ~(1u << number % 32);
}

void threads_remove(struct emul_thread *thread)
{
	struct emul_thread **link = &threads_first;

	while (*link && *link != thread)
		link = &(*link)->next;
	if (*link)
		*link = thread->next;
	free_id(thread);
	view_remove_thread(thread->vector.id);
	thread->next = dead_blocks;
	dead_blocks = thread;
}

void threads_become_main(void)
{
	struct emul_thread *self = emul_self();

	memset(numbers, 0, sizeof numbers);
	self->vector.id = (uint32_t)emul_process.pid;
	view_only_thread(self->vector.id, self->vector.port);
}

struct emul_thread *threads_find(mach_port_t port)
{
	struct emul_thread *thread;

	emul_lock(&threads_lock);
	for (thread = threads_first; thread; thread = thread->next)
		if (thread->vector.port == port)
			break;
	emul_unlock(&threads_lock);
	return thread;
}

kern_return_t threads_set_segments(mach_port_t port, const struct emul_thread *thread)
{
	kern_return_t kr;

	kr = vector_set_segment(port, VECTOR_FS_SELECTOR, (uint32_t)thread, 0xfffff, 1);
	if (!kr && thread->gs_used)
		kr = vector_set_segment(port, VECTOR_GS_SELECTOR, thread->gs_info[1], 0xfffff, 1);
	return kr;
}

kern_return_t threads_set_registers(mach_port_t port, const struct emul_state *s, int with_gs)
{
	struct i386_thread_state registers;
	uint32_t cs, ds;

	asm volatile("movl %%cs, %0; movl %%ds, %1" : "=r"(cs), "=r"(ds));
	memset(&registers, 0, sizeof registers);
	registers.gs = with_gs ? VECTOR_GS_SELECTOR : 0;
	registers.fs = VECTOR_FS_SELECTOR;
	registers.es = registers.ds = registers.ss = ds & 0xffff;
	registers.cs = cs & 0xffff;
	registers.eax = s->eax;
	registers.ebx = s->ebx;
	registers.ecx = s->ecx;
	registers.edx = s->edx;
	registers.esi = s->esi;
	registers.edi = s->edi;
	registers.ebp = s->ebp;
	registers.uesp = s->esp;
	registers.eip = s->eip;
	registers.efl = 0x202;
	return thread_set_state(
		port, i386_REGS_SEGS_STATE, (thread_state_t)&registers, i386_THREAD_STATE_COUNT);
}

/* struct user_desc of set_thread_area(2): entry_number, base_addr, limit, flags. */
static long set_tls(mach_port_t port, struct emul_thread *thread, uint32_t *desc)
{
	uint32_t info[4];

	if (emul_copy(info, desc, sizeof info))
		return -EFAULT;
	if (info[0] != ~0u && info[0] != VECTOR_GS_SELECTOR >> 3)
		return -EINVAL;
	memcpy(thread->gs_info, info, sizeof info);
	thread->gs_info[0] = VECTOR_GS_SELECTOR >> 3;
	thread->gs_used = 1;
	if (port && vector_set_segment(port, VECTOR_GS_SELECTOR, info[1], 0xfffff, 1))
		return -EINVAL;
	return emul_copy(desc, thread->gs_info, sizeof desc[0]) ? -EFAULT : 0;
}

long sys_set_thread_area(const uint32_t *a)
{
	struct emul_thread *self = emul_self();

	return set_tls(self->vector.port, self, (uint32_t *)a[0]);
}

long sys_get_thread_area(const uint32_t *a)
{
	struct emul_thread *self = emul_self();
	uint32_t *desc = (uint32_t *)a[0];

	if (desc[0] != VECTOR_GS_SELECTOR >> 3)
		return -EINVAL;
	memcpy(desc, self->gs_info, sizeof self->gs_info);
	return 0;
}

long sys_gettid(const uint32_t *a)
{
	(void)a;
	return (long)emul_self()->vector.id;
}

long sys_set_tid_address(const uint32_t *a)
{
	emul_self()->vector.clear_tid = (uint32_t *)a[0];
	return (long)emul_self()->vector.id;
}

long sys_set_robust_list(const uint32_t *a)
{
	if (a[1] != 12)
		return -EINVAL;
	emul_self()->robust_list = a[0];
	return 0;
}

long sys_get_robust_list(const uint32_t *a)
{
	if (a[0] && a[0] != emul_self()->vector.id)
		return -ESRCH;
	*(uint32_t *)a[1] = emul_self()->robust_list;
	*(uint32_t *)a[2] = 12;
	return 0;
}

/* Restartable sequences are not offered. glibc asks for them in each thread and does without: nothing that the log
 * need tell. */
long sys_rseq(const uint32_t *a)
{
	(void)a;
	return -ENOSYS;
}

void threads_return_registers(struct emul_state *s, const uint32_t *a)
{
	struct emul_thread *self = emul_self();

	if (self->entry) {
		*s = self->state;
	} else {
		s->ebx = a[0];
		s->ecx = a[1];
		s->edx = a[2];
		s->esi = a[3];
		s->edi = a[4];
		s->ebp = a[5];
		s->eip = *(const uint32_t *)self->user_esp;
		s->esp = self->user_esp + 4;
	}
	s->eax = 0;
}

static void drop_unborn(struct emul_thread *thread)
{
	(void)thread_terminate(thread->vector.port);
	(void)mach_port_destroy(EMUL_PORT_TASK, thread->vector.port);
	emul_lock(&threads_lock);
	if (thread->vector.id)
		free_id(thread);
	emul_unlock(&threads_lock);
	emul_memory_free(thread, EMUL_STACK_SIZE);
}

/* A thread of this process (CLONE_VM | CLONE_THREAD). */
static long clone_thread(const uint32_t *a)
{
	struct emul_thread *self = emul_self(), *thread;
	uint32_t flags = a[0], stack = a[1];
	struct emul_state registers;
	kern_return_t kr;
	long result;

	threads_return_registers(&registers, a);
	if (stack)
		registers.esp = stack;
	thread = threads_allocate();
	if (!thread)
		return -ENOMEM;
	kr = thread_create(EMUL_PORT_TASK, &thread->vector.port);
	if (kr) {
		emul_memory_free(thread, EMUL_STACK_SIZE);
		return -EAGAIN;
	}
	thread->gs_used = self->gs_used;
	memcpy(thread->gs_info, self->gs_info, sizeof thread->gs_info);
	thread->signal_mask = self->signal_mask;
	result = give_id(thread) ? 0 : -EAGAIN;
	if (!result && (flags & CLONE_SETTLS))
		result = set_tls(MACH_PORT_NULL, thread, (uint32_t *)a[3]);
	if (!result && threads_set_segments(thread->vector.port, thread))
		result = -EAGAIN;
	if (!result && threads_set_registers(thread->vector.port, &registers, (int)thread->gs_used))
		result = -EAGAIN;
	if (result) {
		drop_unborn(thread);
		return result;
	}
	if (flags & CLONE_CHILD_CLEARTID)
		thread->vector.clear_tid = (uint32_t *)a[4];
	/* As on Linux, nobody is told of a bad pointer. */
	if (flags & CLONE_PARENT_SETTID)
		(void)emul_copy((void *)a[2], &thread->vector.id, sizeof thread->vector.id);
	if (flags & CLONE_CHILD_SETTID)
		(void)emul_copy((void *)a[4], &thread->vector.id, sizeof thread->vector.id);
	result = (long)thread->vector.id;
	if (!threads_add(thread, self)) {
		drop_unborn(thread);
		return -EAGAIN;
	}
	(void)thread_resume(thread->vector.port);
	return result;
}

/* struct clone_args: nine 64-bit words; flags, pidfd, child_tid, parent_tid, exit_signal, stack,
 * stack_size, tls, set_tid. */
long sys_clone3(const uint32_t *a)
{
	uint64_t args[9] = { 0 };
	uint32_t old[6] = { 0 };

	if (a[1] < 64)
		return -EINVAL;
	memcpy(args, (const void *)a[0], a[1] < sizeof args ? a[1] : sizeof args);
	if (args[0] >> 32 || args[8])
		return -EINVAL;
	old[0] = (uint32_t)args[0] | (uint32_t)args[4];
	old[1] = args[5] ? (uint32_t)(args[5] + args[6]) : 0;
	old[2] = (uint32_t)args[3];
	old[3] = (uint32_t)args[7];
	old[4] = (uint32_t)args[2];
	old[5] = a[5];
	return sys_clone(old);
}

long sys_clone(const uint32_t *a)
{
	uint32_t flags = a[0];

	if ((flags & (CLONE_VM | CLONE_THREAD)) == (CLONE_VM | CLONE_THREAD))
		return clone_thread(a);
	if (flags & CLONE_THREAD)
		return -EINVAL;
	return emul_fork(a, flags, a[1]);
}

void threads_fork_child(void)
{
	struct emul_thread *self = emul_self();

	threads_lock.word = 0;
	threads_first = self;
	self->next = NULL;
	dead_blocks = NULL; /* their ports are the parent's; the memory stays unused */
	self->vector.port = EMUL_PORT_THREAD;
	self->vector.reply_port = MACH_PORT_NULL;
	self->poll_port = MACH_PORT_NULL;
	threads_become_main();
	self->robust_list = 0;
	self->nudge = 0;
}

struct emul_thread *threads_find_id(uint32_t tid)
{
	struct emul_thread *thread;

	emul_lock(&threads_lock);
	for (thread = threads_first; thread; thread = thread->next)
		if (thread->vector.id == tid)
			break;
	emul_unlock(&threads_lock);
	return thread;
}

long sys_sched_yield(const uint32_t *a)
{
	(void)a;
	trap_swtch_pri(0);
	return 0;
}
