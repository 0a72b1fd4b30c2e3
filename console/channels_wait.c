/* Calls that wait: for input, for room, for an event. */
#include "channels.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

#include "channels_private.h"

#define LISTS 5

/* Every list in which a call can wait. */
static void all_lists(struct channels *channels, struct parking *lists[LISTS])
{
	lists[0] = &channels->input.readers;
	lists[1] = &channels->control.readers;
	lists[2] = &channels->writers;
	lists[3] = &channels->pollers;
	lists[4] = &channels->windows;
}

/* Answers a call that was taken out of its list. */
bool channels_finish(
	struct channels *channels, struct parked *call, const struct channels_answer *answer)
{
	bool heard = channels->ops->answer(call, answer);

	if (channels->now.writing.reply == call->caller.reply) {
		channels->now.writing.reply = 0;
		channels_commit(channels);
	}
	channels->parked--;
	free(call);
	return heard;
}

void channels_finish_interrupted(struct channels *channels, struct parked *call)
{
	struct channels_answer answer = { .error = MASIX_E_INTERRUPTED };

	if (call->done)
		answer = (struct channels_answer){ .count = call->done };
	(void)channels_finish(channels, call, &answer); /* whether it is heard changes nothing */
}

/* Callers die while they wait, and nobody tells: their calls leave when room is needed. */
static void sweep(struct channels *channels)
{
	struct parking *lists[LISTS];

	all_lists(channels, lists);
	for (unsigned i = 0; i < LISTS; i++) {
		for (struct parked *call = lists[i]->first, *next; call; call = next) {
			next = call->next;
			if (channels->ops->is_alive(call))
				continue;
			parking_remove(lists[i], call);
			channels_finish_interrupted(channels, call);
		}
	}
}

/* Enters a call into `list`.  `data` is copied. */
int channels_park(struct channels *channels, struct parking *list, enum parked_kind kind,
	unsigned channel, const struct caller *caller, uint32_t wanted, const uint8_t *data,
	size_t count, size_t done)
{
	struct parked *call;

	if (channels->parked == CHANNELS_PARKED_MAX)
		sweep(channels);
	if (channels->parked == CHANNELS_PARKED_MAX)
		return MASIX_E_LIMIT;
	call = malloc(sizeof *call + count);
	if (!call)
		return MASIX_E_LIMIT;
	call->kind = kind;
	call->channel = channel;
	call->caller = *caller;
	/* One that has sent something has been claimed. */
	if (!done)
		call->caller.reply = channels->ops->claim(channels->device, caller->reply);
	call->wanted = wanted;
	call->done = done;
	call->count = count;
	if (count)
		memcpy(call->data, data, count);
	parking_add(list, call);
	channels->parked++;
	return CHANNELS_PARKED;
}

/* Takes one call of `owner` out of whichever list it is in. */
static struct parked *take(struct channels *channels, const void *owner, const uint32_t *token)
{
	struct parking *lists[LISTS];
	struct parked *call = NULL;

	all_lists(channels, lists);
	for (unsigned i = 0; i < LISTS && !call; i++)
		call = parking_take(lists[i], owner, token);
	return call;
}

int channels_cancel(struct channels *channels, const void *owner, uint32_t token)
{
	struct parked *call = take(channels, owner, &token);

	if (!call)
		return MASIX_E_NOT_FOUND;
	channels_finish_interrupted(channels, call);
	return 0;
}

void channels_forget(struct channels *channels, const void *owner)
{
	struct parked *call;

	while ((call = take(channels, owner, NULL)))
		channels_finish_interrupted(channels, call);
}
