/* Clocks, sleeping, alarms and timers. Upper bounds are generous: the machine may be emulated and busy. */
#include "check.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

static long long nanoseconds(clockid_t clock_id)
{
	struct timespec now;

	OK(clock_gettime(clock_id, &now));
	CHECK(now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void burn(int milliseconds)
{
	long long until = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) + milliseconds * 1000000LL;

	while (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) < until)
		;
}

CASE(monotonic_never_goes_back)
{
	long long last = nanoseconds(CLOCK_MONOTONIC), different = 0;

	for (int i = 0; i < 100000; i++) {
		long long now = nanoseconds(CLOCK_MONOTONIC);

		CHECK(now >= last);
		different += now != last;
		last = now;
	}
	/* It counts microseconds, not ticks. */
	CHECK(different > 1000);
}

CASE(monotonic_in_relatives)
{
	struct gate gate = gate_new();
	long long times[3];
	pid_t child;

	times[0] = nanoseconds(CLOCK_MONOTONIC);
	child = OK(fork());
	if (child == 0) {
		times[1] = nanoseconds(CLOCK_MONOTONIC);
		_exit(write(gate.ends[1], &times[1], sizeof times[1]) != sizeof times[1]);
	}
	EQUAL(read(gate.ends[0], &times[1], sizeof times[1]), sizeof times[1]);
	times[2] = nanoseconds(CLOCK_MONOTONIC);
	EXITS(child, 0);
	CHECK(times[0] <= times[1] && times[1] <= times[2]);
}

CASE(wall_clocks_agree)
{
	struct timeval of_day;
	long long now = nanoseconds(CLOCK_REALTIME) / 1000;

	/* After this file was written, before it is a museum piece. */
	CHECK(now / 1000000 > 1735689600 && now / 1000000 < 4102444800);
	OK(gettimeofday(&of_day, NULL));
	CHECK(of_day.tv_usec >= 0 && of_day.tv_usec < 1000000);
	CHECK(of_day.tv_sec * 1000000LL + of_day.tv_usec - now >= 0);
	CHECK(of_day.tv_sec * 1000000LL + of_day.tv_usec - now < 2000000);
	CHECK(llabs(time(NULL) - now / 1000000) <= 2);
	CHECK(nanoseconds(CLOCK_REALTIME_COARSE) / 1000 <= now + 2000000);
	CHECK(nanoseconds(CLOCK_BOOTTIME) >= nanoseconds(CLOCK_MONOTONIC) - 1000000000);
}

CASE(system_calls_agree_with_the_library)
{
	long long before = nanoseconds(CLOCK_MONOTONIC), middle, after;
	struct timespec now;
	long long now64[2];

	OK(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now));
	middle = now.tv_sec * 1000000000LL + now.tv_nsec;
	after = nanoseconds(CLOCK_MONOTONIC);
	CHECK(before <= middle && middle <= after);
	before = nanoseconds(CLOCK_MONOTONIC);
	OK(syscall(403, CLOCK_MONOTONIC, now64)); /* clock_gettime64 */
	after = nanoseconds(CLOCK_MONOTONIC);
	middle = now64[0] * 1000000000LL + (int32_t)now64[1];
	CHECK(before <= middle && middle <= after);
	FAILS(syscall(SYS_clock_gettime, 9999, &now), EINVAL);
}

CASE(resolution)
{
	struct timespec resolution;

	OK(clock_getres(CLOCK_MONOTONIC, &resolution));
	CHECK(resolution.tv_sec == 0 && resolution.tv_nsec > 0 && resolution.tv_nsec <= 1000000);
	OK(clock_getres(CLOCK_REALTIME, NULL));
	FAILS(clock_getres(9999, &resolution), EINVAL);
}

CASE(sleeping_at_least_as_long)
{
	static const long times[] = { 1, 1000, 100000, 1000000, 5000000, 20000000, 150000000 };

	for (size_t i = 0; i < COUNT(times); i++) {
		struct timespec time = { 0, times[i] };
		long long before = nanoseconds(CLOCK_MONOTONIC), took;

		OK(nanosleep(&time, NULL));
		took = nanoseconds(CLOCK_MONOTONIC) - before;
		CHECK(took >= times[i]);
		CHECK(took < times[i] + 1000000000);
	}
}

