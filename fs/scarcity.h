/* What to do while the kernel holds memory back.
 *
 * When its free pages get scarce the kernel lets only privileged (wired) threads have more, and cleans and takes pages
 * away until there are enough.  All of this server's threads are privileged, since memory is freed through them; if
 * they went on to read files for everybody meanwhile, they would use up the reserve, and then the kernel panics.
 * So work that takes memory and that no cleaning depends on waits as any program must. */
#ifndef FS_SCARCITY_H
#define FS_SCARCITY_H

#include <stdbool.h>
#include <stdint.h>

/* `total`: pages of the machine. */
void scarcity_init(uint32_t total);

/* Will `pages` more have to wait? */
bool scarcity_is_near(unsigned pages);

/* Before `pages` more are taken: wait until the kernel has memory for everybody again.  For threads that hold no lock; pager threads may not. */
void scarcity_wait(unsigned pages);

#endif
