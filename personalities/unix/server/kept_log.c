/* Transactions: old values are noted before they are overwritten.  The compiler calls the functions at the end of this file before
 * every store of the server's sources. */
#include <pthread.h>
#include <stdlib.h>

#include "kept_region.h"

#undef memcpy
#undef memset

#define SEEN 64u /* words that were noted last */
#define FRESH_LOOKED_AT 4u

static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static bool slot_in_use[KEPT_SLOTS];
static pthread_key_t key;
static bool has_key;

static _Thread_local struct kept_slot *own;
static _Thread_local bool is_on;
static _Thread_local uint32_t seen[SEEN];

KEPT_RAW static void barrier(void)
{
	__asm__ volatile("" ::: "memory");
}

/* The thread ends: it holds nothing. */
static void leave_slot(void *slot)
{
	pthread_mutex_lock(&slots_lock);
	slot_in_use[(struct kept_slot *)slot - kept_slot(0)] = false;
	pthread_mutex_unlock(&slots_lock);
}

KEPT_RAW static struct kept_slot *take_slot(void)
{
	unsigned i = 0;

	pthread_mutex_lock(&slots_lock);
	if (!has_key)
		has_key = pthread_key_create(&key, leave_slot) == 0;
	while (i < KEPT_SLOTS && slot_in_use[i])
		i++;
	if (i == KEPT_SLOTS)
		abort(); /* there are fewer threads than that */
	slot_in_use[i] = true;
	pthread_mutex_unlock(&slots_lock);
	(void)pthread_setspecific(key, kept_slot(i)); /* else the slot stays taken */
	own = kept_slot(i);
	if (own->log == NULL) {
		own->log = own->first_log;
		own->log_room = KEPT_LOG_WORDS;
	}
	return own;
}

struct kept_slot *log_slot(void)
{
	return own != NULL ? own : take_slot();
}

bool log_is_on(void)
{
	return is_on;
}

KEPT_RAW void log_begin(void)
{
	(void)log_slot();
	if (is_on)
		return;
	memset(seen, 0, sizeof(seen));
	is_on = true;
}

/* --- The log: for each run of words the words, their address, their number --- */

KEPT_RAW static void free_log(struct kept_slot *slot, uint32_t *log)
{
	const struct kept_span span = { .at = log };

	if (log != slot->first_log)
		heap_free(&span);
}

KEPT_RAW static void grow(struct kept_slot *slot, uint32_t needed)
{
	uint32_t room = slot->log_room * 4, *old = slot->log;

	while (room < slot->log_used + needed)
		room *= 2;
	uint32_t *new = heap_allocate(room * sizeof(*new), false, false);

	if (new == NULL)
		abort(); /* better now than without a way back */
	memcpy(new, old, slot->log_used * sizeof(*new));
	barrier();
	slot->log = new;
	slot->log_room = room;
	free_log(slot, old);
}

KEPT_RAW static bool is_fresh(const struct kept_slot *slot, uintptr_t from, uintptr_t to)
{
	uint32_t look = slot->fresh_count < FRESH_LOOKED_AT ? slot->fresh_count : FRESH_LOOKED_AT;

	for (uint32_t i = slot->fresh_count - look; i < slot->fresh_count; i++) {
		const struct kept_span *span = &slot->fresh[i];
		uintptr_t start = (uintptr_t)span->at;

		if (from >= start &&
			to <= start + (span->size > 0 ? span->size : heap_size_of(span->at)))
			return true;
	}
	return false;
}

