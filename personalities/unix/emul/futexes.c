/* futex(2): decoding.  Waiting on a word of private memory is libmasix's vector/futex.c, exact and
 * without a message where nobody waits; a word that other processes may share is the
 * kernel's gsync by memory object. */
#include <asm/errno.h>
#include <mach/vm_inherit.h>

#include "calls.h"
#include "futexes.h"
#include "gnumach.h"

#include "vector/clock.h"
#include "vector/futex.h"
#include "vector/region.h"

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_COMMAND 0x7f
#define FUTEX_PRIVATE 0x80
#define FUTEX_CLOCK_REALTIME 0x100

#define GSYNC_SHARED 1 /* kern/gsync.h, which no package installs */
#define GSYNC_TIMED 4
#define GSYNC_BROADCAST 8

#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_TID 0x3fffffffu
#define ROBUST_LIMIT 2048

static struct futex_table table;

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
	memset(&table, 0, sizeof table); /* the waiters were other threads */
}

/* May processes share the word?  Only asked where the program does not say PRIVATE.  Private memory
 * must not go to gsync's shared road: a copy-on-write between wait and wake changes
 * the object by which it knows the word. */
static int is_shared(const uint32_t *a)
{
	struct region_entry entry;

	return !(a[1] & FUTEX_PRIVATE) && region_find(a[0] & ~3u, &entry) &&
	       entry.address <= a[0] && entry.inheritance == VM_INHERIT_SHARE;
}

static long wait_shared(volatile uint32_t *word, uint32_t value, int64_t deadline)
{
	uint32_t ms = 0;
	int flags = GSYNC_SHARED;
	kern_return_t kr = KERN_ABORTED;

	if (*word != value)
		return -EAGAIN;
	if (deadline != VECTOR_FOREVER) {
		int64_t left = deadline - (int64_t)emul_now_ns();

		if (left <= 0)
			return -ETIMEDOUT;
		ms = vector_ms(left);
		flags |= GSYNC_TIMED;
	}
	(void)emul_wait_begin(EMUL_WAIT_KERNEL, MACH_PORT_NULL);
	if (!emul_signal_arrived())
		kr = gsync_wait(EMUL_PORT_TASK, (vm_address_t)word, value, 0, ms, flags);
	emul_wait_end();
	switch (kr) {
	case KERN_SUCCESS:
		return 0;
	case KERN_INVALID_ARGUMENT:
		return -EAGAIN;
	case KERN_TIMEDOUT:
		return -ETIMEDOUT;
	case KERN_INVALID_ADDRESS:
		return -EFAULT;
	}
	return deadline == VECTOR_FOREVER ? -EMUL_RESTART : -EMUL_RESTART_NOHAND;
}

/* How many were woken is not told: none is reported. */
static long wake_shared(uint32_t word, uint32_t count)
{
	int flags = GSYNC_SHARED | (count > 1 ? GSYNC_BROADCAST : 0);

	return gsync_wake(EMUL_PORT_TASK, word, 0, flags) == KERN_INVALID_ADDRESS ? -EFAULT : 0;
}

static void wake_one(uint32_t word, int alone)
{
	const uint32_t any[2] = { word };

	if (!alone)
		(void)futex_wake(&table, (_Atomic uint32_t *)word, 1, FUTEX_ANY);
	if (is_shared(any))
		(void)wake_shared(word, 1);
}

void futexes_wake(uint32_t *word)
{
	wake_one((uint32_t)word, 0);
}

/* One lock of a thread that ends.  If the thread was just letting go of it (`pending`), the waiter it would have woken
 * must be told. */
