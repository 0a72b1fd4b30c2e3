/* Resource limits: getrlimit and relatives, and what other calls must respect. */
#ifndef EMUL_RLIMITS_H
#define EMUL_RLIMITS_H

#include <stdint.h>

/* The Unix server keeps the limits, since other processes may read and set them; here is a copy. limits_follow: they have
 * changed so often by now; limits_changes: when the copy was made. */
void limits_follow(uint32_t changes);
uint32_t limits_changes(void);
/* The soft limit becomes `most` if it is higher. */
void limits_lower(uint32_t resource, uint64_t most);

/* Descriptors are below this (RLIMIT_NOFILE, at most FD_TABLE_SIZE). */
uint32_t limits_open_files(void);
/* How much of a write of n bytes at `offset` of a regular file RLIMIT_FSIZE lets through; 0 with
 * n > 0: SIGXFSZ was raised, answer -EFBIG. */
uint32_t limits_file_size(int64_t offset, uint32_t n);
/* Is there such a limit?  Who would have to ask where a file ends need not, otherwise. */
int limits_file_size_is_set(void);

#endif