CASE(sleeping_errors)
{
	struct timespec time = { 0, 1000000000 };

	FAILS(nanosleep(&time, NULL), EINVAL);
	time = (struct timespec){ -1, 0 };
	FAILS(nanosleep(&time, NULL), EINVAL);
	time = (struct timespec){ 0, 0 };
	OK(nanosleep(&time, NULL));
	EQUAL(clock_nanosleep(9999, 0, &time, NULL), EINVAL);
}

CASE(sleeping_until_a_time)
{
	struct timespec until;
	long long target = nanoseconds(CLOCK_MONOTONIC) + 60000000;

	until = (struct timespec){ (time_t)(target / 1000000000), (long)(target % 1000000000) };
	EQUAL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
	CHECK(nanoseconds(CLOCK_MONOTONIC) >= target);
	/* In the past: at once. */
	EQUAL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
	target = nanoseconds(CLOCK_REALTIME) + 60000000;
	until = (struct timespec){ (time_t)(target / 1000000000), (long)(target % 1000000000) };
	EQUAL(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL), 0);
	CHECK(nanoseconds(CLOCK_REALTIME) >= target);
}

CASE(many_sleepers)
{
	enum { SLEEPERS = 10 };
	long long before = milliseconds_now();
	pid_t children[SLEEPERS];

	for (int i = 0; i < SLEEPERS; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			nap(100);
			_exit(0);
		}
	}
	for (int i = 0; i < SLEEPERS; i++)
		EXITS(children[i], 0);
	/* At the same time, not one after the other. */
	CHECK(milliseconds_now() - before < 900);
}

CASE(processor_time)
{
	long long before = nanoseconds(CLOCK_PROCESS_CPUTIME_ID),
		  wall = nanoseconds(CLOCK_MONOTONIC);
	struct rusage usage;
	struct tms ticks;
	clock_t own = clock();

	nap(100);
	CHECK(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - before < 80000000);
	burn(120);
	CHECK(nanoseconds(CLOCK_MONOTONIC) - wall >= 120000000);
	CHECK(clock() - own >= 100000);
	CHECK(nanoseconds(CLOCK_THREAD_CPUTIME_ID) >= 100000000);
	OK(getrusage(RUSAGE_SELF, &usage));
	CHECK(usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 +
			usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000 >=
		90);
	CHECK(times(&ticks) != (clock_t)-1);
	CHECK(ticks.tms_utime + ticks.tms_stime >= 9);
	FAILS(getrusage(77, &usage), EINVAL);
}

/* Burns until *stop. */
static void *burner(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_ACQUIRE))
		;
	return NULL;
}

CASE(processor_time_of_others)
{
	int stop = 0;
	clockid_t id;
	pthread_t thread;

	EQUAL(pthread_getcpuclockid(pthread_self(), &id), 0);
	CHECK(nanoseconds(id) >= 0);
	EQUAL(pthread_create(&thread, NULL, burner, &stop), 0);
	EQUAL(pthread_getcpuclockid(thread, &id), 0);
	while (nanoseconds(id) < 50000000)
		nap(10);
	CHECK(nanoseconds(id) > nanoseconds(CLOCK_THREAD_CPUTIME_ID));
	OK(clock_getres(id, NULL));
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	EQUAL(pthread_join(thread, NULL), 0);
	EQUAL(clock_getcpuclockid(0, &id), 0);
	CHECK(nanoseconds(id) >= 50000000);
	EQUAL(clock_getcpuclockid(getpid(), &id), 0);
	CHECK(nanoseconds(id) >= 50000000);
}

CASE(alarm_fires_once)
{
	long long before = milliseconds_now();

	set_handler(SIGALRM, count, 0);
	EQUAL(alarm(1), 0);
	FAILS(pause(), EINTR);
	EQUAL(caught, 1);
	CHECK(milliseconds_now() - before >= 990);
	EQUAL(alarm(0), 0);
}

