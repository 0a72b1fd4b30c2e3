/* All timers are looked after by the service thread, which sleeps until the first may be due: a clock of
 * processor time cannot run faster than the wall's, as there is one processor. */
#include "timers.h"

#include <asm/errno.h>
#include <linux/resource.h>
#include <mach/task_info.h>

#include "calls.h"
#include "mach.h"
#include "service.h"
#include "signals.h"
#include "threads.h"

#define NS 1000000000ull
#define TICK_NS 10000000u /* what processor time is counted in */
#define POSIX_TIMERS 64
#define LIMIT TIMERS_INTERVALS	/* the timer of RLIMIT_CPU */
#define FIRST_POSIX (LIMIT + 1) /* id 0 */
#define TIMERS (FIRST_POSIX + POSIX_TIMERS)
#define TIMER_ABSTIME 1
/* How timer_create's caller is told. */
enum { SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID = 4 };
#define NANOSECONDS_MAX (1ull << 62)

enum clock { WALL, USER, CPU }; /* monotonic, user time, user and system time of the process */

struct timer {
	int used;
	enum clock clock;
	int64_t offset;	   /* from WALL to the clock that the program named */
	uint64_t deadline; /* by `clock`; 0 = off */
	uint64_t interval;
	int signal; /* 0: none is sent */
	uint32_t tid;
	int32_t value;
	uint32_t overrun;      /* since the signal that is queued */
	uint32_t told_overrun; /* of the last one that was told */
};

static struct emul_lock lock; /* of all below; nothing is locked inside */
static struct timer timers[TIMERS] = {
	[TIMERS_REAL] = { .used = 1, .clock = WALL, .signal = SIGALRM },
	[TIMERS_VIRTUAL] = { .used = 1, .clock = USER, .signal = SIGVTALRM },
	[TIMERS_PROF] = { .used = 1, .clock = CPU, .signal = SIGPROF },
	[LIMIT] = { .used = 1, .clock = CPU, .signal = SIGXCPU },
};
static unsigned armed;		  /* timers with a deadline */
static uint64_t look_at;	  /* WALL: nothing is due before; of the service thread */
static volatile uint32_t changed; /* since the service thread looked */

static uint64_t ns_of(rpc_time_value_t t)
{
	return (uint64_t)t.seconds * NS + (uint64_t)t.microseconds * 1000;
}

static void read_processor(uint64_t *user, uint64_t *total)
{
	struct task_basic_info ended = { 0 };
	struct task_thread_times_info living = { 0 };
	mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

	/* Fails for no living task; time stands still then. */
	(void)task_info(EMUL_PORT_TASK, TASK_BASIC_INFO, (task_info_t)&ended, &count);
	count = TASK_THREAD_TIMES_INFO_COUNT;
	(void)task_info(EMUL_PORT_TASK, TASK_THREAD_TIMES_INFO, (task_info_t)&living, &count);
	*user = ns_of(ended.user_time) + ns_of(living.user_time);
	*total = *user + ns_of(ended.system_time) + ns_of(living.system_time);
}

static uint64_t read_clock(enum clock clock)
{
	uint64_t user, total;

	if (clock == WALL)
		return emul_now_ns();
	read_processor(&user, &total);
	return clock == USER ? user : total;
}

/* Lock held. */
static void set(struct timer *t, uint64_t deadline, uint64_t interval)
{
	armed += (deadline != 0) - (t->deadline != 0);
	t->deadline = deadline;
	t->interval = interval;
	t->overrun = 0;
	changed = 1;
}

/* Lock held. */
static void get(const struct timer *t, uint64_t now, uint64_t *value, uint64_t *interval)
{
	*value = t->deadline == 0 ? 0 : t->deadline > now ? t->deadline - now : 1;
	*interval = t->interval;
}

void timers_set(enum timers_interval which, uint64_t value, uint64_t interval)
{
	uint64_t now = value ? read_clock(timers[which].clock) : 0;

	emul_lock(&lock);
	set(&timers[which], value ? now + value : 0, interval);
	emul_unlock(&lock);
	service_wake();
}

void timers_get(enum timers_interval which, uint64_t *value, uint64_t *interval)
{
	uint64_t now = read_clock(timers[which].clock);

	emul_lock(&lock);
	get(&timers[which], now, value, interval);
	emul_unlock(&lock);
}

