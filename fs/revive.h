/* The successor of a dead file server: everything is put together again from what was kept. */
#ifndef FS_REVIVE_H
#define FS_REVIVE_H

#include <masix/estate.h>

#include "mount.h"

/* Find what was kept and what is whole of it.  False, with a line in the log: nothing can be done with it, and what it led to
 * is to be given up.  Nothing runs yet. */
bool revive_find(mach_port_t device_master) CHECKED;

/* Then adopt the ports, answer what was done and not answered, and give the kernel the pages that it waits for; *mounts are
 * the file systems.  The pager threads run after it. */
int revive_adopt(struct masix_estate *estate, struct mount **mounts) CHECKED;

/* And finish what was half done. */
void revive_finish(struct mount *mounts);

#endif
