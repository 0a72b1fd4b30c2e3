/* Answers to parked calls: the two functions that every backend gives to channels.c. */
#ifndef CONSOLE_ANSWER_H
#define CONSOLE_ANSWER_H

#include <stdbool.h>

#include "channels.h"

/* channels_ops.answer.  A reply goes to a send-once right, and those never wait for room in a
 * queue: so it may be sent under the link's lock, and bytes leave the inbox only for a reader that
 * is alive.  Uses up the reply right. */
bool answer_call(const struct parked *call, const struct channels_answer *answer);

/* channels_ops.is_alive */
bool answer_is_wanted(const struct parked *call);

#endif