/* Lock held. */
static void set_limit(void)
{
	uint64_t seconds = emul_process.limits[RLIMIT_CPU][0];

	if (seconds < NANOSECONDS_MAX / NS)
		set(&timers[LIMIT], seconds ? seconds * NS : 1, NS);
	else
		set(&timers[LIMIT], 0, 0);
}

void timers_limit(void)
{
	emul_lock(&lock);
	set_limit();
	emul_unlock(&lock);
	service_wake();
}

void timers_fork_prepare(void)
{
	emul_lock(&lock);
}

void timers_fork_parent(void)
{
	emul_unlock(&lock);
}

void timers_fork_child(void)
{
	lock.word = 0;
	for (unsigned i = 0; i < TIMERS; i++) {
		if (i >= FIRST_POSIX && timers[i].used)
			timers[i].used = 0;
		if (i != LIMIT && timers[i].deadline)
			set(&timers[i], 0, 0);
	}
	set_limit(); /* the child's own time begins at 0 */
}

void timers_exec(void)
{
	emul_lock(&lock);
	for (unsigned i = FIRST_POSIX; i < TIMERS; i++) {
		set(&timers[i], 0, 0);
		timers[i].used = 0;
	}
	emul_unlock(&lock);
}

/* Lock held.  How often it has run out by now; its next deadline is set. */
static uint64_t expire(struct timer *t, uint64_t now)
{
	uint64_t times = 1;

	if (t->deadline == 0 || now < t->deadline)
		return 0;
	if (t->interval)
		times += (now - t->deadline) / t->interval;
	if (!t->interval)
		armed--;
	t->deadline = t->interval ? t->deadline + times * t->interval : 0;
	return times;
}

static void send(unsigned index, struct timer *t, uint64_t times)
{
	struct masix_siginfo info = { .code = SI_KERNEL };
	int queued;

	if (index == LIMIT && read_clock(CPU) / NS >= emul_process.limits[RLIMIT_CPU][1])
		signals_kill(SIGKILL);
	if (index < FIRST_POSIX) {
		signals_post(NULL, t->signal, &info);
		return;
	}
	/* A timer has one signal queued at most: further ones are counted. */
	queued = signals_timer_queued(index - FIRST_POSIX);
	emul_lock(&lock);
	timers[index].overrun = (uint32_t)(queued ? timers[index].overrun + times : times - 1);
	emul_unlock(&lock);
	if (queued)
		return;
	info.code = SI_TIMER;
	info.value = t->value;
	info.reserved[0] = index - FIRST_POSIX;
	signals_post(t->tid ? threads_find_id(t->tid) : NULL, t->signal, &info);
}

/* When to look again, at most `now` + what is left of each. */
static void note_next(uint64_t now, uint64_t left)
{
	if (look_at == 0 || now + left < look_at)
		look_at = now + left;
}

uint32_t timers_run(void)
{
	uint64_t now[3], left;

	if (armed == 0)
		return 0;
	now[WALL] = emul_now_ns();
	if (now[WALL] >= look_at || changed) {
		changed = 0;
		read_processor(&now[USER], &now[CPU]);
		look_at = 0;
		for (unsigned i = 0; i < TIMERS; i++) {
			struct timer *t = &timers[i], due;
			uint64_t times;

			emul_lock(&lock);
			times = expire(t, now[t->clock]);
			due = *t;
			emul_unlock(&lock);
			if (times && due.signal)
				send(i, &due, times);
			if (!due.deadline)
				continue;
			left = due.deadline - now[due.clock];
			note_next(now[WALL], due.clock != WALL && left < TICK_NS ? TICK_NS : left);
		}
	}
	if (armed == 0)
		return 0;
	left = look_at > now[WALL] ? (look_at - now[WALL]) / 1000000 + 1 : 1;
	return left > 3600000 ? 3600000 : (uint32_t)left;
}

void timers_told(struct masix_siginfo *info)
{
	struct timer *t;

	if (info->code != SI_TIMER || info->reserved[0] >= POSIX_TIMERS)
		return;
	t = &timers[FIRST_POSIX + info->reserved[0]];
	emul_lock(&lock);
	t->told_overrun = info->reserved[1] = t->overrun;
	t->overrun = 0;
	emul_unlock(&lock);
}

