/* A kernel that is played, for handlers on the host: port names and their references, memory, tasks. Whatever a handler
 * takes or gives back is counted; a name that it uses though it has none ends the fuzzer. */
#ifndef FUZZ_KERNEL_H
#define FUZZ_KERNEL_H

#include <mach/mach_types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

extern uint64_t kernel_now; /* monotonic ns */

/* What may fail does so once in a while, as this number has it; 0: nothing fails. */
extern uint32_t kernel_chances;
bool kernel_fails(unsigned one_in);

/* Nothing is held by anybody. */
void kernel_begin(void);

/* A port of somebody else, to which a request brings a right. */
mach_port_t kernel_right(bool once);
/* That port dies; its name stays until all references have gone. */
void kernel_kill(mach_port_t port);
/* A right of ours leaves with a message. */
void kernel_move(mach_port_t port);
/* A send right is made for an object's port. */
void kernel_make(mach_port_t port);
/* A new name with no reference, for an object's port. */
mach_port_t kernel_name(void);

/* References and pages that are held now. */
unsigned kernel_rights(void);
size_t kernel_pages(void);

/* A task that lives, the n-th or some other one if there are not so many; null if there is none. */
mach_port_t kernel_task(unsigned n);

#endif
