/* The time-outs of poll, select and their relatives, and the mask that some bring. */
#ifndef EMUL_TIMEOUT_H
#define EMUL_TIMEOUT_H

#include <stdint.h>

/* Structures of the program that hold a time. */
enum timeout_format { TIMEOUT_TIMEVAL, TIMEOUT_TIMESPEC, TIMEOUT_TIMESPEC64 };

/* The deadline (emul_now_ns) that the structure at `address` means; WAITING_FOREVER for null, 0 for a
 * time of zero.  0 or -EINVAL. */
long timeout_read(uint32_t address, enum timeout_format format, uint64_t *deadline);
/* Write back what is left of it.  Never faults: a structure that cannot be written stays. */
void timeout_write(uint32_t address, enum timeout_format format, uint64_t deadline);

/* Take over the signal mask at `address` (null: none) for the time of the call; *changed says
 * whether timeout_mask_end must undo it. */
long timeout_mask(uint32_t address, uint32_t size, int *changed);
void timeout_mask_end(int changed, long result);

#endif
