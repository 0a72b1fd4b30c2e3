/* Corpses: tasks of servers that have died.  None of their instructions runs any more; a thread of ACS stops and at last
 * ends each of them, since the kernel may take its time: a thread of the corpse can be inside the kernel, waiting for a
 * page that only the corpse could have delivered.  Nobody else of ACS ever waits for that without a bound. */
#ifndef ACS_CORPSE_H
#define ACS_CORPSE_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <stdbool.h>
#include <stdint.h>

struct corpse;

/* What has been put into the space of an heir: under which name, as what (MACH_PORT_TYPE_*). */
struct corpse_right {
	mach_port_t name;
	mach_port_type_t type;
};

/* The task's send right is consumed, and `reply`, the reply right of the exception with which it ended, if that is not
 * null.  NULL when out of memory: then the task has been ended, and nothing is left of it. */
struct corpse *corpse_begin(mach_port_t task, mach_port_t reply);

/* Wait until no thread of it can do anything any more: those that are left wait in the kernel, and end there. */
void corpse_wait(struct corpse *corpse);

/* The right to its task, not a new one. */
mach_port_t corpse_task(const struct corpse *corpse);

/* All rights of the corpse but those to its own task and threads pass to the task `heir`, which has not run yet, under the
 * names that they had.  Receive rights keep the messages that wait; dead names and port sets stay behind, and every send
 * right has one user reference.  *rights (malloc'ed, in the order of the names) says what passed.  On failure the
 * heir may have some of them. */
kern_return_t corpse_hand_over(struct corpse *corpse, mach_port_t heir,
	struct corpse_right **rights, unsigned *count) __attribute__((warn_unused_result));

/* End it; `corpse` is not to be used any more.  Waits a moment for it to be over, if `wait`: then its ports are dead
 * when this returns, unless the kernel does not let go of it. */
void corpse_bury(struct corpse *corpse, bool wait);

#endif
