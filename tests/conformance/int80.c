/* Programs that execute int $0x80 themselves, in every shape that an implementation might stumble over. */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/time.h>

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(number), "b"(a), "c"(b), "d"(c)
			 : "memory");
	return result;
}

/* All six arguments. */
static long call6(long number, const long arguments[6])
{
	long result;

	__asm__ volatile(
		"pushl %%ebp\n\tpushl %%ebx\n\t"
		"movl (%%edx), %%ebx\n\tmovl 4(%%edx), %%ecx\n\tmovl 12(%%edx), %%esi\n\t"
		"movl 16(%%edx), %%edi\n\tmovl 20(%%edx), %%ebp\n\tmovl 8(%%edx), %%edx\n\t"
		"int $0x80\n\tpopl %%ebx\n\tpopl %%ebp"
		: "=a"(result), "+d"(arguments)
		: "0"(number)
		: "ecx", "esi", "edi", "memory");
	return result;
}

CASE(simple_calls)
{
	EQUAL(call(SYS_getpid, 0, 0, 0), getpid());
	EQUAL(call(SYS_getppid, 0, 0, 0), getppid());
	EQUAL(call(SYS_getuid32, 0, 0, 0), getuid());
	EQUAL(call(SYS_close, 999, 0, 0), -EBADF);
	EQUAL(call(SYS_open, (long)"/no/such/file", O_RDONLY, 0), -ENOENT);
}

CASE(unknown_numbers)
{
	static const long numbers[] = { 447 + 500, 100000, 0x7fffffff, -1, -4096, (long)0x80000000,
		0x4d5800 + 0x100 };

	for (size_t i = 0; i < COUNT(numbers); i++)
		EQUAL(call(numbers[i], 0, 0, 0), -ENOSYS);
}

CASE(six_arguments)
{
	long arguments[6] = { 0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, 1 };
	char *area;

	make_file("file", "x", 1);
	arguments[4] = OK(open("file", O_RDWR));
	OK(ftruncate((int)arguments[4], 3 * 4096));
	EQUAL(pwrite((int)arguments[4], "second", 6, 4096), 6);
	area = (char *)call6(SYS_mmap2, arguments);
	CHECK((unsigned long)area < (unsigned long)-4095);
	CHECK(!memcmp(area, "second", 6));
}

/* Everything but eax comes back. */
CASE(registers_are_kept)
{
	static uint32_t got[6];

	__asm__ volatile(
		"pushal\n\t"
		"movl $20, %%eax\n\tmovl $0x11111111, %%ebx\n\tmovl $0x22222222, %%ecx\n\t"
		"movl $0x33333333, %%edx\n\tmovl $0x44444444, %%esi\n\tmovl $0x55555555, %%edi\n\t"
		"movl $0x66666666, %%ebp\n\t"
		"int $0x80\n\t"
		"pushl %%edi\n\tpushl %%eax\n\tmovl 24(%%esp), %%edi\n\t" /* edx as pushal left it: got */
		"popl %%eax\n\tmovl %%ebx, (%%edi)\n\tmovl %%ecx, 4(%%edi)\n\tmovl %%edx, "
		"8(%%edi)\n\t"
		"movl %%esi, 12(%%edi)\n\tmovl %%ebp, 16(%%edi)\n\tpopl %%eax\n\tmovl %%eax, "
		"20(%%edi)\n\t"
		"popal"
		:
		: "b"(got)
		: "memory");
	EQUAL(got[0], 0x11111111);
	EQUAL(got[1], 0x22222222);
	EQUAL(got[2], 0x33333333);
	EQUAL(got[3], 0x44444444);
	EQUAL(got[4], 0x66666666);
	EQUAL(got[5], 0x55555555);
}

CASE(flags_are_kept)
{
	uint32_t flags;

	__asm__ volatile("stc\n\tstd\n\tmovl $20, %%eax\n\tint $0x80\n\tpushfl\n\tcld\n\tpopl %0"
			 : "=r"(flags)
			 :
			 : "eax", "cc");
	EQUAL(flags & 1, 1);
	EQUAL(flags >> 10 & 1, 1);
}

