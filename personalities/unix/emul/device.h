/* Device nodes by number: which are served inside the process, and what the others are called. */
#ifndef EMUL_DEVICE_H
#define EMUL_DEVICE_H

#include <stdint.h>

/* EMUL_FILE_NULL, _ZERO, _FULL, _RANDOM; EMUL_FILE_NONE: it has a server.  Pure. */
uint32_t device_local_kind(uint32_t rdev);

/* The usual path of a character device, terminated, for /proc/self/fd: its length, 0 if it has none.
 * Pure. */
uint32_t device_name(uint32_t rdev, char *out, uint32_t size);

#endif
