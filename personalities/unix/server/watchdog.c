#include "watchdog.h"

#include <mach.h>
#include <mach/task_info.h>
#include <mach_port.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include <masix/server.h>

#include "load.h"
#include "machine.h"
#include "memory_policy.h"
#include "server.h"
#include "stuck.h"
#include "task.h"

#define PRIORITY 5 /* ahead of everything that allocates */
#define VICTIM_NICE (-20)
#define LOAD_PERIOD_NS 5000000000ull
#define FREEING_MS 500 /* a killed process may take this long to give its memory back */

static void pause_ms(unsigned ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	/* Woken early: we look once more than needed. */
	(void)nanosleep(&time, NULL);
}

/* Pages that can be had: free ones, and file pages, which the kernel evicts. */
static bool available(uint32_t *pages)
{
	struct memory_figures figures;

	if (!machine_memory(&figures))
		return false;
	*pages = figures.free + figures.cached;
	return true;
}

static uint32_t resident(mach_port_t task)
{
	struct task_basic_info info = { 0 };
	mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

	if (task_info(task, TASK_BASIC_INFO, (task_info_t)&info, &count) != KERN_SUCCESS)
		return 0;
	return info.resident_size / unix_server.page_size;
}

/* The next process after `p` that may be killed, with a reference; drops that of p. */
static struct process *next_candidate(struct process *p)
{
	struct process_table *t = &unix_server.table;
	int after = p != NULL ? p->pid : 0;
	struct process *next = NULL;

	table_lock();
	/* In order of pid, so that a list that changes meanwhile does not matter. */
	for (struct process *q = t->first; q != NULL; q = q->next)
		if (q->pid > after && q->pid != INIT_PID && process_is_live(q) &&
			(next == NULL || q->pid < next->pid))
			next = q;
	if (next != NULL)
		process_ref(next);
	if (p != NULL)
		process_put(t, p);
	table_unlock();
	return next;
}

/* Kill the process with most memory.  False: there is none to kill. */
static bool kill_largest(void)
{
	struct process_table *t = &unix_server.table;
	uint32_t most = 0;
	int victim = 0;

	for (struct process *p = next_candidate(NULL); p != NULL; p = next_candidate(p)) {
		uint32_t pages = resident(p->task);

		if (pages > most) {
			most = pages;
			victim = p->pid;
		}
	}
	if (victim == 0)
		return false;

	char comm[COMM_MAX + 1] = "";

	table_lock();
	struct process *p = process_find(t, victim);

	if (p != NULL)
		process_ref(p);
	table_unlock();
	if (p != NULL) {
		/* It gives its memory back when its threads have run to their ends: not behind others that
		 * eat memory meanwhile.  Fails only for a task that is gone. */
		kern_return_t ignored = task_set_nice(p->task, VICTIM_NICE);

		(void)ignored;
		table_lock();
		memcpy(comm, p->comm, sizeof(comm));
		process_end(t, p, SIGKILL);
		process_put(t, p);
		table_unlock();
	}
	masix_log("out of memory: killed %s[%d], %u KiB", comm, victim,
		most * (unix_server.page_size / 1024));
	return true;
}

/* Wait until what a kill frees has arrived. */
static void wait_for_memory(const struct memory_policy *policy)
{
	uint32_t pages;

	for (unsigned waited = 0; waited < FREEING_MS; waited += 10) {
		if (available(&pages) && pages > policy->critical)
			return;
		pause_ms(10);
	}
}

static void *watch(void *unused)
{
	struct memory_policy policy =
		memory_policy(unix_server.memory_size / unix_server.page_size);
	uint64_t next_load = 0;
	uint32_t pages;

	thread_hurry("watchdog", PRIORITY);
	for (;;) {
		if (!available(&pages)) {
			pause_ms(100);
			continue;
		}
		if (pages < policy.critical && kill_largest())
			wait_for_memory(&policy);
		workers_replace_stuck();
		if (masix_monotonic_ns() >= next_load) {
			load_sample();
			next_load = masix_monotonic_ns() + LOAD_PERIOD_NS;
		}
		pause_ms(memory_pause(&policy, pages));
	}
	return unused;
}

kern_return_t watchdog_start(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, watch, NULL) == 0 ? KERN_SUCCESS
							       : KERN_RESOURCE_SHORTAGE;
}
