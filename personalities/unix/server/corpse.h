/* What the threads of the dead server were doing at their last instruction. */
#ifndef UNIX_CORPSE_H
#define UNIX_CORPSE_H

#include <mach/mach_types.h>
#include <stdbool.h>

/* Look at them; before corpse_has_sent. */
void corpse_examine(mach_port_t task);

/* Had one just sent a message to this reply right, and done nothing since?  The right's name may be another one's already. */
bool corpse_has_sent(mach_port_t reply);

#endif
