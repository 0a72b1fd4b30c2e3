/* A sleeping lock in one word, for code that runs below glibc.  An uncontended lock and unlock
 * take no message.  A fork leaves the child's copy as it was: set it to zero there. */
#ifndef LIBMASIX_LOCK_H
#define LIBMASIX_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

struct vector_lock {
	_Atomic uint32_t state; /* 0 free, 1 held, 2 held and waited for */
};

void vector_lock(struct vector_lock *lock);
void vector_unlock(struct vector_lock *lock);

#endif
