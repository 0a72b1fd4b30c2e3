/* futex(2): decoding; the waiting itself is libmasix's vector/futex.c.  Waiters of other
 * processes (words in shared memory) are not seen. */
#include "calls.h"
#include "futexes.h"

#include "vector/clock.h"
#include "vector/futex.h"

#define EINVAL 22
#define EINTR 4
#define ENOSYS 38

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_COMMAND 0x7f
#define FUTEX_CLOCK_REALTIME 0x100

#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_TID 0x3fffffffu
#define ROBUST_LIMIT 2048

static struct futex_table table;

void futexes_wake(uint32_t *word)
{
	(void)futex_wake(&table, (_Atomic uint32_t *)word, 1, FUTEX_ANY);
}

void futexes_fork_prepare(void)
{
	vector_lock(&table.lock);
}

void futexes_fork_parent(void)
{
	vector_unlock(&table.lock);
}

void futexes_fork_child(void)
{
	memset(&table, 0, sizeof table);	/* the waiters were other threads */
}

/* struct robust_list_head: first entry, offset of the lock word from an entry, pending.
 * The list is the program's: walked at most ROBUST_LIMIT entries far. */
void futexes_robust_exit(struct emul_thread *thread)
{
	uint32_t head = thread->robust_list, entry;
	int offset, count;

	if (!head)
		return;
	thread->robust_list = 0;	/* a bad pointer unwinds: not again */
	offset = (int)((const uint32_t *)head)[1];
	entry = *(const uint32_t *)head & ~1u;
	for (count = 0; entry && entry != head && count < ROBUST_LIMIT; count++) {
		uint32_t next = *(const uint32_t *)entry & ~1u;
		uint32_t *word = (uint32_t *)(entry + (uint32_t)offset);

		if ((*word & FUTEX_TID) == thread->vector.id) {
			uint32_t old = __atomic_fetch_or(word, FUTEX_OWNER_DIED, __ATOMIC_SEQ_CST);

			__atomic_fetch_and(word, ~FUTEX_TID, __ATOMIC_SEQ_CST);
			if (old & FUTEX_WAITERS)
				futexes_wake(word);
		}
		entry = next;
	}
}

static long wait(_Atomic uint32_t *word, uint32_t value, uint32_t bits, int64_t deadline)
{
	long result;

	(void)emul_wait_begin(EMUL_WAIT_KERNEL, MACH_PORT_NULL);
	result = emul_signal_arrived() ? -EINTR : futex_wait(&table, word, value, bits, deadline);
	emul_wait_end();
	return result == -EINTR ? -EMUL_RESTART : result;
}

/* timeout: ns, or -1.  val2 is the fourth argument as a number. */
static long futex(const uint32_t *a, int64_t timeout)
{
	_Atomic uint32_t *word = (_Atomic uint32_t *)a[0], *other = (_Atomic uint32_t *)a[4];
	int command = (int)(a[1] & FUTEX_COMMAND);
	int64_t deadline = VECTOR_FOREVER;
	uint32_t compare = a[5];

	if (a[0] & 3)
		return -EINVAL;
	switch (command) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		if (timeout >= 0) {
			/* WAIT counts from now, WAIT_BITSET is absolute on the clock it names. */
			deadline = timeout;
			if (command == FUTEX_WAIT)
				deadline += (int64_t)emul_now_ns();
			else if (a[1] & FUTEX_CLOCK_REALTIME)
				deadline -= emul_realtime_ns() - (int64_t)emul_now_ns();
		}
		return wait(word, a[2], command == FUTEX_WAIT ? FUTEX_ANY : a[5], deadline);
	case FUTEX_WAKE:
		return futex_wake(&table, word, (int)a[2], FUTEX_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(&table, word, (int)a[2], a[5]);
	case FUTEX_REQUEUE:
		return futex_requeue(&table, word, other, (int)a[2], (int)a[3], NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(&table, word, other, (int)a[2], (int)a[3], &compare);
	}
	return -ENOSYS;
}

static int waits(uint32_t operation)
{
	operation &= FUTEX_COMMAND;
	return operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET;
}

long sys_futex(const uint32_t *a)
{
	const int32_t *ts = (const void *)a[3];
	int64_t timeout = -1;

	if (waits(a[1]) && ts) {
		if (ts[0] < 0 || (uint32_t)ts[1] >= 1000000000)
			return -EINVAL;
		timeout = ts[0] * 1000000000ll + ts[1];
	}
	return futex(a, timeout);
}

long sys_futex_time64(const uint32_t *a)
{
	const int64_t *ts = (const void *)a[3];
	int64_t timeout = -1;

	if (waits(a[1]) && ts) {
		int64_t seconds = ts[0] > 4000000000ll ? 4000000000ll : ts[0];

		if (seconds < 0 || (uint64_t)(int32_t)ts[1] >= 1000000000)
			return -EINVAL;
		timeout = seconds * 1000000000ll + (int32_t)ts[1];
	}
	return futex(a, timeout);
}