static void abandon(const struct emul_thread *thread, uint32_t word, int pending, int alone)
{
	uint32_t value, seen;

	if (word % sizeof value || emul_copy(&value, (const void *)word, sizeof value))
		return;
	for (;;) {
		if ((value & FUTEX_TID) != thread->vector.id) {
			if (pending && value == 0)
				wake_one(word, alone);
			return;
		}
		seen = value;
		if (emul_exchange(
			    (uint32_t *)word, &seen, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return;
		if (seen == value)
			break;
		value = seen;
	}
	if (value & FUTEX_WAITERS)
		wake_one(word, alone);
}

void futexes_robust_exit(struct emul_thread *thread, int alone)
{
	struct {
		uint32_t first, offset, pending;
	} head;
	uint32_t list = thread->robust_list, entry, next;
	int count;

	thread->robust_list = 0;
	if (!list || emul_copy(&head, (const void *)list, sizeof head))
		return;
	/* The lowest bit tells of priority inheritance. */
	head.pending &= ~1u;
	entry = head.first & ~1u;
	for (count = 0; entry != list && count < ROBUST_LIMIT; count++) {
		if (emul_copy(&next, (const void *)entry, sizeof next))
			break;
		if (entry != head.pending)
			abandon(thread, entry + head.offset, 0, alone);
		entry = next & ~1u;
	}
	if (head.pending)
		abandon(thread, head.pending + head.offset, 1, alone);
}

/* FUTEX_WAKE_OP: change *word by the operation, which says whether its waiters wake too. */
static int apply(_Atomic uint32_t *word, uint32_t operation)
{
	int32_t argument = (int32_t)(operation << 8) >> 20,
		compare = (int32_t)(operation << 20) >> 20;
	uint32_t old, new;

	if (operation >> 31)
		argument = (int32_t)(1u << (argument & 31));
	do {
		old = *word;
		switch (operation >> 28 & 7) {
		case 0:
			new = (uint32_t)argument;
			break;
		case 1:
			new = old + (uint32_t)argument;
			break;
		case 2:
			new = old | (uint32_t)argument;
			break;
		case 3:
			new = old & ~(uint32_t)argument;
			break;
		case 4:
			new = old ^ (uint32_t)argument;
			break;
		default:
			return -ENOSYS;
		}
	} while (!atomic_compare_exchange_weak(word, &old, new));
	switch (operation >> 24 & 15) {
	case 0:
		return (int32_t)old == compare;
	case 1:
		return (int32_t)old != compare;
	case 2:
		return (int32_t)old < compare;
	case 3:
		return (int32_t)old <= compare;
	case 4:
		return (int32_t)old > compare;
	case 5:
		return (int32_t)old >= compare;
	}
	return -ENOSYS;
}

static long wake_with_operation(const uint32_t *a)
{
	_Atomic uint32_t *word = (_Atomic uint32_t *)a[0], *other = (_Atomic uint32_t *)a[4];
	int too = apply(other, a[5]), woken;

	if (too < 0)
		return too;
	woken = futex_wake(&table, word, (int)a[2], FUTEX_ANY);
	if (too)
		woken += futex_wake(&table, other, (int)a[3], FUTEX_ANY);
	return woken;
}

static long wait(_Atomic uint32_t *word, uint32_t value, uint32_t bits, int64_t deadline)
{
	long result;

	(void)emul_wait_begin(EMUL_WAIT_KERNEL, MACH_PORT_NULL);
	result = emul_signal_arrived() ? -EINTR : futex_wait(&table, word, value, bits, deadline);
	emul_wait_end();
	if (result != -EINTR)
		return result;
	return deadline == VECTOR_FOREVER ? -EMUL_RESTART : -EMUL_RESTART_NOHAND;
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
		if (is_shared(a))
			return wait_shared((volatile uint32_t *)a[0], a[2], deadline);
		return wait(word, a[2], command == FUTEX_WAIT ? FUTEX_ANY : a[5], deadline);
	case FUTEX_WAKE:
		if (is_shared(a))
			return wake_shared(a[0], a[2]);
		return futex_wake(&table, word, (int)a[2], FUTEX_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(&table, word, (int)a[2], a[5]);
	case FUTEX_WAKE_OP:
		return wake_with_operation(a);
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