CASE(floating_point_is_kept)
{
	static const uint32_t pattern[4] = { 9, 8, 7, 6 };
	uint32_t got[4];
	long result;

	__asm__ volatile("movdqu %[pattern], %%xmm2\n\tint $0x80\n\tmovdqu %%xmm2, %[got]"
			 : "=a"(result), [got] "=m"(got)
			 : "0"(SYS_getppid), [pattern] "m"(pattern));
	CHECK(!memcmp(got, pattern, sizeof got));
	EQUAL(result, getppid());
}

CASE(ten_thousand_calls_from_one_place)
{
	for (int i = 0; i < 10000; i++)
		EQUAL(call(SYS_lseek, 999, i, 0), -EBADF);
}

/* A branch that ends at the int instruction with another number in eax than the mov before it loads. */
CASE(jump_to_the_instruction)
{
	for (int i = 0; i < 6; i++) {
		long jump = i % 2, result;

		__asm__ volatile("testl %[jump], %[jump]\n\t"
				 "movl %[other], %%eax\n\t"
				 "jnz 1f\n\t"
				 "movl $20, %%eax\n"
				 "1:\tint $0x80\n\t"
				 "cmpl $-4095, %%eax\n\t"
				 : "=&a"(result)
				 : [jump] "r"(jump), [other] "i"(SYS_getppid)
				 : "cc", "memory");
		EQUAL(result, jump ? getppid() : getpid());
	}
}

CASE(data_that_looks_like_code)
{
	/* The same bytes inside another instruction and in constants stay what they are. */
	static const volatile uint8_t constant[] = { 0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xcd, 0x80,
		0x3d };
	uint32_t value;

	(void)call(SYS_getpid, 0, 0, 0);
	__asm__ volatile("movl $0x80cd80cd, %0" : "=r"(value));
	EQUAL(value, 0x80cd80cd);
	EQUAL(constant[5], 0xcd);
	EQUAL(constant[8], 0x80);
}

static const uint8_t pid_code[] = { 0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3 };

typedef long function(void);

static function *code_at(char *address, const uint8_t *code, size_t size)
{
	function *result;

	memcpy(address, code, size);
	memcpy(&result, &address, sizeof result);
	return result;
}

CASE(code_made_at_run_time)
{
	char *area = OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	function *run = code_at(area, pid_code, sizeof pid_code);

	for (int i = 0; i < 20; i++)
		EQUAL(run(), getpid());
	/* Another number in the same place. */
	area[1] = SYS_getppid;
	for (int i = 0; i < 20; i++)
		EQUAL(run(), getppid());
	/* And the code as it was written. */
	EQUAL((uint8_t)area[0], 0xb8);
}

CASE(code_that_cannot_be_written)
{
	char *area =
		OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	function *run = code_at(area, pid_code, sizeof pid_code);

	OK(mprotect(area, 4096, PROT_READ | PROT_EXEC));
	for (int i = 0; i < 20; i++)
		EQUAL(run(), getpid());
}

