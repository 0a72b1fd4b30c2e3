/* Threads: making, joining, locks, thread-local things, cancelling, ending. */
#include "thread.h"

#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>

static volatile sig_atomic_t caught;

CASE(result_comes_back)
{
	int area[2];

	CHECK(join(start(add_one, area)) == (char *)area + 1);
}

CASE(fifty_at_once)
{
	pthread_t threads[50];

	for (intptr_t i = 0; i < 50; i++)
		threads[i] = start(add_one, (void *)i);
	for (intptr_t i = 49; i >= 0; i--)
		EQUAL((intptr_t)join(threads[i]), i + 1);
}

CASE(five_hundred_in_a_row)
{
	for (intptr_t i = 0; i < 500; i++)
		EQUAL((intptr_t)join(start(add_one, (void *)i)), i + 1);
}

static void *tell_ids(void *argument)
{
	pid_t *ids = argument;

	ids[0] = getpid();
	ids[1] = thread_id();
	return NULL;
}

CASE(one_pid_and_several_tids)
{
	pid_t one[2], two[2];
	pthread_t a = start(tell_ids, one), b = start(tell_ids, two);

	join(a);
	join(b);
	EQUAL(one[0], getpid());
	EQUAL(two[0], getpid());
	EQUAL(thread_id(), getpid());
	CHECK(one[1] != getpid() && two[1] != getpid() && one[1] > 0 && two[1] > 0);
}

static int shared_counter;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *count_with_mutex(void *argument)
{
	for (int i = 0; i < 20000; i++) {
		pthread_mutex_lock(&mutex);
		shared_counter++;
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

CASE(mutex_excludes)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		threads[i] = start(count_with_mutex, NULL);
	for (int i = 0; i < 4; i++)
		join(threads[i]);
	EQUAL(shared_counter, 80000);
}

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int items, taken;
} queue = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 };

static void *take_items(void *argument)
{
	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&queue.mutex);
		while (queue.items == 0)
			pthread_cond_wait(&queue.changed, &queue.mutex);
		queue.items--;
		queue.taken++;
		pthread_mutex_unlock(&queue.mutex);
	}
	return argument;
}

CASE(condition_variable)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		threads[i] = start(take_items, NULL);
	for (int i = 0; i < 1500; i++) {
		pthread_mutex_lock(&queue.mutex);
		queue.items++;
		pthread_mutex_unlock(&queue.mutex);
		if (i % 2)
			pthread_cond_broadcast(&queue.changed);
		else
			pthread_cond_signal(&queue.changed);
	}
	pthread_cond_broadcast(&queue.changed);
	for (int i = 0; i < 3; i++)
		join(threads[i]);
	EQUAL(queue.taken, 1500);
}

CASE(condition_variable_times_out)
{
	struct timespec until;
	long long before = milliseconds_now();

	OK(clock_gettime(CLOCK_REALTIME, &until));
	until.tv_nsec += 50000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&queue.mutex);
	EQUAL(pthread_cond_timedwait(&queue.changed, &queue.mutex, &until), ETIMEDOUT);
	pthread_mutex_unlock(&queue.mutex);
	CHECK(milliseconds_now() - before >= 45);
}

static sem_t semaphore, answer;

static void *answer_posts(void *argument)
{
	for (int i = 0; i < 1000; i++) {
		while (sem_wait(&semaphore) == -1)
			;
		sem_post(&answer);
	}
	return argument;
}

CASE(semaphores)
{
	pthread_t thread;

	OK(sem_init(&semaphore, 0, 0));
	OK(sem_init(&answer, 0, 0));
	thread = start(answer_posts, NULL);
	for (int i = 0; i < 1000; i++) {
		OK(sem_post(&semaphore));
		OK(sem_wait(&answer));
	}
	join(thread);
	FAILS(sem_trywait(&answer), EAGAIN);
}

static pthread_barrier_t barrier;
static int serial;

static void *meet(void *argument)
{
	for (int i = 0; i < 20; i++)
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_fetch_add(&serial, 1, __ATOMIC_SEQ_CST);
	return argument;
}

