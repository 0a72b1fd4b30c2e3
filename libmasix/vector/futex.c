#include "vector/futex.h"

#include <asm-generic/errno-base.h>
#include <asm-generic/errno.h>
#include <stddef.h>

/* Lives on the waiting thread's stack; the links belong to the table's lock. */
struct futex_waiter {
	struct futex_waiter *next;
	_Atomic uint32_t *address;
	uint32_t bits;
	int queued;
	_Atomic uint32_t woken; /* set last: then the waiter may vanish */
};

static unsigned bucket_of(const _Atomic uint32_t *word)
{
	uintptr_t address = (uintptr_t)word;

	return (address >> 2 ^ address >> 8 ^ address >> 14) % FUTEX_BUCKETS;
}

/* Lock held. */
static void enqueue(struct futex_table *table, struct futex_waiter *waiter)
{
	struct futex_waiter **link = &table->buckets[bucket_of(waiter->address)].first;

	while (*link != NULL)
		link = &(*link)->next;
	waiter->next = NULL;
	*link = waiter;
	waiter->queued = 1;
}

/* Lock held; `waiter` is queued. */
static void dequeue(struct futex_table *table, struct futex_waiter *waiter)
{
	unsigned bucket = bucket_of(waiter->address);
	struct futex_waiter **link = &table->buckets[bucket].first;

	while (*link != waiter)
		link = &(*link)->next;
	*link = waiter->next;
	waiter->queued = 0;
	atomic_fetch_sub(&table->buckets[bucket].waiters, 1);
}

/* Lock held: take up to `count` matching waiters of `word` off the table, as a chain. */
static int take(struct futex_table *table, _Atomic uint32_t *word, int count, uint32_t bits,
	struct futex_waiter **chain)
{
	struct futex_waiter *waiter = table->buckets[bucket_of(word)].first, *next;
	int taken = 0;

	for (; waiter != NULL && taken < count; waiter = next) {
		next = waiter->next;
		if (waiter->address != word || !(waiter->bits & bits))
			continue;
		dequeue(table, waiter);
		waiter->next = NULL;
		*chain = waiter;
		chain = &waiter->next;
		taken++;
	}
	*chain = NULL;
	return taken;
}

/* No lock held: the waiters of `chain` are ours alone until their word is set. */
static void release(struct futex_waiter *chain)
{
	while (chain != NULL) {
		struct futex_waiter *next = chain->next;
		_Atomic uint32_t *woken = &chain->woken;

		atomic_store(woken, 1);
		vector_wake(woken);
		chain = next;
	}
}

/* Leave the table because of a time-out or interruption; 0 if a wake was faster. */
static int give_up(struct futex_table *table, struct futex_waiter *waiter)
{
	int queued;

	vector_lock(&table->lock);
	queued = waiter->queued;
	if (queued)
		dequeue(table, waiter);
	vector_unlock(&table->lock);
	/* Somebody holds us in his chain: he must let go before our stack frame does. */
	while (!queued && !atomic_load(&waiter->woken))
		(void)vector_wait(&waiter->woken, 0, VECTOR_FOREVER);
	return queued;
}

int futex_wait(struct futex_table *table, _Atomic uint32_t *word, uint32_t value, uint32_t bits,
	int64_t deadline)
{
	struct futex_waiter waiter = { .address = word, .bits = bits };
	unsigned bucket = bucket_of(word);

	if (bits == 0)
		return -EINVAL;
	if (atomic_load(word) != value)
		return -EAGAIN;

	vector_lock(&table->lock);
	/* Either a waker sees the count, or we see what it stored before it looked. */
	atomic_fetch_add(&table->buckets[bucket].waiters, 1);
	if (atomic_load(word) != value) {
		atomic_fetch_sub(&table->buckets[bucket].waiters, 1);
		vector_unlock(&table->lock);
		return -EAGAIN;
	}
	enqueue(table, &waiter);
	vector_unlock(&table->lock);

	while (!atomic_load(&waiter.woken)) {
		switch (vector_wait(&waiter.woken, 0, deadline)) {
		case VECTOR_WOKEN:
			break;
		case VECTOR_TIMED_OUT:
			return give_up(table, &waiter) ? -ETIMEDOUT : 0;
		case VECTOR_INTERRUPTED:
			return give_up(table, &waiter) ? -EINTR : 0;
		}
	}
	return 0;
}

int futex_wake(struct futex_table *table, _Atomic uint32_t *word, int count, uint32_t bits)
{
	struct futex_waiter *chain;
	int taken;

	if (bits == 0)
		return -EINVAL;
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&table->buckets[bucket_of(word)].waiters) == 0)
		return 0;
	vector_lock(&table->lock);
	taken = take(table, word, count, bits, &chain);
	vector_unlock(&table->lock);
	release(chain);
	return taken;
}

int futex_requeue(struct futex_table *table, _Atomic uint32_t *from, _Atomic uint32_t *to, int wake,
	int move, const uint32_t *compare)
{
	struct futex_waiter *chain, *moved, *next;
	int taken, transferred;

	if (wake < 0 || move < 0)
		return -EINVAL;
	if (compare != NULL && atomic_load(from) != *compare)
		return -EAGAIN;

	vector_lock(&table->lock);
	if (compare != NULL && atomic_load(from) != *compare) {
		vector_unlock(&table->lock);
		return -EAGAIN;
	}
	taken = take(table, from, wake, FUTEX_ANY, &chain);
	transferred = take(table, from, move, FUTEX_ANY, &moved);
	for (; moved != NULL; moved = next) {
		next = moved->next;
		moved->address = to;
		atomic_fetch_add(&table->buckets[bucket_of(to)].waiters, 1);
		enqueue(table, moved);
	}
	vector_unlock(&table->lock);
	release(chain);
	return taken + transferred;
}