CASE(instruction_across_pages)
{
	for (int before = 0; before < 8; before++) {
		char *area = OK(mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		function *run = code_at(area + 4096 - before, pid_code, sizeof pid_code);

		for (int i = 0; i < 3; i++)
			EQUAL(run(), getpid());
		OK(munmap(area, 8192));
	}
}

CASE(last_bytes_of_a_page)
{
	/* int $0x80 at the very end; its successor faults. */
	static const uint8_t exit_code[] = { 0xb8, 1, 0, 0, 0, 0xbb, 44, 0, 0, 0, 0xcd, 0x80 };
	char *area = OK(mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	function *run = code_at(area + 4096 - sizeof exit_code, exit_code, sizeof exit_code);
	pid_t child;

	OK(mprotect(area + 4096, 4096, PROT_NONE));
	child = OK(fork());
	if (child == 0)
		(void)run();
	EXITS(child, 44);
}

CASE(code_of_a_file)
{
	char page[4096] = "";
	char *area;
	function *run;
	int fd;

	memcpy(page + 100, pid_code, sizeof pid_code);
	make_file("code", page, sizeof page);
	fd = OK(open("code", O_RDONLY));
	area = OK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
	area += 100;
	memcpy(&run, &area, sizeof run);
	for (int i = 0; i < 20; i++)
		EQUAL(run(), getpid());
	/* Whatever was done to run it fast is not seen in the file. */
	EQUAL(pread(fd, page, sizeof pid_code, 100), sizeof pid_code);
	CHECK(!memcmp(page, pid_code, sizeof pid_code));
}

CASE(fork_and_wait)
{
	int status = 0;
	long child = call(SYS_fork, 0, 0, 0);

	if (child == 0)
		call(SYS_exit_group, 17, 0, 0);
	CHECK(child > 0);
	EQUAL(call(SYS_waitpid, child, (long)&status, 0), child);
	EQUAL(status, 17 << 8);
	child = call(SYS_vfork, 0, 0, 0);
	if (child == 0)
		call(SYS_exit, 18, 0, 0);
	EQUAL(call(SYS_waitpid, child, (long)&status, 0), child);
	EQUAL(status, 18 << 8);
}

ROLE(exit_with)
{
	return atoi(argv[2]);
}

CASE(exec)
{
	const char *const argv[] = { check_self, "+exit_with", "55", NULL }, *const envp[] = {
		NULL
	};
	pid_t child = OK(fork());

	if (child == 0) {
		call(SYS_execve, (long)check_self, (long)argv, (long)envp);
		_exit(1);
	}
	EXITS(child, 55);
}

CASE(signal_interrupts_or_restarts)
{
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } };
	int ends[2];
	char byte;
	pid_t child;

	OK(pipe(ends));
	set_handler(SIGALRM, count, 0);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	EQUAL(call(SYS_read, ends[0], (long)&byte, 1), -EINTR);
	child = OK(fork());
	if (child == 0) {
		nap(120);
		_exit(write(ends[1], "x", 1) != 1);
	}
	set_handler(SIGALRM, count, SA_RESTART);
	caught = 0;
	EQUAL(call(SYS_read, ends[0], (long)&byte, 1), 1);
	CHECK(caught >= 2);
	EXITS(child, 0);
}

CASE(signal_to_self)
{
	set_handler(SIGUSR1, count, 0);
	for (int i = 1; i <= 50; i++) {
		EQUAL(call(SYS_kill, getpid(), SIGUSR1, 0), 0);
		EQUAL(caught, i);
	}
}

static void call_in_handler(int number)
{
	(void)number;
	EQUAL(call(SYS_getpid, 0, 0, 0), getpid());
	EQUAL(call(SYS_close, 999, 0, 0), -EBADF);
	caught++;
}

CASE(calls_inside_a_handler)
{
	struct itimerval timer = { { 0, 5000 }, { 0, 5000 } };
	int bad = 0;

	set_handler(SIGALRM, call_in_handler, SA_RESTART);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	for (int i = 0; i < 20000 || caught < 5; i++)
		bad += call(SYS_getppid, 0, 0, 0) != getppid();
	EQUAL(bad, 0);
}

/* --- Threads -------------------------------------------------------------------------------------- */

static pthread_barrier_t together;

/* One place in the code for all threads. */
__attribute__((noinline)) static long shared_place(long number, long a)
{
	return call(number, a, 0, 0);
}

static void *call_much(void *argument)
{
	long mine = (long)argument;

	pthread_barrier_wait(&together);
	for (int i = 0; i < 300; i++) {
		EQUAL(shared_place(SYS_close, 900 + mine), -EBADF);
		EQUAL(shared_place(SYS_gettid, 0), syscall(SYS_gettid));
		if (i % 50 == 0)
			sched_yield();
	}
	return NULL;
}

