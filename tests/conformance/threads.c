/* Threads, and what the rest of Unix means to a process that has several. */
#include "check.h"

#include <pthread.h>
#include <semaphore.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/time.h>

static volatile sig_atomic_t caught;
static volatile pid_t caught_by;

static pid_t thread_id(void)
{
	return (pid_t)syscall(SYS_gettid);
}

static void note_thread(int number)
{
	(void)number;
	caught_by = thread_id();
	caught++;
}

static pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	EQUAL(pthread_create(&thread, NULL, run, argument), 0);
	return thread;
}

static void *join(pthread_t thread)
{
	void *result;

	EQUAL(pthread_join(thread, &result), 0);
	return result;
}

static void *wait_for_ever(void *argument)
{
	(void)argument;
	for (;;)
		pause();
	return NULL;
}

static void *add_one(void *argument)
{
	return (char *)argument + 1;
}

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
} queue = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

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
		__asm__ volatile("fldcw %[control]\n\tmovdqu %[pattern], %%xmm6\n\tfldt %[number]\n\t"
				 "movl $300000, %%ecx\n1:\tdecl %%ecx\n\tjnz 1b\n\t"
				 "movdqu %%xmm6, %[got]\n\tfstpt %[after]\n\tfnstcw %[control_after]\n\tfninit"
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
	struct gate gates[2] = {gate_new(), gate_new()};
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
	volatile int *counter = OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
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

/* --- Signals -------------------------------------------------------------------------------------- */

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
	struct sleeper sleepers[2] = {{gate_new(), 0, 0}, {gate_new(), 0, 0}};
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
	struct sleeper closed = {gate_new(), 0, 1}, open_one = {gate_new(), 0, 0};
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
	struct sleeper closed = {gate_new(), 0, 1};
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

CASE(timer_signals_to_a_busy_process)
{
	struct itimerval timer = {{0, 5000}, {0, 5000}};
	pthread_t threads[3];

	set_handler(SIGALRM, note_thread, SA_RESTART);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	for (int i = 0; i < 3; i++)
		threads[i] = start(busy, NULL);
	for (int i = 0; i < 3; i++)
		join(threads[i]);
}

/* --- fork and exec -------------------------------------------------------------------------------- */

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

CASE(atfork_handlers)
{
	pid_t child;

	EQUAL(pthread_atfork(run_once, NULL, run_once), 0);
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
		area = OK(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
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