static void put_timeval(int32_t *tv, uint64_t ns)
{
	tv[0] = (int32_t)(ns / NS);
	tv[1] = (int32_t)(ns % NS / 1000);
}

long sys_alarm(const uint32_t *a)
{
	uint64_t old, interval;

	timers_get(TIMERS_REAL, &old, &interval);
	timers_set(TIMERS_REAL, a[0] * NS, 0);
	return (long)((old + NS - 1) / NS);
}

long sys_getitimer(const uint32_t *a)
{
	int32_t *out = (void *)a[1];
	uint64_t value, interval;

	if (a[0] >= TIMERS_INTERVALS)
		return -EINVAL;
	timers_get((enum timers_interval)a[0], &value, &interval);
	put_timeval(out, interval);
	put_timeval(out + 2, value);
	return 0;
}

long sys_setitimer(const uint32_t *a)
{
	const int32_t *in = (const void *)a[1];
	uint64_t value = 0, interval = 0;

	if (a[0] >= TIMERS_INTERVALS)
		return -EINVAL;
	if (in) {
		if (in[0] < 0 || in[2] < 0 || (uint32_t)in[1] >= 1000000 ||
			(uint32_t)in[3] >= 1000000)
			return -EINVAL;
		interval = (uint32_t)in[0] * NS + (uint32_t)in[1] * 1000ull;
		value = (uint32_t)in[2] * NS + (uint32_t)in[3] * 1000ull;
	}
	if (a[2])
		(void)sys_getitimer((const uint32_t[]){ a[0], a[2] });
	timers_set((enum timers_interval)a[0], value, interval);
	return 0;
}

/* What timer_create's clock is here; -EINVAL: none that timers can have. */
static long find_clock(uint32_t id, struct timer *t)
{
	enum { REALTIME, MONOTONIC, PROCESS_CPU, BOOTTIME = 7, OWN_CPU = -6 };

	switch ((int32_t)id) {
	case REALTIME:
		t->offset = emul_realtime_ns() - (int64_t)emul_now_ns();
		return 0;
	case MONOTONIC:
	case BOOTTIME:
		return 0;
	case PROCESS_CPU:
	case OWN_CPU: /* what clock_getcpuclockid(3) calls it */
		t->clock = CPU;
		return 0;
	default:
		return -EINVAL;
	}
}

