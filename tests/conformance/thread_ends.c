/* The ends of threads: several at once, the status they leave, exec among them, what becomes of their ids. */
#include "thread.h"

#include <sys/mman.h>

#define THREADS 17000 /* more than there are thread ids of one process in Masix */
#define ROUNDS 10
#define PAGE 4096

/* What the kernel knows of a list of robust locks: the first entry, where each one's word is, one that changes. */
struct robust_head {
	const void *first;
	long offset;
	void *pending;
};

static pthread_barrier_t barrier;

static void *end_with_list(void *list)
{
	OK(syscall(SYS_set_robust_list, list, sizeof(struct robust_head)));
	pthread_barrier_wait(&barrier);
	syscall(SYS_exit, 3);
	return list;
}

/* The end of each takes a while: the first entry of its list (all zero: there is no next) must come from a file. */
CASE(two_threads_end_together)
{
	int fd = OK(open("zeros", O_RDWR | O_CREAT, 0644));
	const char *zeros;

	OK(ftruncate(fd, ROUNDS * 2 * PAGE));
	zeros = OK(mmap(NULL, ROUNDS * 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
	for (int i = 0; i < ROUNDS; i++) {
		struct robust_head heads[2] = { { zeros + 2 * i * PAGE, 4, NULL },
			{ zeros + (2 * i + 1) * PAGE, 4, NULL } };
		pid_t child = OK(fork());

		if (child == 0) {
			EQUAL(pthread_barrier_init(&barrier, NULL, 2), 0);
			start(end_with_list, &heads[0]);
			end_with_list(&heads[1]);
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

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void *wait_for_condition(void *argument)
{
	pthread_mutex_lock(&mutex);
	for (;;)
		pthread_cond_wait(&never, &mutex);
	return argument;
}

static void *read_pipe(void *argument)
{
	char byte;

	(void)!read(*(int *)argument, &byte, 1);
	return argument;
}

static void *open_and_close(void *argument)
{
	char buffer[3000];

	for (;;) {
		int fd = OK(open(check_self, O_RDONLY | O_CLOEXEC));

		for (int i = 0; i < 5; i++)
			OK(pread(fd, buffer, sizeof buffer, 4000 * i));
		OK(close(fd));
	}
	return argument;
}

static void *map_and_unmap(void *argument)
{
	int fd = OK(open(check_self, O_RDONLY | O_CLOEXEC));

	for (;;) {
		void *area = OK(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0));

		OK(munmap(area, 8192));
	}
	return argument;
}

static void *lock_and_unlock(void *argument)
{
	static pthread_mutex_t contended = PTHREAD_MUTEX_INITIALIZER;
	struct itimerspec off = { 0 };
	timer_t timer;

	for (;;) {
		pthread_mutex_lock(&contended);
		sched_yield();
		pthread_mutex_unlock(&contended);
		OK(timer_create(CLOCK_MONOTONIC, NULL, &timer));
		OK(timer_settime(timer, 0, &off, NULL));
		OK(timer_delete(timer));
	}
	return argument;
}

static void *take_turns(void *argument)
{
	static int taken;
	struct timespec until;

	for (int i = 0; i < 50; i++) {
		OK(clock_gettime(CLOCK_REALTIME, &until));
		until.tv_sec += 20;
		pthread_mutex_lock(&mutex);
		taken++;
		pthread_cond_broadcast(&never);
		while (taken < 2 * (i + 1))
			EQUAL(pthread_cond_timedwait(&never, &mutex, &until), 0);
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

/* The new program: is everything there in working order? */
ROLE(after_exec)
{
	pthread_t threads[2];
	struct stat info;
	timer_t timer;
	int used = 0;
	pid_t child;
	void *area;

	EQUAL(getpid(), thread_id());
	for (int i = 0; i < 2; i++)
		threads[i] = start(take_turns, NULL);
	for (int i = 0; i < 2; i++)
		join(threads[i]);
	for (int fd = 3; fd < 50; fd++)
		used += fstat(fd, &info) == 0;
	EQUAL(used, 1); /* the lead's end of the pipe */
	make_file("file", "abc", 3);
	OK(unlink("file"));
	area = OK(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	OK(munmap(area, 8192));
	OK(timer_create(CLOCK_MONOTONIC, NULL, &timer));
	child = OK(fork());
	if (child == 0)
		_exit(3);
	EXITS(child, 3);
	return 41;
}

static void *exec_here(void *argument)
{
	execl(check_self, check_self, "+after_exec", NULL);
	return argument;
}

CASE(exec_while_others_work)
{
	for (int i = 0; i < 12; i++) {
		int ends[2], alive[2];
		pid_t child;
		char byte;

		OK(pipe(alive));
		child = OK(fork());
		if (child == 0) {
			OK(close(alive[0]));
			OK(pipe2(ends, O_CLOEXEC));
			start(wait_for_condition, NULL);
			start(wait_for_condition, NULL);
			start(read_pipe, &ends[0]);
			start(open_and_close, NULL);
			start(map_and_unmap, NULL);
			start(map_and_unmap, NULL);
			start(lock_and_unlock, NULL);
			start(lock_and_unlock, NULL);
			nap(20 + i);
			if (i % 2)
				exec_here(NULL);
			else
				join(start(exec_here, NULL));
		}
		OK(close(alive[1]));
		EXITS(child, 41);
		EQUAL(read(alive[0], &byte, 1), 0);
		OK(close(alive[0]));
	}
}

/* exec closes what is close-on-exec, whoever uses it. */
CASE(exec_closes_what_others_read)
{
	int ends[2], back[2], kept[2];
	pid_t child;
	char byte;

	OK(pipe2(ends, O_CLOEXEC));
	OK(pipe2(back, O_CLOEXEC));
	OK(pipe(kept));
	child = OK(fork());
	if (child == 0) {
		OK(close(ends[1]));
		OK(close(back[1]));
		OK(dup2(kept[1], 1));
		start(read_pipe, &ends[0]);
		start(read_pipe, &back[0]);
		nap(50);
		execl("/bin/sh", "sh", "-c", "echo; exec sleep 20", NULL);
	}
	OK(close(ends[0]));
	OK(close(back[0]));
	set_handler(SIGPIPE, SIG_IGN, 0);
	EQUAL(read(kept[0], &byte, 1), 1);
	EVENTUALLY(write(ends[1], "x", 1) == -1 && errno == EPIPE);
	EVENTUALLY(write(back[1], "x", 1) == -1 && errno == EPIPE);
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
}

CASE(two_execs_at_once)
{
	for (int i = 0; i < 10; i++) {
		int alive[2];
		pid_t child;

		OK(pipe(alive));
		child = OK(fork());
		if (child == 0) {
			OK(close(alive[0]));
			start(exec_here, NULL);
			start(exec_here, NULL);
			exec_here(NULL);
		}
		OK(close(alive[0]));
		OK(close(alive[1]));
		EXITS(child, 41);
	}
}
