/* Locks of kept memory, and when what is done under them begins to last. */
#include <mach.h>
#include <mach/mig_errors.h>
#include <mach_port.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <gnumach.h>
#include <masix/mach.h>
#include <masix/object.h>

#include "kept_region.h"

#define HELD_MAX 6u
#define LOCKED 1u
#define WAITED_FOR 2u
#define STATES 4u

struct held {
	struct kept_mutex *mutex;
	unsigned depth;
};

/* What a thread holds; locks stay held until `depth`, the sum, is 0, and then until the answer if it leaves. */
static _Thread_local struct {
	struct held held[HELD_MAX];
	unsigned count, depth;
	bool in_request;
	void (*after)(void);
} own;

/* --- The lock itself --- */

static uint32_t word_of(uint32_t state)
{
	return kept_header()->incarnation * STATES + state;
}

/* The word of a lock that nobody alive holds. */
static bool is_free(uint32_t word)
{
	return word / STATES != kept_header()->incarnation || word % STATES == 0;
}

KEPT_RAW static void acquire(struct kept_mutex *mutex)
{
	uint32_t wanted = LOCKED;

	for (;;) {
		uint32_t word = atomic_load(&mutex->word);

		if (is_free(word)) {
			if (atomic_compare_exchange_strong(&mutex->word, &word, word_of(wanted)))
				return;
			continue;
		}
		if (word % STATES == LOCKED &&
			!atomic_compare_exchange_strong(&mutex->word, &word, word_of(WAITED_FOR)))
			continue;
		wanted = WAITED_FOR;
		/* Any outcome: look again. */
		(void)gsync_wait(
			mach_task_self(), (vm_address_t)&mutex->word, word_of(WAITED_FOR), 0, 0, 0);
	}
}

KEPT_RAW static void release(struct kept_mutex *mutex)
{
	if (atomic_exchange(&mutex->word, word_of(0)) % STATES == WAITED_FOR)
		(void)gsync_wake(mach_task_self(), (vm_address_t)&mutex->word, 0, 0);
}

/* --- Held locks --- */

static struct held *find(const struct kept_mutex *mutex)
{
	for (unsigned i = 0; i < own.count; i++)
		if (own.held[i].mutex == mutex)
			return &own.held[i];
	return NULL;
}

bool kept_is_held(const struct kept_mutex *mutex)
{
	return find(mutex) != NULL;
}

static void release_all(struct kept_slot *slot)
{
	void (*after)(void) = own.after;

	while (own.count > 0)
		release(own.held[--own.count].mutex);
	own.after = NULL;
	log_end(slot);
	if (after != NULL)
		after();
}

static void finish(void)
{
	struct kept_slot *slot = log_slot();

	log_commit(slot);
	release_all(slot);
}

void kept_flush(void)
{
	if (own.count > 0 && own.depth == 0)
		finish();
}

void kept_lock(struct kept_mutex *mutex)
{
	struct held *held = find(mutex);

	if (held == NULL) {
		kept_flush();
		if (own.count == HELD_MAX)
			abort();
		acquire(mutex);
		held = &own.held[own.count++];
		*held = (struct held){ .mutex = mutex };
		log_begin();
	}
	held->depth++;
	own.depth++;
}

static void drop(struct kept_mutex *mutex)
{
	struct held *held = find(mutex);

	if (held == NULL || held->depth == 0)
		abort();
	held->depth--;
	own.depth--;
}

void kept_unlock(struct kept_mutex *mutex)
{
	drop(mutex);
	if (own.depth == 0)
		finish();
}

void kept_leave(struct kept_mutex *mutex, void (*after)(void))
{
	struct kept_slot *slot = log_slot();

	drop(mutex);
	if (after != NULL)
		own.after = after;
	if (own.depth > 0)
		return;
	if (!own.in_request || (slot->log_used == 0 && slot->fresh_count == 0))
		finish();
}

/* --- Answers --- */

void kept_request(const mach_msg_header_t *request)
{
	struct kept_slot *slot = log_slot();

	(void)request;
	slot->fresh_count = 0;
	own.in_request = true;
}

/* What the answer tells lasts if it went.  It goes by itself, so that the time is short in which it has gone and that is not
 * noted: the name of the caller's right may soon be another one's. */
KEPT_RAW static bool send_now(struct kept_slot *slot, mach_msg_header_t *reply)
{
	mach_msg_return_t result;

	slot->reply = reply->msgh_remote_port;
	__asm__ volatile("" ::: "memory");
	slot->phase = KEPT_ANSWERING;
	result = mach_msg(
		reply, MACH_SEND_MSG, reply->msgh_size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
	log_commit(slot);
	return result != MACH_SEND_INVALID_DEST; /* the caller is gone: all of it is ours again */
}

bool kept_answer(mach_msg_header_t *reply)
{
	struct kept_slot *slot = log_slot();
	bool is_sent = false;

	own.in_request = false;
	if (own.count == 0 || own.depth > 0)
		return false;
	if (reply == NULL)
		log_commit(slot);
	else
		is_sent = send_now(slot, reply);
	release_all(slot);
	if (!is_sent && reply != NULL)
		masix_msg_destroy(reply, 0);
	return true;
}

void **kept_outbox(enum kept_outbox which)
{
	return &log_slot()->outbox[which];
}