CASE(alarm_tells_what_was_left)
{
	EQUAL(alarm(100), 0);
	EQUAL(alarm(50), 100);
	EQUAL(alarm(0), 50);
	EQUAL(alarm(0), 0);
}

CASE(alarm_kills)
{
	pid_t child = OK(fork());
	struct itimerval timer = { .it_value = { 0, 30000 } };

	if (child == 0) {
		OK(setitimer(ITIMER_REAL, &timer, NULL));
		for (;;)
			;
	}
	DIES(child, SIGALRM);
}

CASE(interval_timer_repeats)
{
	struct itimerval timer = { { 0, 20000 }, { 0, 50000 } }, got;
	long long before = milliseconds_now();

	set_handler(SIGALRM, count, SA_RESTART);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	EVENTUALLY(caught >= 5);
	CHECK(milliseconds_now() - before >= 125);
	OK(getitimer(ITIMER_REAL, &got));
	EQUAL(got.it_interval.tv_usec, 20000);
	CHECK(got.it_value.tv_sec == 0 && got.it_value.tv_usec <= 20000);
	timer = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	OK(setitimer(ITIMER_REAL, &timer, &got));
	EQUAL(got.it_interval.tv_usec, 20000);
	caught = 0;
	nap(60);
	EQUAL(caught, 0);
	OK(getitimer(ITIMER_REAL, &got));
	EQUAL(got.it_value.tv_sec + got.it_value.tv_usec, 0);
}

CASE(interval_timer_errors)
{
	struct itimerval timer = { { 0, 0 }, { 0, 1000000 } };

	FAILS(setitimer(ITIMER_REAL, &timer, NULL), EINVAL);
	timer.it_value.tv_usec = 0;
	FAILS(setitimer((__itimer_which_t)77, &timer, NULL), EINVAL);
	FAILS(getitimer((__itimer_which_t)77, &timer), EINVAL);
}

CASE(virtual_timer_counts_own_time_only)
{
	struct itimerval timer = { .it_value = { 0, 50000 } };

	set_handler(SIGVTALRM, count, 0);
	set_handler(SIGPROF, count, 0);
	OK(setitimer(ITIMER_VIRTUAL, &timer, NULL));
	nap(120);
	EQUAL(caught, 0);
	for (volatile long i = 0; !caught && i < 2000000000; i++)
		;
	EQUAL(caught, 1);
	OK(setitimer(ITIMER_PROF, &timer, NULL));
	burn(200);
	EQUAL(caught, 2);
}

CASE(posix_timer)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec setting = { { 0, 20000000 }, { 0, 20000000 } }, got;
	timer_t timer;

	set_handler(SIGUSR1, count, SA_RESTART);
	OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	OK(timer_settime(timer, 0, &setting, NULL));
	EVENTUALLY(caught >= 3);
	OK(timer_gettime(timer, &got));
	EQUAL(got.it_interval.tv_nsec, 20000000);
	OK(timer_getoverrun(timer));
	OK(timer_delete(timer));
	caught = 0;
	nap(60);
	EQUAL(caught, 0);
}

CASE(posix_timer_counts_what_it_could_not_send)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGRTMIN + 1,
		.sigev_value.sival_int = 4711 };
	struct itimerspec setting = { { 0, 10000000 }, { 0, 10000000 } }, off = { 0 }, old;
	siginfo_t info;
	sigset_t set;
	timer_t timer;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	OK(timer_settime(timer, 0, &setting, NULL));
	nap(200);
	EQUAL(sigwaitinfo(&set, &info), SIGRTMIN + 1);
	EQUAL(info.si_code, SI_TIMER);
	EQUAL(info.si_value.sival_int, 4711);
	CHECK(info.si_overrun >= 5 && info.si_overrun <= 60);
	EQUAL(timer_getoverrun(timer), info.si_overrun);
	OK(timer_settime(timer, 0, &off, &old));
	EQUAL(old.it_interval.tv_nsec, 10000000);
	CHECK(old.it_value.tv_sec == 0 && old.it_value.tv_nsec > 0 &&
		old.it_value.tv_nsec <= 10000000);
	OK(timer_gettime(timer, &old));
	EQUAL(old.it_value.tv_nsec, 0);
	OK(timer_delete(timer));
	FAILS(timer_gettime(timer, &old), EINVAL);
	FAILS(timer_delete(timer), EINVAL);
}