CASE(threads_at_one_place)
{
	pthread_t threads[6];

	EQUAL(pthread_barrier_init(&together, NULL, 6), 0);
	for (long i = 0; i < 6; i++)
		EQUAL(pthread_create(&threads[i], NULL, call_much, (void *)i), 0);
	for (int i = 0; i < 6; i++)
		EQUAL(pthread_join(threads[i], NULL), 0);
}

static void *block_in_read(void *argument)
{
	char byte = 0;

	EQUAL(call(SYS_read, *(int *)argument, (long)&byte, 1), 1);
	return (void *)(long)byte;
}

CASE(blocked_thread_holds_up_nobody)
{
	int ends[3][2];
	pthread_t threads[3];
	void *result;

	for (int i = 0; i < 3; i++) {
		OK(pipe(ends[i]));
		EQUAL(pthread_create(&threads[i], NULL, block_in_read, &ends[i][0]), 0);
	}
	nap(30);
	for (int i = 0; i < 1000; i++)
		EQUAL(call(SYS_getpid, 0, 0, 0), getpid());
	for (int i = 2; i >= 0; i--) {
		EQUAL(call(SYS_write, ends[i][1], (long)&"abc"[i], 1), 1);
		EQUAL(pthread_join(threads[i], &result), 0);
		EQUAL((long)result, "abc"[i]);
	}
}

/* A thread made by hand: clone on a stack of ours, with no C library in it. */
static volatile int cloned_word, cloned_tid;
static char cloned_stack[65536] __attribute__((aligned(16)));

static void run_cloned(void)
{
	cloned_word = 1234;
	call(SYS_write, *(int *)(cloned_stack + 100), (long)"c", 1);
}

static int answers[2];

static void answer(int number)
{
	(void)number;
	if (write(answers[1], "", 1) != 1)
		_exit(1);
}

static void *trap_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		(void)call(SYS_getpid, 0, 0, 0);
	return NULL;
}

/* However many threads trap at the same time, each signal is noticed. */
CASE(signals_among_many_traps)
{
	enum { THREADS = 12, SIGNALS = 100 };
	pid_t child;
	char byte;

	OK(pipe(answers));
	child = OK(fork());
	if (child == 0) {
		pthread_t threads[THREADS];

		set_handler(SIGUSR1, answer, SA_RESTART);
		for (int i = 0; i < THREADS; i++)
			EQUAL(pthread_create(&threads[i], NULL, trap_for_ever, NULL), 0);
		answer(0);
		for (;;)
			pause();
	}
	EQUAL(read(answers[0], &byte, 1), 1);
	for (int i = 0; i < SIGNALS; i++) {
		OK(kill(child, SIGUSR1));
		EQUAL(read(answers[0], &byte, 1), 1);
	}
	OK(kill(child, SIGTERM));
	DIES(child, SIGTERM);
}

CASE(clone_by_hand)
{
	long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		     CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	char *top = cloned_stack + sizeof cloned_stack;
	struct gate gate = gate_new();
	long result;

	*(int *)(cloned_stack + 100) = gate.ends[1];
	__asm__ volatile("int $0x80\n\t"
			 "testl %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "call *%[run]\n\t"
			 "movl %[exit], %%eax\n\t"
			 "xorl %%ebx, %%ebx\n\t"
			 "int $0x80\n"
			 "1:"
			 : "=a"(result)
			 : "0"(SYS_clone), "b"(flags), "c"(top),
			 "d"(&cloned_tid), [run] "S"(run_cloned),
			 "D"(&cloned_tid), [exit] "i"(SYS_exit)
			 : "memory");
	CHECK(result > 0);
	gate_pass(gate);
	EQUAL(cloned_word, 1234);
	EVENTUALLY(cloned_tid == 0);
}
