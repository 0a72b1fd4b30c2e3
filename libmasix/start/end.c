/* The end of a server: by an exception that ACS serves, so that ACS finds the task as it is. */
#include <mach/task_special_ports.h>
#include <mach/thread_special_ports.h>
#include <masix/mach.h>

#include "mach.h"
#include "start/start.h"

void vector_exit_task(void)
{
	/* The kernel asks the thread's port first, then the task's; if nobody is there, it ends the task. */
	if (MACH_PORT_VALID(start.session) &&
		thread_set_special_port(vector_thread()->port, THREAD_EXCEPTION_PORT,
			start.session) == KERN_SUCCESS &&
		task_set_special_port(vector_task.task, TASK_EXCEPTION_PORT, start.session) ==
			KERN_SUCCESS)
		__asm__ volatile("hlt");
	for (;;)
		(void)task_terminate(vector_task.task);
}