KEPT_RAW static void note(uintptr_t from, size_t size)
{
	struct kept_slot *slot = own;
	uint32_t *words = (uint32_t *)(from & ~(uintptr_t)3);
	uint32_t count = ((from + size + 3) & ~(uintptr_t)3) / 4 - from / 4;

	if (count == 1) {
		if (seen[from / 4 % SEEN] == from / 4)
			return;
		seen[from / 4 % SEEN] = from / 4;
	}
	if (is_fresh(slot, from, from + size))
		return;
	if (slot->log_room - slot->log_used < count + 2)
		grow(slot, count + 2);
	uint32_t *to = slot->log + slot->log_used;

	for (uint32_t i = 0; i < count; i++)
		to[i] = words[i];
	to[count] = (uint32_t)(uintptr_t)words;
	to[count + 1] = count;
	barrier();
	slot->log_used += count + 2;
	barrier();
}

KEPT_RAW void kept_note(const void *to, size_t size)
{
	if (is_kept(to) && is_on && size > 0)
		note((uintptr_t)to, size);
}

KEPT_RAW void log_undo(struct kept_slot *slot)
{
	const uint32_t *end = slot->log + slot->log_used;

	while (end > slot->log) {
		uint32_t count = end[-1], *to = (uint32_t *)(uintptr_t)end[-2];

		end -= count + 2;
		for (uint32_t i = 0; i < count; i++)
			to[i] = end[i];
	}
}

/* --- Memory --- */

KEPT_RAW void log_fresh(const struct kept_span *span)
{
	struct kept_slot *slot = log_slot();

	/* More are only lost if the thread dies now. */
	if (slot->fresh_count == KEPT_FRESH)
		return;
	slot->fresh[slot->fresh_count] = *span;
	barrier();
	slot->fresh_count++;
}

KEPT_RAW static void forget_fresh(struct kept_slot *slot, const char *at)
{
	for (uint32_t i = slot->fresh_count; i-- > 0;)
		if (at == slot->fresh[i].at ||
			(at > (char *)slot->fresh[i].at &&
				at < (char *)slot->fresh[i].at + slot->fresh[i].size)) {
			slot->fresh[i] = slot->fresh[slot->fresh_count - 1];
			barrier();
			slot->fresh_count--;
			return;
		}
}

KEPT_RAW bool log_free_later(const struct kept_span *span)
{
	struct kept_slot *slot = log_slot();

	if (!is_on) {
		forget_fresh(slot, span->at);
		return false;
	}
	/* Also a fresh one: the log may speak of it, and nobody else shall have it before that is gone. */
	if (slot->free_count == KEPT_FREES)
		abort();
	slot->frees[slot->free_count] = *span;
	barrier();
	slot->free_count++;
	return true;
}

/* Also by the successor. */
KEPT_RAW static void free_all(struct kept_slot *slot)
{
	uint32_t *log = slot->log;

	while (slot->free_count > 0)
		heap_free(&slot->frees[--slot->free_count]);
	slot->fresh_count = 0;
	slot->log_used = 0;
	if (log != slot->first_log) {
		slot->log = slot->first_log;
		slot->log_room = KEPT_LOG_WORDS;
		barrier();
		free_log(slot, log);
	}
	barrier();
	slot->phase = KEPT_OPEN;
}

KEPT_RAW void log_commit(struct kept_slot *slot)
{
	barrier();
	slot->phase = KEPT_DONE;
	barrier();
	is_on = false;
}

/* The locks are gone. */
KEPT_RAW void log_end(struct kept_slot *slot)
{
	free_all(slot);
}

/* --- What the compiler calls: KASAN's interface --- */

#define STORE(size)                                                                                \
	void __asan_store##size##_noabort(void *address);                                          \
	KEPT_RAW void __asan_store##size##_noabort(void *address)                                  \
	{                                                                                          \
		if (is_kept(address) && is_on)                                                     \
			note((uintptr_t)address, size);                                            \
	}

STORE(1)
STORE(2)
STORE(4)
STORE(8)
STORE(16)

void __asan_storeN_noabort(void *address, int size);
KEPT_RAW void __asan_storeN_noabort(void *address, int size)
{
	kept_note(address, (size_t)size);
}

void __asan_handle_no_return(void);
void __asan_handle_no_return(void)
{
}
