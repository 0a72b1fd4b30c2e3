/* What a successor makes of the record of the one before. */
#include <masix/types.h>

#include "channels.h"

static bool load_inbox(struct inbox *inbox, const struct channels_inbox_record *record)
{
	byte_ring_init(&inbox->ring, inbox->memory, sizeof inbox->memory);
	parking_init(&inbox->readers);
	if (record->head >= sizeof inbox->memory || record->count > sizeof inbox->memory ||
		record->ended > 1)
		return false;
	inbox->ring.head = record->head;
	inbox->ring.count = record->count;
	inbox->ended = record->ended;
	return true;
}

/* The frame that was about to be given has been given. */
static void count_frame(struct channels_record *now)
{
	now->sends++;
	if (now->pending == CHANNELS_WRITE_FRAME)
		now->writing.sent = now->writing.next;
	else
		now->consumed = 0;
}

/* The answer of the read has been sent: what it took is gone. */
static bool take_read(struct channels *channels, const struct channels_record *record)
{
	const bool is_input = record->reading.channel == MASIX_CHANNEL_STDIN;
	struct inbox *inbox = is_input ? &channels->input : &channels->control;

	if (record->reading.count > inbox->ring.count)
		return false;
	byte_ring_drop(&inbox->ring, record->reading.count);
	if (is_input)
		channels->now.consumed += record->reading.count;
	return true;
}

bool channels_recover(struct channels *channels, const struct channels_record *record,
	uint16_t given, bool (*is_owed)(void *context, unsigned reply), void *context,
	struct channels_debt *debt)
{
	struct channels_record now = *record;

	debt->reply = 0;
	if (!load_inbox(&channels->input, &record->input) ||
		!load_inbox(&channels->control, &record->control))
		return false;
	if (given == (uint16_t)(now.sends + 1) && now.pending != CHANNELS_NO_FRAME)
		count_frame(&now);
	if (given != now.sends)
		return false;
	channels->now = now;
	if (now.reading.reply && !is_owed(context, now.reading.reply) &&
		!take_read(channels, record))
		return false;
	if (now.writing.reply && now.writing.sent && is_owed(context, now.writing.reply))
		*debt = (struct channels_debt){ now.writing.reply, now.writing.kind,
			now.writing.sent };
	channels->now.reading.reply = channels->now.writing.reply = 0;
	channels->now.pending = CHANNELS_NO_FRAME;
	return true;
}