CASE(barriers)
{
	pthread_t threads[5];

	EQUAL(pthread_barrier_init(&barrier, NULL, 5), 0);
	for (int i = 0; i < 5; i++)
		threads[i] = start(meet, NULL);
	for (int i = 0; i < 5; i++)
		join(threads[i]);
	EQUAL(serial, 20);
}

/* --- Thread-local things -------------------------------------------------------------------------- */

static __thread int local = 7;
static __thread char local_zero[5000];

static void *use_local(void *argument)
{
	EQUAL(local, 7);
	EQUAL(local_zero[4999], 0);
	for (int i = 0; i < 200; i++) {
		local = (int)(intptr_t)argument;
		local_zero[4999] = (char)local;
		sched_yield();
		EQUAL(local, (intptr_t)argument);
		EQUAL(local_zero[4999], (char)local);
		errno = local;
		sched_yield();
		EQUAL(errno, local);
	}
	return NULL;
}

CASE(thread_local_storage)
{
	pthread_t threads[8];

	local = 99;
	for (intptr_t i = 0; i < 8; i++)
		threads[i] = start(use_local, (void *)(i + 100));
	for (int i = 0; i < 8; i++)
		join(threads[i]);
	EQUAL(local, 99);
}

static pthread_key_t key;
static int destroyed;

static void destroy(void *value)
{
	__atomic_fetch_add(&destroyed, (int)(intptr_t)value, __ATOMIC_SEQ_CST);
}

static void *set_key(void *argument)
{
	EQUAL(pthread_setspecific(key, argument), 0);
	return pthread_getspecific(key);
}