CASE(posix_timers_of_other_kinds)
{
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	struct sigevent bad = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 99 };
	struct itimerspec setting = { .it_value = { 0, 40000000 } }, got;
	struct timespec now;
	timer_t timer, other;

	set_handler(SIGALRM, count, 0);
	FAILS(timer_create(CLOCK_MONOTONIC, &bad, &timer), EINVAL);
	FAILS(timer_create((clockid_t)77, NULL, &timer), EINVAL);
	OK(timer_create(CLOCK_MONOTONIC, &none, &timer));
	OK(timer_settime(timer, 0, &setting, NULL));
	OK(timer_gettime(timer, &got));
	CHECK(got.it_value.tv_nsec > 0 && got.it_value.tv_nsec <= 40000000);
	nap(60);
	OK(timer_gettime(timer, &got));
	EQUAL(got.it_value.tv_nsec, 0);

	/* Without an event: SIGALRM.  At a time of the wall clock. */
	OK(timer_create(CLOCK_REALTIME, NULL, &other));
	CHECK(other != timer);
	OK(clock_gettime(CLOCK_REALTIME, &now));
	setting.it_value = (struct timespec){ now.tv_sec + (now.tv_nsec >= 900000000),
		(now.tv_nsec + 100000000) % 1000000000 };
	OK(timer_settime(other, TIMER_ABSTIME, &setting, NULL));
	EQUAL(caught, 0);
	EVENTUALLY(caught == 1);
	setting.it_value.tv_nsec = 1000000000;
	FAILS(timer_settime(other, 0, &setting, NULL), EINVAL);

	OK(timer_create(CLOCK_PROCESS_CPUTIME_ID, NULL, &timer));
	setting.it_value = (struct timespec){ 0, 50000000 };
	OK(timer_settime(timer, 0, &setting, NULL));
	nap(120);
	EQUAL(caught, 1);
	burn(200);
	EVENTUALLY(caught == 2);
}

ROLE(wait_for_timer)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPROF);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	burn(150);
	OK(sigpending(&set));
	return sigismember(&set, SIGPROF) ? sigismember(&set, SIGUSR1) : 9;
}

/* Interval timers outlive exec, POSIX timers do not; a child has none. */
CASE(timers_over_fork_and_exec)
{
	struct itimerval profile = { .it_value = { 0, 60000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec setting = { .it_value = { 0, 60000000 } };
	timer_t timer;
	pid_t child = OK(fork());

	if (child == 0) {
		OK(signal(SIGUSR1, SIG_IGN) == SIG_ERR ? -1 : 0);
		OK(setitimer(ITIMER_PROF, &profile, NULL));
		OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
		OK(timer_settime(timer, 0, &setting, NULL));
		child = OK(fork());
		if (child == 0) {
			OK(getitimer(ITIMER_PROF, &profile));
			EQUAL(profile.it_value.tv_usec, 0);
			FAILS(timer_settime(timer, 0, &setting, NULL), EINVAL);
			_exit(0);
		}
		EXITS(child, 0);
		execl(check_self, check_self, "+wait_for_timer", NULL);
		_exit(1);
	}
	EXITS(child, 0);
}

CASE(setting_the_clock_needs_root)
{
	struct timespec now;

	OK(clock_gettime(CLOCK_REALTIME, &now));
	if (geteuid() == 0)
		OK(setuid(1001));
	FAILS(clock_settime(CLOCK_REALTIME, &now), EPERM);
	FAILS(clock_settime(CLOCK_MONOTONIC, &now), EINVAL);
}
