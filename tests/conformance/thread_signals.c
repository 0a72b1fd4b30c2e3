/* Signals to a process that has several threads. */
#include "thread.h"

#include <sys/time.h>

static volatile sig_atomic_t caught;
static volatile pid_t caught_by;

static void note_thread(int number)
{
	(void)number;
	caught_by = thread_id();
	caught++;
}

struct sleeper {
	struct gate ready;
	volatile pid_t id;
	int blocks;
};

static void *sleep_in_pause(void *argument)
{
	struct sleeper *sleeper = argument;
	sigset_t set = set_of(SIGUSR1);

	EQUAL(pthread_sigmask(sleeper->blocks ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL), 0);
	sleeper->id = thread_id();
	gate_open(sleeper->ready);
	for (;;)
		pause();
	return NULL;
}

CASE(signal_to_one_thread)
{
	struct sleeper sleepers[2] = { { gate_new(), 0, 0 }, { gate_new(), 0, 0 } };
	pthread_t threads[2];

	set_handler(SIGUSR1, note_thread, 0);
	for (int i = 0; i < 2; i++) {
		threads[i] = start(sleep_in_pause, &sleepers[i]);
		gate_pass(sleepers[i].ready);
	}
	for (int i = 0; i < 6; i++) {
		EQUAL(pthread_kill(threads[i % 2], SIGUSR1), 0);
		EVENTUALLY(caught == i + 1);
		EQUAL(caught_by, sleepers[i % 2].id);
	}
	EQUAL(pthread_kill(pthread_self(), SIGUSR1), 0);
	EQUAL(caught, 7);
	EQUAL(caught_by, getpid());
}

CASE(process_signal_goes_to_a_thread_that_takes_it)
{
	struct sleeper closed = { gate_new(), 0, 1 }, open_one = { gate_new(), 0, 0 };
	sigset_t set = set_of(SIGUSR1);

	set_handler(SIGUSR1, note_thread, 0);
	EQUAL(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	start(sleep_in_pause, &closed);
	start(sleep_in_pause, &open_one);
	gate_pass(closed.ready);
	gate_pass(open_one.ready);
	OK(kill(getpid(), SIGUSR1));
	EVENTUALLY(caught == 1);
	EQUAL(caught_by, open_one.id);
}

CASE(process_signal_pends_until_someone_takes_it)
{
	struct sleeper closed = { gate_new(), 0, 1 };
	sigset_t set = set_of(SIGUSR1), pending;

	set_handler(SIGUSR1, note_thread, 0);
	EQUAL(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	start(sleep_in_pause, &closed);
	gate_pass(closed.ready);
	OK(kill(getpid(), SIGUSR1));
	nap(20);
	EQUAL(caught, 0);
	OK(sigpending(&pending));
	EQUAL(sigismember(&pending, SIGUSR1), 1);
	EQUAL(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
	EQUAL(caught, 1);
	EQUAL(caught_by, getpid());
}

static void *take_signals(void *argument)
{
	sigset_t set = set_of(SIGUSR1);
	int number;

	for (int i = 0; i < 100; i++) {
		EQUAL(sigwait(&set, &number), 0);
		gate_open(*(struct gate *)argument);
	}
	return NULL;
}

CASE(thread_that_waits_for_signals)
{
	sigset_t set = set_of(SIGUSR1);
	struct gate gate = gate_new();
	pthread_t thread;

	EQUAL(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	thread = start(take_signals, &gate);
	for (int i = 0; i < 100; i++) {
		OK(kill(getpid(), SIGUSR1));
		gate_pass(gate);
	}
	join(thread);
}

static void *note_mask(void *argument)
{
	EQUAL(pthread_sigmask(SIG_BLOCK, NULL, argument), 0);
	return NULL;
}

CASE(mask_is_each_threads_own_and_inherited)
{
	sigset_t set = set_of(SIGUSR2), got;
	pthread_t thread;

	EQUAL(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	thread = start(note_mask, &got);
	EQUAL(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
	join(thread);
	EQUAL(sigismember(&got, SIGUSR2), 1);
	join(start(note_mask, &got));
	EQUAL(sigismember(&got, SIGUSR2), 0);
}

static void *busy(void *argument)
{
	for (volatile int i = 0; caught < 20; i++)
		;
	return argument;
}

static pthread_barrier_t barrier;

/* Ignores the signal for a while and wants it in the end. */
static void *change_action(void *argument)
{
	int number = (int)(intptr_t)argument;

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 40; i++) {
		set_handler(number, SIG_IGN, 0);
		if (i % 8 == 0)
			sched_yield();
		set_handler(number, note_thread, 0);
	}
	return NULL;
}

CASE(actions_changed_by_two_threads)
{
	for (int i = 0; i < 10; i++) {
		pthread_t threads[2];
		pid_t child;

		EQUAL(pthread_barrier_init(&barrier, NULL, 2), 0);
		threads[0] = start(change_action, (void *)SIGUSR1);
		threads[1] = start(change_action, (void *)SIGUSR2);
		for (int j = 0; j < 2; j++)
			join(threads[j]);
		caught = 0;
		child = OK(fork());
		if (child == 0) {
			OK(kill(getppid(), SIGUSR1));
			OK(kill(getppid(), SIGUSR2));
			_exit(0);
		}
		EXITS(child, 0);
		EVENTUALLY(caught == 2);
	}
}

CASE(timer_signals_to_a_busy_process)
{
	struct itimerval timer = { { 0, 5000 }, { 0, 5000 } };
	pthread_t threads[3];

	set_handler(SIGALRM, note_thread, SA_RESTART);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	for (int i = 0; i < 3; i++)
		threads[i] = start(busy, NULL);
	for (int i = 0; i < 3; i++)
		join(threads[i]);
}