/* struct sigevent: value, signal, how, thread. */
static long find_event(const uint32_t *event, struct timer *t)
{
	t->signal = SIGALRM;
	if (!event)
		return 0;
	t->value = (int32_t)event[0];
	t->signal = (int)event[1];
	switch (event[2]) {
	case SIGEV_NONE:
		t->signal = 0;
		return 0;
	case SIGEV_THREAD_ID:
		t->tid = event[3];
		if (!threads_find_id(t->tid))
			return -EINVAL;
		/* fall through */
	case SIGEV_SIGNAL:
	case SIGEV_THREAD: /* the library's: it makes threads of signals */
		return t->signal >= 1 && t->signal <= EMUL_SIGNALS_MAX ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

long sys_timer_create(const uint32_t *a)
{
	struct timer fresh = { .used = 1 };
	long result = find_clock(a[0], &fresh);
	unsigned i;

	if (!result)
		result = find_event((const uint32_t *)a[1], &fresh);
	if (result)
		return result;
	emul_lock(&lock);
	for (i = 0; i < POSIX_TIMERS && timers[FIRST_POSIX + i].used; i++)
		;
	if (i < POSIX_TIMERS) {
		if (!a[1])
			fresh.value = (int32_t)i;
		timers[FIRST_POSIX + i] = fresh;
	}
	emul_unlock(&lock);
	if (i == POSIX_TIMERS)
		return -EAGAIN;
	if (emul_copy((void *)a[2], &i, sizeof i)) {
		emul_lock(&lock);
		timers[FIRST_POSIX + i].used = 0;
		emul_unlock(&lock);
		return -EFAULT;
	}
	return 0;
}

/* The timer with this id, locked; NULL: EINVAL. */
static struct timer *lock_timer(uint32_t id)
{
	if (id >= POSIX_TIMERS)
		return NULL;
	emul_lock(&lock);
	if (timers[FIRST_POSIX + id].used)
		return &timers[FIRST_POSIX + id];
	emul_unlock(&lock);
	return NULL;
}

struct setting {
	uint64_t value, interval;
};

static long get_setting(uint32_t id, struct setting *setting)
{
	struct timer *t = lock_timer(id);
	enum clock clock;
	uint64_t now;

	if (!t)
		return -EINVAL;
	clock = t->clock;
	emul_unlock(&lock);
	now = read_clock(clock);
	emul_lock(&lock);
	get(t, now, &setting->value, &setting->interval);
	emul_unlock(&lock);
	return 0;
}

static long change_setting(
	uint32_t id, uint32_t flags, const struct setting *new, struct setting *old)
{
	long result = get_setting(id, old);
	uint64_t now, deadline = 0;
	struct timer *t;

	if (result)
		return result;
	now = read_clock(timers[FIRST_POSIX + id].clock);
	t = lock_timer(id);
	if (!t)
		return -EINVAL;
	if (new->value && (flags & TIMER_ABSTIME))
		deadline = (int64_t) new->value > t->offset ? new->value - (uint64_t)t->offset : 1;
	else if (new->value)
		deadline = now + new->value;
	set(t, deadline, new->interval);
	emul_unlock(&lock);
	service_wake();
	return 0;
}

/* struct itimerspec: interval, value.  Its 64-bit form has 32 bits of each nanosecond field that count. */
static long read_setting(uint32_t address, int wide, struct setting *setting)
{
	int64_t seconds[2];
	uint32_t ns[2], words[8];

	if (emul_copy(words, (const void *)address, wide ? 32 : 16))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		const uint32_t *at = words + i * (wide ? 4 : 2);

		seconds[i] = wide ? (int64_t)(at[0] | (uint64_t)at[1] << 32) : (int32_t)at[0];
		ns[i] = wide ? at[2] : at[1];
		if (seconds[i] < 0 || ns[i] >= NS)
			return -EINVAL;
		if ((uint64_t)seconds[i] > NANOSECONDS_MAX / NS)
			seconds[i] = NANOSECONDS_MAX / NS;
	}
	setting->interval = (uint64_t)seconds[0] * NS + ns[0];
	setting->value = (uint64_t)seconds[1] * NS + ns[1];
	return 0;
}

static long write_setting(uint32_t address, int wide, const struct setting *setting)
{
	const uint64_t ns[2] = { setting->interval, setting->value };
	uint32_t words[8] = { 0 };

	for (int i = 0; i < 2; i++) {
		uint32_t *at = words + i * (wide ? 4 : 2);

		at[0] = (uint32_t)(ns[i] / NS);
		at[wide ? 2 : 1] = (uint32_t)(ns[i] % NS);
	}
	return emul_copy((void *)address, words, wide ? 32 : 16) ? -EFAULT : 0;
}

static long settime(const uint32_t *a, int wide)
{
	struct setting new, old;
	long result = read_setting(a[2], wide, &new);

	if (!result)
		result = change_setting(a[0], a[1], &new, &old);
	return result || !a[3] ? result : write_setting(a[3], wide, &old);
}

static long gettime(const uint32_t *a, int wide)
{
	struct setting setting;
	long result = get_setting(a[0], &setting);

	return result ? result : write_setting(a[1], wide, &setting);
}

long sys_timer_settime(const uint32_t *a)
{
	return settime(a, 0);
}

long sys_timer_settime64(const uint32_t *a)
{
	return settime(a, 1);
}

long sys_timer_gettime(const uint32_t *a)
{
	return gettime(a, 0);
}

long sys_timer_gettime64(const uint32_t *a)
{
	return gettime(a, 1);
}

long sys_timer_getoverrun(const uint32_t *a)
{
	struct timer *t = lock_timer(a[0]);
	long overrun;

	if (!t)
		return -EINVAL;
	overrun = (long)t->told_overrun;
	emul_unlock(&lock);
	return overrun;
}

long sys_timer_delete(const uint32_t *a)
{
	struct timer *t = lock_timer(a[0]);

	if (!t)
		return -EINVAL;
	set(t, 0, 0);
	t->used = 0;
	emul_unlock(&lock);
	signals_timer_gone(a[0]);
	return 0;
}
