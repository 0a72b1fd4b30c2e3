/* fork and exec in a process that has several threads, and what its threads share. */
#include "thread.h"

#include <sys/mman.h>

static void *keep_busy(void *argument)
{
	for (;;)
		(*(volatile int *)argument)++;
	return NULL;
}

CASE(fork_takes_only_the_caller)
{
	static volatile int counter;
	pid_t child;
	int before;

	start(keep_busy, (void *)&counter);
	start(wait_for_ever, NULL);
	EVENTUALLY(counter > 0);
	child = OK(fork());
	if (child == 0) {
		before = counter;
		nap(30);
		EQUAL(counter, before);
		EQUAL((intptr_t)join(start(add_one, (void *)1)), 2);
		_exit(0);
	}
	EXITS(child, 0);
}

static void *fork_here(void *argument)
{
	pid_t parent = getpid(), child = OK(fork());

	if (child == 0) {
		/* The only thread now, and its id is the pid. */
		EQUAL(thread_id(), getpid());
		CHECK(getpid() != parent);
		_exit(9);
	}
	EXITS(child, 9);
	return argument;
}

CASE(fork_in_threads)
{
	pthread_t threads[5];

	for (int i = 0; i < 5; i++)
		threads[i] = start(fork_here, NULL);
	for (int i = 0; i < 5; i++)
		join(threads[i]);
}

ROLE(after_exec)
{
	EQUAL(getpid(), atoi(argv[2]));
	EQUAL(thread_id(), getpid());
	nap(20);
	return 31;
}

static void *exec_here(void *argument)
{
	char number[12];

	snprintf(number, sizeof number, "%d", (int)getpid());
	execl(check_self, check_self, "+after_exec", number, NULL);
	return argument;
}

CASE(exec_ends_the_other_threads)
{
	static volatile int counter;
	pid_t child = OK(fork());

	if (child == 0) {
		start(keep_busy, (void *)&counter);
		start(wait_for_ever, NULL);
		exec_here(NULL);
	}
	EXITS(child, 31);
}

CASE(exec_in_a_thread_takes_the_pid)
{
	pid_t child = OK(fork());

	if (child == 0) {
		start(exec_here, NULL);
		wait_for_ever(NULL);
	}
	EXITS(child, 31);
}

static int shared_counter;

static void count_fork(void)
{
	shared_counter++;
}

CASE(atfork_handlers)
{
	pid_t child;

	EQUAL(pthread_atfork(count_fork, NULL, count_fork), 0);
	child = OK(fork());
	if (child == 0)
		_exit(shared_counter);
	EXITS(child, 2);
	EQUAL(shared_counter, 1);
}

CASE(mutex_shared_between_processes)
{
	struct shared {
		pthread_mutex_t mutex;
		int counter;
	} *shared = OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	pthread_mutexattr_t attributes;
	pid_t children[3];

	EQUAL(pthread_mutexattr_init(&attributes), 0);
	EQUAL(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
	EQUAL(pthread_mutex_init(&shared->mutex, &attributes), 0);
	for (int i = 0; i < 3; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			for (int j = 0; j < 5000; j++) {
				pthread_mutex_lock(&shared->mutex);
				shared->counter++;
				pthread_mutex_unlock(&shared->mutex);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < 3; i++)
		EXITS(children[i], 0);
	EQUAL(shared->counter, 15000);
}

static void *use_files(void *argument)
{
	char name[16], text[16];

	for (int i = 0; i < 50; i++) {
		int fd, length = snprintf(name, sizeof name, "f%d-%d", (int)(intptr_t)argument, i);

		fd = OK(open(name, O_RDWR | O_CREAT, 0644));
		EQUAL(write(fd, name, (size_t)length), length);
		EQUAL(pread(fd, text, sizeof text, 0), length);
		CHECK(!memcmp(text, name, (size_t)length));
		OK(close(fd));
		OK(unlink(name));
	}
	return NULL;
}

CASE(files_from_several_threads)
{
	pthread_t threads[4];

	for (intptr_t i = 0; i < 4; i++)
		threads[i] = start(use_files, (void *)i);
	for (int i = 0; i < 4; i++)
		join(threads[i]);
}

static void *use_memory(void *argument)
{
	for (int i = 0; i < 300; i++) {
		size_t size = 100 + (size_t)i * 997 % 300000;
		char *block = malloc(size), *area;

		CHECK(block);
		memset(block, i, size);
		area = OK(mmap(
			NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		area[8191] = block[size - 1];
		EQUAL((unsigned char)area[8191], i & 0xff);
		OK(munmap(area, 8192));
		free(block);
	}
	return argument;
}

CASE(memory_from_several_threads)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		threads[i] = start(use_memory, NULL);
	for (int i = 0; i < 4; i++)
		join(threads[i]);
}

static void *change_place(void *argument)
{
	OK(chdir("inner"));
	umask(077);
	return argument;
}

CASE(working_directory_and_umask_are_shared)
{
	struct stat info;

	OK(mkdir("inner", 0755));
	join(start(change_place, NULL));
	make_file("file", "", 0);
	OK(stat("../inner/file", &info));
	EQUAL(info.st_mode & 0777, 0600);
}
