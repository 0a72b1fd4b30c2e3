/* The records of a link to the host: what counts of it if the server dies now. */
#include <stdatomic.h>

#include <masix/error.h>
#include <masix/estate.h>
#include <masix/mach.h>

#include "answer.h"
#include "mach_port.h"
#include "state.h"

/* Names for reply rights: far above those that the kernel gives, and used again only after so many. */
#define NAME_BASE 0x10000u
#define NAMES 0x100000u
#define TRIES 300 /* more than calls can be parked */

unsigned link_claim(void *context, unsigned reply)
{
	struct host_link *link = context;

	for (unsigned i = 0; i < TRIES; i++) {
		const unsigned name = NAME_BASE + link->names++ % NAMES;

		if (mach_port_rename(mach_task_self(), reply, name) == KERN_SUCCESS)
			return name;
	}
	return reply; /* null, or dead: nobody will ask for it */
}

void link_commit(void *context, const struct channels_record *record)
{
	struct host_link *link = context;
	const uint32_t next = !(link->record & 1);

	link->records[next] = (struct link_record){
		.channels = *record,
		.filled = link->decoder.filled,
		.broken = link->decoder.broken,
		.seen = link->seen,
		.offset = link->offset,
	};
	atomic_signal_fence(memory_order_seq_cst);
	link->record = next;
	atomic_signal_fence(memory_order_seq_cst);
}

struct owed {
	struct masix_estate *estate;
	const char *workers;
};

static bool met(const char *workers, unsigned reply)
{
	for (unsigned i = 0; i < CONSOLE_WORKERS; i++)
		if (masix_worker_met(workers + i * CONSOLE_WORKER_BYTES, reply))
			return true;
	return false;
}

/* Has the answer to this claimed right not been sent? */
static bool is_owed(void *context, unsigned reply)
{
	const struct owed *owed = context;

	return masix_estate_has(owed->estate, reply, MACH_PORT_TYPE_SEND_ONCE) &&
	       !met(owed->workers, reply);
}

/* A write that was sent in part is answered with that part: its sender goes on behind it. */
static void pay(struct masix_estate *estate, const struct channels_debt *debt)
{
	const struct channels_answer answer = { .count = debt->count };
	const struct parked call = {
		.kind = debt->kind,
		.caller = { .reply = debt->reply, .reply_type = MACH_MSG_TYPE_PORT_SEND_ONCE },
	};

	if (debt->reply && masix_estate_take(estate, debt->reply, MACH_PORT_TYPE_SEND_ONCE))
		(void)answer_call(&call, &answer); /* or its sender has gone */
}

/* Calls that only waited are made again.  The one that was being served may be what the server died of. */
static void call_again(struct owed *owed, const struct channels_record *record)
{
	struct masix_estate *estate = owed->estate;
	unsigned cursor = 0;
	mach_port_t reply;

	while ((reply = masix_estate_next(estate, MACH_PORT_TYPE_SEND_ONCE, &cursor)) !=
		MACH_PORT_NULL)
		if (reply >= NAME_BASE && is_owed(owed, reply) && reply != record->reading.reply &&
			reply != record->writing.reply &&
			masix_estate_take(estate, reply, MACH_PORT_TYPE_SEND_ONCE))
			masix_call_again(reply);
}

kern_return_t link_recover(struct host_link *link, const struct channels_ops *ops, uint16_t given,
	struct masix_estate *estate)
{
	const struct link_record record = link->records[link->record & 1];
	struct owed owed = { estate, link->workers };
	struct channels_debt debt;

	if (record.filled > sizeof link->decoder.bytes || record.broken > 1)
		return MASIX_E_INVALID;
	link->decoder.filled = record.filled;
	link->decoder.broken = record.broken;
	link->seen = record.seen;
	link->offset = record.offset;
	if (!channels_recover(&link->channels, &record.channels, given, is_owed, &owed, &debt))
		return MASIX_E_INVALID;
	pay(estate, &debt);
	channels_resume(&link->channels, ops, link);
	call_again(&owed, &record.channels);
	return KERN_SUCCESS;
}
