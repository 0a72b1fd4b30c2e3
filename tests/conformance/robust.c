/* Robust mutexes between processes: who takes one whose owner is gone is told. */
#include "thread.h"

#include <sys/mman.h>

static struct shared {
	pthread_mutex_t mutex;
	int waits;
} * shared;

static void make_robust(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attributes;

	EQUAL(pthread_mutexattr_init(&attributes), 0);
	EQUAL(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
	EQUAL(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST), 0);
	EQUAL(pthread_mutex_init(mutex, &attributes), 0);
}

static void make_shared(void)
{
	shared = OK(mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	make_robust(&shared->mutex);
}

static void *lock_and_end(void *argument)
{
	EQUAL(pthread_mutex_lock(&shared->mutex), 0);
	gate_open(*(struct gate *)argument);
	nap(200);
	return argument;
}

static void *lock_and_stay(void *argument)
{
	EQUAL(pthread_mutex_lock(&shared->mutex), 0);
	gate_open(*(struct gate *)argument);
	return wait_for_ever(NULL);
}

/* A process that waits for the mutex and must be told of its owner's end. */
static pid_t start_waiter(void)
{
	pid_t child = OK(fork());

	if (child == 0) {
		struct timespec until;

		OK(clock_gettime(CLOCK_REALTIME, &until));
		until.tv_sec += 10;
		__atomic_store_n(&shared->waits, 1, __ATOMIC_SEQ_CST);
		EQUAL(pthread_mutex_timedlock(&shared->mutex, &until), EOWNERDEAD);
		EQUAL(pthread_mutex_consistent(&shared->mutex), 0);
		EQUAL(pthread_mutex_unlock(&shared->mutex), 0);
		_exit(0);
	}
	EVENTUALLY(__atomic_load_n(&shared->waits, __ATOMIC_SEQ_CST));
	nap(50);
	return child;
}

/* The owner is made by `owner` and goes once the gate is passed and somebody waits. */
static void check_owner(void (*owner)(struct gate *gate, struct gate *go), int signal)
{
	struct gate gate = gate_new(), go = gate_new();
	pid_t child, waiter;

	make_shared();
	child = OK(fork());
	if (child == 0) {
		owner(&gate, &go);
		_exit(1);
	}
	gate_pass(gate);
	waiter = start_waiter();
	gate_open(go);
	if (signal)
		DIES(child, signal);
	else
		EXITS(child, 7);
	EXITS(waiter, 0);
}

CASE(owner_thread_ends)
{
	struct gate gate = gate_new();
	pthread_t thread;
	pid_t waiter;

	make_shared();
	thread = start(lock_and_end, &gate);
	gate_pass(gate);
	waiter = start_waiter();
	join(thread);
	EXITS(waiter, 0);
}

static void exits(struct gate *gate, struct gate *go)
{
	EQUAL(pthread_mutex_lock(&shared->mutex), 0);
	gate_open(*gate);
	gate_pass(*go);
	_exit(7);
}

CASE(owner_process_exits)
{
	check_owner(exits, 0);
}

static void last_ends(struct gate *gate, struct gate *go)
{
	EQUAL(pthread_mutex_lock(&shared->mutex), 0);
	gate_open(*gate);
	gate_pass(*go);
	syscall(SYS_exit, 7);
}

CASE(last_thread_is_the_owner)
{
	check_owner(last_ends, 0);
}

static void thread_owns(struct gate *gate, struct gate *go)
{
	start(lock_and_stay, gate);
	gate_pass(*go);
	_exit(7);
}

CASE(process_of_the_owner_exits)
{
	check_owner(thread_owns, 0);
}

static void thread_owns_and_exec(struct gate *gate, struct gate *go)
{
	start(lock_and_stay, gate);
	gate_pass(*go);
	execl("/bin/sh", "sh", "-c", "exit 7", NULL);
}

CASE(process_of_the_owner_execs)
{
	check_owner(thread_owns_and_exec, 0);
}

static void owner_execs(struct gate *gate, struct gate *go)
{
	EQUAL(pthread_mutex_lock(&shared->mutex), 0);
	gate_open(*gate);
	gate_pass(*go);
	execl("/bin/sh", "sh", "-c", "exit 7", NULL);
}

CASE(owner_execs_itself)
{
	check_owner(owner_execs, 0);
}

static void terminated(struct gate *gate, struct gate *go)
{
	start(lock_and_stay, gate);
	gate_pass(*go);
	raise(SIGTERM);
}

CASE(signal_kills_the_owner)
{
	check_owner(terminated, SIGTERM);
}

static void crashes(struct gate *gate, struct gate *go)
{
	volatile uintptr_t nowhere = 8;

	EQUAL(pthread_mutex_lock(&shared->mutex), 0);
	gate_open(*gate);
	gate_pass(*go);
	*(volatile int *)nowhere = 1;
}

CASE(owner_crashes)
{
	check_owner(crashes, SIGSEGV);
}

static void killed(struct gate *gate, struct gate *go)
{
	EQUAL(pthread_mutex_lock(&shared->mutex), 0);
	gate_open(*gate);
	gate_pass(*go);
	raise(SIGKILL);
}

CASE(owner_is_killed)
{
	check_owner(killed, SIGKILL);
}

struct robust_head {
	void *first;
	long offset;
	void *pending;
};

/* Between taking a lock and entering it in the list, an owner has only named it as pending. */
static void *end_with_pending(void *argument)
{
	static struct robust_head head;
	static struct {
		void *next;
		int word;
	} entry;

	head = (struct robust_head){ &head, 4, &entry };
	entry.word = thread_id();
	OK(syscall(SYS_set_robust_list, &head, sizeof head));
	*(volatile int **)argument = &entry.word;
	for (;;)
		syscall(SYS_exit, 0);
	return NULL;
}

CASE(pending_lock)
{
	volatile int *word = NULL;

	start(end_with_pending, &word);
	EVENTUALLY(*(int *volatile *)&word && *word == 0x40000000);
}
