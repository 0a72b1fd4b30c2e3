/* May two programs have a file open together?  Modes are as given to function 3Dh: access in bits 0 to 2, what is denied to
 * others in bits 4 to 6. */
#ifndef DOS_SHARING_H
#define DOS_SHARING_H

#include <stdbool.h>
#include <stdint.h>

/* Does who has it open by `mode` deny it to `other`? */
static inline bool sharing_denies(uint8_t mode, uint8_t other)
{
	unsigned access = other & 3;

	switch (mode >> 4 & 7) {
	case 1:
		return true;
	case 2:
		return access != 0;
	case 3:
		return access != 1;
	default:
		return false;
	}
}

#endif
