/* What happens to servers by itself: starts in order, restarts, ends of those that are late. */
#ifndef ACS_LAUNCHER_H
#define ACS_LAUNCHER_H

#include "server.h"

/* Do all that is due at `now`.  Takes acs->lock; making a task takes some 100 ms, without the lock. */
void launcher_run(struct acs *acs, uint64_t now);

/* When there is something to do again: UINT64_MAX for never.  Under acs->lock. */
uint64_t launcher_deadline(struct acs *acs, uint64_t now);

#endif
