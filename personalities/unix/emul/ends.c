/* How threads and the process end. */
#include <asm/errno.h>

#include "calls.h"
#include "files.h"
#include "futexes.h"
#include "mach.h"
#include "process.h"
#include "service.h"
#include "signals.h"
#include "threads.h"

#include "vector/wait.h"

static struct emul_thread *remains;    /* threads_lock: it waits for the others' end */
static _Atomic uint32_t ended;	       /* threads so far */
static volatile uint32_t process_ends; /* a thread sees to it */

/* The process ends by the calling thread, of which there is one: the others run no more, and what locks they all held
 * is given up. */
static void end_threads(void)
{
	struct emul_thread *self = emul_self(), *thread;

	while (!__sync_bool_compare_and_swap(&process_ends, 0, 1))
		emul_sleep_ms(1000); /* it is over soon */
	emul_lock(&threads_lock);
	for (thread = threads_first; thread; thread = thread->next)
		if (thread != self)
			(void)thread_terminate(thread->vector.port);
	emul_unlock(&threads_lock);
	for (thread = threads_first; thread; thread = thread->next)
		futexes_robust_exit(thread, 1);
}

void threads_end_process(int code, int signal)
{
	/* The service thread must not meet bad pointers. */
	if (emul_self() != threads_service)
		end_threads();
	emul_files_exit();
	for (;;) {
		(void)process_exit(EMUL_PORT_PROCESS, code & 0xff, signal);
		emul_sleep_ms(1000); /* the server ends the task */
	}
}

void emul_exit_process(int code)
{
	threads_end_process(code, 0);
}

long sys_exit_group(const uint32_t *a)
{
	emul_exit_process((int)a[0]);
}

void threads_leave(int status)
{
	struct emul_thread *self = emul_self();
	uint32_t *clear = self->vector.clear_tid;
	static const uint32_t none;
	int last, is_awaited;

	futexes_robust_exit(self, 0);
	if (clear && !emul_copy(clear, &none, sizeof none))
		futexes_wake(clear);
	signals_leave();
	emul_lock(&threads_lock);
	threads_remove(self);
	last = !threads_first;
	is_awaited = remains != NULL;
	emul_unlock(&threads_lock);
	if (last)
		emul_exit_process(status);
	ended++;
	if (is_awaited)
		vector_wake(&ended);
	for (;;)
		(void)thread_terminate(self->vector.port);
}

long sys_exit(const uint32_t *a)
{
	threads_leave((int)a[0]);
}

static int is_alone(const struct emul_thread *self)
{
	int alone;

	emul_lock(&threads_lock);
	alone = threads_first == self && !self->next;
	emul_unlock(&threads_lock);
	return alone;
}

/* 0: another thread has begun it. */
static int begin_ending(struct emul_thread *self)
{
	struct emul_thread *thread;
	int first;

	signals_lock_threads();
	first = !remains;
	if (first)
		remains = self;
	for (thread = first ? threads_first : NULL; thread; thread = thread->next)
		if (thread != self)
			thread->ending = thread->signal_pending = thread->nudge = 1;
	signals_unlock_threads();
	return first;
}

int threads_end_others(void)
{
	struct emul_thread *self = emul_self();

	if (!is_alone(self)) {
		if (!begin_ending(self))
			return -EAGAIN;
		service_wake();
		for (;;) {
			uint32_t seen = ended;

			if (is_alone(self))
				break;
			(void)vector_wait(&ended, seen, VECTOR_FOREVER);
		}
		remains = NULL;
	}
	threads_become_main();
	return 0;
}
