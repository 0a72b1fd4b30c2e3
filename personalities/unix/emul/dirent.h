/* Directory entries of dir_entries as Linux's records.  Pure. */
#ifndef EMUL_DIRENT_H
#define EMUL_DIRENT_H

#include <stdint.h>

#include <masix/types.h>

/* Convert `size` bytes of struct masix_dirent at `from` (which a server made: nothing is trusted) to struct
 * linux_dirent64, or struct linux_dirent, within `room` bytes at `to`.  The 64-bit form takes
 * the same bytes as the source, the old one fewer, and `to` may be `from`.  *next is the cookie after the
 * last entry converted.  The bytes written, or -EINVAL: not even one fits; -EIO: malformed. */
int32_t dirent_to_64(const char *from, uint32_t size, char *to, uint32_t room, int64_t *next);
int32_t dirent_to_32(const char *from, uint32_t size, char *to, uint32_t room, int64_t *next);

#endif
