#include "replay.h"

bool replay_is_new(const struct replay *replay, uint64_t counter)
{
	if (counter >= REPLAY_LIMIT)
		return false;
	if (counter >= replay->next)
		return true;
	if (replay->next - counter > REPLAY_WINDOW)
		return false;
	return !(replay->words[counter / 64 % REPLAY_WORDS] >> counter % 64 & 1);
}

bool replay_accept(struct replay *replay, uint64_t counter)
{
	if (!replay_is_new(replay, counter))
		return false;
	if (counter >= replay->next) {
		/* The words between the newest one and that of `counter` are of a time long ago. */
		uint64_t newest = replay->next == 0 ? 0 : (replay->next - 1) / 64;
		uint64_t steps = counter / 64 - newest;

		if (steps > REPLAY_WORDS)
			steps = REPLAY_WORDS;
		for (; steps > 0; steps--)
			replay->words[(counter / 64 - steps + 1) % REPLAY_WORDS] = 0;
		replay->next = counter + 1;
	}
	replay->words[counter / 64 % REPLAY_WORDS] |= 1ull << counter % 64;
	return true;
}
