/* How threads and the process end. */
#include "calls.h"
#include "files.h"
#include "futexes.h"
#include "mach.h"
#include "process.h"
#include "signals.h"
#include "threads.h"

void emul_exit_process(int code)
{
	emul_files_exit();
	for (;;) {
		(void)process_exit(EMUL_PORT_PROCESS, code & 0xff, 0);
		emul_sleep_ms(1000); /* the server ends the task */
	}
}

long sys_exit_group(const uint32_t *a)
{
	emul_exit_process((int)a[0]);
}

/* The calling thread is no more.  It leaves the list last, since only threads in it can meet bad pointers of the
 * program; of several that end together, the one that finds nobody left ends the process. */
static void __attribute__((noreturn)) leave(int status)
{
	struct emul_thread *self = emul_self();
	uint32_t *clear = self->vector.clear_tid;
	static const uint32_t none;
	int last;

	futexes_robust_exit(self);
	if (clear && !emul_copy(clear, &none, sizeof none))
		futexes_wake(clear);
	signals_leave();
	emul_lock(&threads_lock);
	threads_remove(self);
	last = !threads_first;
	emul_unlock(&threads_lock);
	if (last)
		emul_exit_process(status);
	for (;;)
		(void)thread_terminate(self->vector.port);
}

long sys_exit(const uint32_t *a)
{
	leave((int)a[0]);
}

void threads_end_others(void)
{
	struct emul_thread *self = emul_self(), *thread;

	for (;;) {
		emul_lock(&threads_lock);
		thread = threads_first == self ? self->next : threads_first;
		if (thread)
			threads_remove(thread);
		emul_unlock(&threads_lock);
		if (!thread)
			break;
		(void)thread_terminate(thread->vector.port);
	}
	threads_become_main();
}
