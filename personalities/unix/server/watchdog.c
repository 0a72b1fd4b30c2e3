#include "watchdog.h"

#include <mach.h>
#include <mach/task_info.h>
#include <mach_port.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <masix/server.h>

#include "ending.h"
#include "load.h"
#include "machine.h"
#include "memory_policy.h"
#include "server.h"
#include "stuck.h"
#include "task.h"

#define PRIORITY 5 /* ahead of everything that allocates */
#define VICTIM_NICE (-20)
#define LOAD_PERIOD_NS 5000000000ull
#define MEASURE_NS 50000000ull
#define QUIET_NS 1000000000ull
#define PATIENCE_NS                                                                                \
	500000000ull /* a process that ends may take this long to give its memory back */

/* The watchdog's own; static, as there is no memory to be had when they are needed. */
static struct process *candidates[PROCESS_MAX];
static struct memory_use uses[PROCESS_MAX];

static atomic_bool short_of_memory; /* as of the last look */

/* Of processes whose tasks have ended since there was enough: the kernel takes its time to free them. */
static atomic_uint returned;

static void pause_ms(unsigned ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	/* Woken early: we look once more than needed. */
	(void)nanosleep(&time, NULL);
}

static uint32_t resident(mach_port_t task)
{
	struct task_basic_info info = { 0 };
	mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

	if (task_info(task, TASK_BASIC_INFO, (task_info_t)&info, &count) != KERN_SUCCESS)
		return 0;
	return info.resident_size / unix_server.page_size;
}

/* All that have memory but process 1, oldest first, each with a reference. */
static unsigned hold_all(void)
{
	struct process_table *t = &unix_server.table;
	unsigned count = 0;

	table_lock();
	for (struct process *p = t->first; p != NULL && count < PROCESS_MAX; p = p->next) {
		if (p->pid == INIT_PID || p->state == PROCESS_ZOMBIE)
			continue;
		process_ref(p);
		uses[count].uid = p->credentials.ruid;
		uses[count].ends = !process_is_live(p);
		candidates[count++] = p;
	}
	table_unlock();
	return count;
}

static void drop_all(unsigned count)
{
	table_lock();
	for (unsigned i = 0; i < count; i++)
		process_put(&unix_server.table, candidates[i]);
	table_unlock();
}

/* Learn what each one has.  When free pages get scarce the kernel takes whole tasks out of the page tables, and they
 * seem to have nothing: so what was seen before counts as long as that may have happened (`quiet` is false). */
static void measure(unsigned count, bool quiet)
{
	for (unsigned i = 0; i < count; i++) {
		struct process *p = candidates[i];
		/* Of a task that ends nothing can be seen, though its memory is still in use. */
		uint32_t pages = uses[i].ends ? 0 : resident(p->task);

		if ((quiet && !uses[i].ends) || pages > p->pages)
			p->pages = pages;
		uses[i].pages = p->pages;
	}
}

static void kill_process(struct process *p)
{
	struct process_table *t = &unix_server.table;
	char comm[COMM_MAX + 1] = "";

	/* It gives its memory back when its threads have run to their ends: not behind others that
	 * eat memory meanwhile.  Fails only for a task that is gone. */
	kern_return_t ignored = task_set_nice(p->task, VICTIM_NICE);

	(void)ignored;
	table_lock();
	memcpy(comm, p->comm, sizeof(comm));
	p->urgent = true;
	process_end(t, p, SIGKILL);
	table_unlock();
	masix_log("out of memory: killed %s[%d], %u KiB", comm, p->pid,
		p->pages * (unix_server.page_size / 1024));
}

/* What will be free soon. */
static uint64_t coming(unsigned count)
{
	uint64_t sum = atomic_load(&returned);

	for (unsigned i = 0; i < count; i++)
		if (uses[i].ends)
			sum += uses[i].pages;
	return sum;
}

/* Memory is short.  What ends gets time to give back what it has, once and after each kill. */
static void relieve(const struct memory_policy *policy, uint32_t available, unsigned count)
{
	static uint64_t patient_until; /* 0: there was enough at the last look */
	uint64_t now = masix_monotonic_ns();

	if (available >= policy->critical) {
		patient_until = 0;
		atomic_store(&returned, 0);
		return;
	}
	if (patient_until == 0)
		patient_until = now + PATIENCE_NS;

	int victim = memory_victim(uses, count);

	if (victim < 0 || (now < patient_until && memory_comes_back(policy, available,
							  coming(count), uses[victim].pages)))
		return;
	atomic_store(&returned, 0);
	kill_process(candidates[victim]);
	patient_until = masix_monotonic_ns() + PATIENCE_NS;
}

/* Measure everybody now and then, and always when somebody may have to be killed. */
static void look(const struct memory_policy *policy, const struct memory_figures *figures)
{
	static uint64_t measured, scarce; /* when, last */
	uint32_t available = figures->free + figures->cached;
	uint64_t now = masix_monotonic_ns();

	atomic_store(&short_of_memory, available < policy->watch);
	if (figures->free < policy->reserve)
		scarce = now;
	if (available >= policy->critical && now - measured < MEASURE_NS)
		return;
	measured = now;

	unsigned count = hold_all();

	measure(count, now - scarce > QUIET_NS);
	relieve(policy, available, count);
	drop_all(count);
}

void memory_of_ended(const struct process *p)
{
	atomic_fetch_add(&returned, p->pages);
}

bool memory_is_short(void)
{
	return atomic_load(&short_of_memory);
}

static void *watch(void *unused)
{
	struct memory_policy policy =
		memory_policy(unix_server.memory_size / unix_server.page_size);
	uint64_t next_load = 0;
	struct memory_figures figures;

	thread_hurry("watchdog", PRIORITY);
	for (;;) {
		if (!machine_memory(&figures)) {
			pause_ms(100);
			continue;
		}
		look(&policy, &figures);
		stuck_replace();
		if (masix_monotonic_ns() >= next_load) {
			load_sample();
			next_load = masix_monotonic_ns() + LOAD_PERIOD_NS;
		}
		pause_ms(memory_pause(&policy, figures.free + figures.cached));
	}
	return unused;
}

kern_return_t watchdog_start(void)
{
	pthread_t thread;

	return ending_start() && pthread_create(&thread, NULL, watch, NULL) == 0
		       ? KERN_SUCCESS
		       : KERN_RESOURCE_SHORTAGE;
}
