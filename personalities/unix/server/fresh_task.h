/* A task for a set-ID program: nobody but this server holds a right to it, and nothing in it comes from the task
 * that asked for it but the pages of open-file positions, which relatives share. */
#ifndef UNIX_FRESH_TASK_H
#define UNIX_FRESH_TASK_H

#include <mach/mach_types.h>

/* The caller owns the right, and the task until something else does. */
kern_return_t fresh_task_create(mach_port_t old, mach_port_t *task)
	__attribute__((warn_unused_result));

#endif