CASE(thread_specific_data)
{
	EQUAL(pthread_key_create(&key, destroy), 0);
	EQUAL((intptr_t)join(start(set_key, (void *)5)), 5);
	EQUAL((intptr_t)join(start(set_key, (void *)6)), 6);
	EQUAL(destroyed, 11);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void run_once(void)
{
	nap(20);
	shared_counter++;
}

static void *call_once(void *argument)
{
	pthread_once(&once, run_once);
	EQUAL(shared_counter, 1);
	return argument;
}

CASE(once_only)
{
	pthread_t threads[5];

	for (int i = 0; i < 5; i++)
		threads[i] = start(call_once, NULL);
	for (int i = 0; i < 5; i++)
		join(threads[i]);
}

static void *keep_registers(void *argument)
{
	uint32_t pattern[4], got[4];
	long double number = (long double)(intptr_t)argument + 0.5L, after;
	uint16_t control = (uint16_t)(0x37f ^ ((intptr_t)argument & 1) << 10), control_after;

	for (int i = 0; i < 4; i++)
		pattern[i] = (uint32_t)(intptr_t)argument * 0x01010101u + (uint32_t)i;
	for (int i = 0; i < 20; i++) {
		__asm__ volatile(
			"fldcw %[control]\n\tmovdqu %[pattern], %%xmm6\n\tfldt %[number]\n\t"
			"movl $300000, %%ecx\n1:\tdecl %%ecx\n\tjnz 1b\n\t"
			"movdqu %%xmm6, %[got]\n\tfstpt %[after]\n\tfnstcw "
			"%[control_after]\n\tfninit"
			: [got] "=m"(got), [after] "=m"(after), [control_after] "=m"(control_after)
			: [pattern] "m"(pattern), [number] "m"(number), [control] "m"(control)
			: "ecx", "memory");
		CHECK(!memcmp(got, pattern, sizeof got));
		CHECK(after == number);
		EQUAL(control_after, control);
	}
	return argument;
}

CASE(floating_point_registers_are_each_threads_own)
{
	pthread_t threads[6];

	for (intptr_t i = 0; i < 6; i++)
		threads[i] = start(keep_registers, (void *)(i + 1));
	for (int i = 0; i < 6; i++)
		join(threads[i]);
}

/* --- Ending --------------------------------------------------------------------------------------- */

static void *exit_early(void *argument)
{
	pthread_exit((char *)argument + 2);
}

CASE(pthread_exit_gives_a_result)
{
	EQUAL((intptr_t)join(start(exit_early, (void *)3)), 5);
}

static void *detached_body(void *argument)
{
	gate_open(*(struct gate *)argument);
	return NULL;
}

CASE(detached_threads)
{
	struct gate gate = gate_new();

	for (int i = 0; i < 20; i++) {
		EQUAL(pthread_detach(start(detached_body, &gate)), 0);
		gate_pass(gate);
	}
}

static int cleaned;

static void clean(void *argument)
{
	cleaned += (int)(intptr_t)argument;
}

static void *cancel_body(void *argument)
{
	struct gate *gate = argument;

	pthread_cleanup_push(clean, (void *)1);
	pthread_cleanup_push(clean, (void *)10);
	gate_open(*gate);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

CASE(cancelling_a_blocked_thread)
{
	struct gate gate = gate_new();
	pthread_t thread = start(cancel_body, &gate);

	gate_pass(gate);
	EQUAL(pthread_cancel(thread), 0);
	CHECK(join(thread) == PTHREAD_CANCELED);
	EQUAL(cleaned, 11);
}

static void *blocked_reader(void *argument)
{
	char byte;

	(void)!read(*(int *)argument, &byte, 1);
	return NULL;
}

CASE(cancelling_a_reader)
{
	int ends[2];
	pthread_t thread;

	OK(pipe(ends));
	thread = start(blocked_reader, &ends[0]);
	nap(30);
	EQUAL(pthread_cancel(thread), 0);
	CHECK(join(thread) == PTHREAD_CANCELED);
}

static void *uncancellable(void *argument)
{
	struct gate *gates = argument;
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	gate_open(gates[0]);
	gate_pass(gates[1]);
	caught = 5;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	pthread_testcancel();
	caught = 6;
	return NULL;
}

CASE(cancellation_can_wait)
{
	struct gate gates[2] = { gate_new(), gate_new() };
	pthread_t thread = start(uncancellable, gates);

	gate_pass(gates[0]);
	EQUAL(pthread_cancel(thread), 0);
	gate_open(gates[1]);
	CHECK(join(thread) == PTHREAD_CANCELED);
	EQUAL(caught, 5);
}

static void *exit_process(void *argument)
{
	nap(20);
	_exit((int)(intptr_t)argument);
}

CASE(exit_in_a_thread_ends_the_process)
{
	pid_t child = OK(fork());

	if (child == 0) {
		start(wait_for_ever, NULL);
		start(exit_process, (void *)19);
		wait_for_ever(NULL);
	}
	EXITS(child, 19);
}

CASE(main_thread_may_end_first)
{
	pid_t child = OK(fork());

	if (child == 0) {
		start(exit_process, (void *)21);
		pthread_exit(NULL);
	}
	EXITS(child, 21);
}

CASE(last_thread_ends_the_process)
{
	pid_t child = OK(fork());

	if (child == 0) {
		start(add_one, NULL);
		pthread_exit(NULL);
	}
	EXITS(child, 0);
}

static void *crash(void *argument)
{
	volatile uintptr_t nowhere = 8;

	*(volatile int *)nowhere = 1;
	return argument;
}

CASE(fatal_signal_kills_all)
{
	pid_t child = OK(fork());

	if (child == 0) {
		start(wait_for_ever, NULL);
		start(crash, NULL);
		wait_for_ever(NULL);
	}
	DIES(child, SIGSEGV);
	child = OK(fork());
	if (child == 0) {
		start(wait_for_ever, NULL);
		wait_for_ever(NULL);
	}
	nap(20);
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
}

CASE(stop_and_continue_all)
{
	volatile int *counter =
		OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	pid_t child = OK(fork());
	int status, before;

	if (child == 0) {
		start(wait_for_ever, NULL);
		for (;;)
			(*counter)++;
	}
	EVENTUALLY(*counter > 0);
	OK(kill(child, SIGSTOP));
	EQUAL(waitpid(child, &status, WUNTRACED), child);
	before = *counter;
	nap(50);
	EQUAL(*counter, before);
	OK(kill(child, SIGCONT));
	EVENTUALLY(*counter != before);
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
}
