/* What the kernel says about tasks. */
#ifndef UNIX_TASK_H
#define UNIX_TASK_H

#include <mach/mach_types.h>
#include <stdbool.h>

#include <masix/types.h>

/* Is the right `name` a task (a thread) of the kernel?  Asks the kernel about our own right, so that
 * somebody's lookalike port is never waited for. */
bool right_is_task(mach_port_t name);
bool right_is_thread(mach_port_t name);

/* Times and memory of a task so far; leaves *usage alone if it is gone. */
void task_usage(mach_port_t task, struct masix_usage *usage);

struct task_figures {
	uint32_t virtual_kib, resident_kib;
	uint64_t user_us, system_us;
	uint32_t faults;
};

/* The same for /proc.  False: it is gone. */
bool task_figures(mach_port_t task, struct task_figures *figures);

/* How many threads it has, and whether one of them runs or could. */
bool task_thread_figures(mach_port_t task, unsigned *threads, bool *runs);

/* The times of the thread that has this name in the task; returns whether it runs. */
bool task_one_thread(mach_port_t task, mach_port_t name, struct masix_usage *usage);

/* Does it have a thread that is not suspended? */
bool task_can_run(mach_port_t task);

/* Linux's nice to Mach's priority, applied to the task and its threads. */
kern_return_t task_set_nice(mach_port_t task, int nice) __attribute__((warn_unused_result));

/* The calling thread gets this Mach priority (0 is best) and the kernel's reserve of memory: what it does
 * makes memory free.  Failure is only logged, for `what`. */
void thread_hurry(const char *what, int priority);

/* A thread that nobody joins, with a small stack.  False: no memory. */
bool thread_detached(void *(*run)(void *), void *argument);

#endif
