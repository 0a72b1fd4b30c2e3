/* The ends of threads: several at once, the status they leave, exec among them, what becomes of their ids. */
#include "thread.h"

#include <linux/futex.h>
#include <sys/mman.h>

#define THREADS 17000 /* more than there are thread ids of one process in Masix */

/* What the kernel knows of a list of robust locks: the first entry, where each one's word is, one that changes. */
struct robust_head {
	const void *first;
	long offset;
	void *pending;
};

static struct {
	void *next;
	int word;
} lock;

static void *end_when_woken(void *argument)
{
	int owned = lock.word;

	while (__atomic_load_n(&lock.word, __ATOMIC_SEQ_CST) == owned)
		(void)syscall(SYS_futex, &lock.word, FUTEX_WAIT, owned, NULL, NULL, 0);
	syscall(SYS_exit, 3);
	return argument;
}

/* One thread's end wakes the other, whose end is over first: it has had less of the processor. */
CASE(two_threads_end_together)
{
	static struct robust_head head = { &lock, sizeof(void *), NULL };

	lock.next = &head;
	for (int i = 0; i < 5; i++) {
		pid_t child = OK(fork());

		if (child == 0) {
			long long until;

			lock.word = (int)(FUTEX_WAITERS | (unsigned)thread_id());
			start(end_when_woken, NULL);
			nap(30);
			OK(syscall(SYS_set_robust_list, &head, sizeof head));
			until = milliseconds_now() + 300;
			while (milliseconds_now() < until)
				;
			syscall(SYS_exit, 3);
		}
		EXITS(child, 3);
	}
}

static void *end_later(void *argument)
{
	nap(50);
	syscall(SYS_exit, 5);
	return argument;
}

CASE(status_is_the_last_threads)
{
	pid_t child = OK(fork());

	if (child == 0) {
		start(end_later, NULL);
		syscall(SYS_exit, 6);
	}
	EXITS(child, 5);
}

static int wrong_id;

static void *look_at_id(void *argument)
{
	pid_t id = thread_id();

	/* Two bits of a lock's word are not the owner's. */
	if (id <= 0 || id >= 1 << 30 || id == getpid())
		wrong_id = id;
	return argument;
}

CASE(ids_do_not_run_out)
{
	for (int i = 0; i < THREADS && !wrong_id; i++)
		join(start(look_at_id, NULL));
	EQUAL(wrong_id, 0);
}
