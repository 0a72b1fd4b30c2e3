#include "task.h"

#include <mach.h>
#include <mach/task_info.h>
#include <mach/thread_info.h>
#include <mach_debug.h>
#include <mach_host.h>
#include <mach_port.h>
#include <pthread.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "server.h"

/* Kernel object types, as mach_port_kernel_object gives them. */
#define KERNEL_THREAD 1
#define KERNEL_TASK 2

#define BASE_PRIORITY 25
#define THREAD_STACK (256 * 1024) /* as workers have */

static bool right_is(mach_port_t name, unsigned wanted)
{
	unsigned type = 0;
	vm_offset_t address;

	return mach_port_kernel_object(mach_task_self(), name, &type, &address) == KERN_SUCCESS &&
	       type == wanted;
}

bool right_is_task(mach_port_t name)
{
	return right_is(name, KERNEL_TASK);
}

bool right_is_thread(mach_port_t name)
{
	return right_is(name, KERNEL_THREAD);
}

static uint64_t microseconds(rpc_time_value_t t)
{
	return (uint64_t)t.seconds * 1000000 + t.microseconds;
}

/* The 64-bit system time of this kernel repeats the user time: the old fields are right. */
bool task_figures(mach_port_t task, struct task_figures *figures)
{
	struct task_basic_info basic = { 0 };
	struct task_thread_times_info live = { 0 };
	struct task_events_info events = { 0 };
	mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

	memset(figures, 0, sizeof(*figures));
	if (task_info(task, TASK_BASIC_INFO, (task_info_t)&basic, &count) != KERN_SUCCESS)
		return false;
	count = TASK_THREAD_TIMES_INFO_COUNT;
	if (task_info(task, TASK_THREAD_TIMES_INFO, (task_info_t)&live, &count) != KERN_SUCCESS)
		return false;
	count = TASK_EVENTS_INFO_COUNT;
	if (task_info(task, TASK_EVENTS_INFO, (task_info_t)&events, &count) == KERN_SUCCESS)
		figures->faults = events.faults;
	figures->virtual_kib = basic.virtual_size / 1024;
	figures->resident_kib = basic.resident_size / 1024;
	figures->user_us = microseconds(basic.user_time) + microseconds(live.user_time);
	figures->system_us = microseconds(basic.system_time) + microseconds(live.system_time);
	return true;
}

/* What `judge` says of the threads, added up. */
static unsigned count_threads(
	mach_port_t task, bool (*judge)(const struct thread_basic_info *), unsigned *total)
{
	thread_array_t list;
	mach_msg_type_number_t count;
	unsigned sum = 0;

	*total = 0;
	if (task_threads(task, &list, &count) != KERN_SUCCESS)
		return 0;
	for (mach_msg_type_number_t i = 0; i < count; i++) {
		struct thread_basic_info info = { 0 };
		mach_msg_type_number_t words = THREAD_BASIC_INFO_COUNT;

		if (thread_info(list[i], THREAD_BASIC_INFO, (thread_info_t)&info, &words) ==
			KERN_SUCCESS)
			sum += judge(&info);
		mach_port_deallocate(mach_task_self(), list[i]);
	}
	vm_deallocate(mach_task_self(), (vm_address_t)list, count * sizeof(*list));
	*total = count;
	return sum;
}

static bool runs_now(const struct thread_basic_info *info)
{
	return info->run_state == TH_STATE_RUNNING;
}

static bool is_let_run(const struct thread_basic_info *info)
{
	return info->suspend_count == 0;
}

bool task_thread_figures(mach_port_t task, unsigned *threads, bool *runs)
{
	*runs = count_threads(task, runs_now, threads) > 0;
	return *threads > 0;
}

bool task_one_thread(mach_port_t task, mach_port_t name, struct masix_usage *usage)
{
	mach_msg_type_number_t words = THREAD_BASIC_INFO_COUNT;
	struct thread_basic_info info = { 0 };
	mach_msg_type_name_t type;
	mach_port_t thread;
	bool runs = false;

	usage->user = usage->system = 0;
	if (name == MACH_PORT_NULL || mach_port_extract_right(task, name, MACH_MSG_TYPE_COPY_SEND,
					      &thread, &type) != KERN_SUCCESS)
		return false;
	if (right_is_thread(thread) && thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info,
					       &words) == KERN_SUCCESS) {
		usage->user = microseconds(info.user_time);
		usage->system = microseconds(info.system_time);
		runs = runs_now(&info);
	}
	mach_port_deallocate(mach_task_self(), thread);
	return runs;
}

bool task_can_run(mach_port_t task)
{
	unsigned total;

	return count_threads(task, is_let_run, &total) > 0;
}

void task_usage(mach_port_t task, struct masix_usage *usage)
{
	struct task_figures figures;

	if (!task_figures(task, &figures))
		return;
	usage->user = figures.user_us;
	usage->system = figures.system_us;
	usage->faults = figures.faults;
	usage->max_resident = figures.resident_kib;
}

/* A thread's priority cannot pass its maximum, which only the processor set's control port lifts. */
static kern_return_t allow_priority(mach_port_t task, int priority)
{
	thread_array_t threads;
	mach_msg_type_number_t count;
	kern_return_t kr = task_threads(task, &threads, &count);

	if (kr != KERN_SUCCESS)
		return kr;
	for (mach_msg_type_number_t i = 0; i < count; i++) {
		if (unix_server.processor_set != MACH_PORT_NULL && kr == KERN_SUCCESS)
			kr = thread_max_priority(threads[i], unix_server.processor_set, priority);
		mach_port_deallocate(mach_task_self(), threads[i]);
	}
	vm_deallocate(mach_task_self(), (vm_address_t)threads, count * sizeof(*threads));
	return kr;
}

kern_return_t task_set_nice(mach_port_t task, int nice)
{
	/* -20..19 to 10..39: lower is better, servers stay ahead of every process. */
	int priority = BASE_PRIORITY + nice * 3 / 4;
	kern_return_t kr = KERN_SUCCESS;

	if (priority < BASE_PRIORITY)
		kr = allow_priority(task, priority);
	return kr == KERN_SUCCESS ? task_priority(task, priority, TRUE) : kr;
}

void thread_hurry(const char *what, int priority)
{
	mach_port_t self = mach_thread_self();
	kern_return_t kr = masix_wire_thread(unix_server.host_priv);

	if (kr == KERN_SUCCESS)
		kr = thread_max_priority(self, unix_server.processor_set, priority);
	if (kr == KERN_SUCCESS)
		kr = thread_priority(self, priority, FALSE);
	if (kr != KERN_SUCCESS)
		masix_log("%s: no priority: %s", what, masix_strerror(kr));
	mach_port_deallocate(mach_task_self(), self);
}

bool thread_detached(void *(*run)(void *), void *argument)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool started;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	started = pthread_attr_setstacksize(&attributes, THREAD_STACK) == 0 &&
		  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
		  pthread_create(&thread, &attributes, run, argument) == 0;
	(void)pthread_attr_destroy(&attributes);
	return started;
}
