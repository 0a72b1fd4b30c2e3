/* /proc/self/fd: the directory of this process's own descriptors, which only this library knows. */
#ifndef EMUL_DESCRIPTORS_H
#define EMUL_DESCRIPTORS_H

#include "file.h"

/* The directory itself, and the link that stands for a descriptor (0 or -ENOENT). */
void descriptors_stat(struct masix_stat *stat);
long descriptors_stat_link(uint32_t fd, struct masix_stat *stat);

/* What a link of /proc/self says (`own` as path_own_link gives it): its length at `out`, or -ENOENT
 * also for a file whose name is not known. */
long descriptors_target(int own, char *out, uint32_t size);

/* Entries from position `cookie` as dir_entries gives them: *size is the room at `buffer` (of the program, like
 * that of a message), then what was used.  0. */
long descriptors_entries(int64_t cookie, char *buffer, uint32_t *size);

#endif
