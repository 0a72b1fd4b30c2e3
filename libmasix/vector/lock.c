#include "vector/lock.h"

#include "vector/wait.h"

void vector_lock(struct vector_lock *lock)
{
	uint32_t expected = 0;

	if (atomic_compare_exchange_strong(&lock->state, &expected, 1))
		return;
	while (atomic_exchange(&lock->state, 2) != 0)
		(void)vector_wait(&lock->state, 2, VECTOR_FOREVER); /* any outcome: try again */
}

void vector_unlock(struct vector_lock *lock)
{
	if (atomic_exchange(&lock->state, 0) == 2)
		vector_wake(&lock->state);
}
