/* What the files of channels.h share. */
#ifndef CONSOLE_CHANNELS_PRIVATE_H
#define CONSOLE_CHANNELS_PRIVATE_H

#include "channels.h"

/* --- channels.c --- */

/* What is now counts, if the server dies. */
void channels_commit(struct channels *channels);

/* The inbox of a channel that can be read. */
struct inbox *channels_inbox(struct channels *channels, unsigned channel);

/* --- channels_wait.c --- */

/* Enters a call into `list`; `done` bytes of the `count` at `data`, which are copied, are sent.  CHANNELS_PARKED, or
 * MASIX_E_LIMIT. */
int channels_park(struct channels *channels, struct parking *list, enum parked_kind kind,
	unsigned channel, const struct caller *caller, uint32_t wanted, const uint8_t *data,
	size_t count, size_t done);

/* Answers a call that was taken out of its list, and frees it.  False: nobody heard it. */
bool channels_finish(
	struct channels *channels, struct parked *call, const struct channels_answer *answer);
void channels_finish_interrupted(struct channels *channels, struct parked *call);

/* --- channels_send.c --- */

/* Answers a call that does not wait. */
bool channels_answer_now(struct channels *channels, const struct caller *caller,
	enum parked_kind kind, const struct channels_answer *answer);

/* What holds of the events that can hold on the channel. */
int channels_ready(struct channels *channels, unsigned channel);
void channels_serve_pollers(struct channels *channels);

/* If it is due and there is room; else later. */
void channels_send_credit(struct channels *channels);

/* Every entry that may have sent something, or left something waiting for room, ends here. */
void channels_flush(struct channels *channels);

#endif
