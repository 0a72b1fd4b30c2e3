/* Reading and writing time-outs. */
#include <asm/errno.h>

#include "emul.h"
#include "signals.h"
#include "timeout.h"
#include "waiting.h"

#define BILLION 1000000000ll

long timeout_read(uint32_t address, enum timeout_format format, uint64_t *deadline)
{
	const int32_t *in = (const int32_t *)address;
	int64_t seconds, nanoseconds;

	*deadline = WAITING_FOREVER;
	if (address == 0)
		return 0;
	if (format == TIMEOUT_TIMESPEC64) {
		memcpy(&seconds, in, sizeof seconds);
		nanoseconds = in[2]; /* the upper half is padding for a 32-bit program */
	} else {
		seconds = in[0];
		nanoseconds = in[1];
		if (format == TIMEOUT_TIMEVAL) {
			/* select(2) carries surplus microseconds over. */
			if (nanoseconds < 0)
				return -EINVAL;
			seconds += nanoseconds / 1000000;
			nanoseconds = nanoseconds % 1000000 * 1000;
		}
	}
	if (seconds < 0 || nanoseconds < 0 || nanoseconds >= BILLION)
		return -EINVAL;
	if (seconds == 0 && nanoseconds == 0)
		*deadline = 0;
	else if (seconds < INT32_MAX)
		*deadline = emul_now_ns() + (uint64_t)(seconds * BILLION + nanoseconds);
	return 0;
}

void timeout_write(uint32_t address, enum timeout_format format, uint64_t deadline)
{
	uint64_t now = emul_now_ns();
	uint64_t left = deadline > now ? deadline - now : 0;
	uint32_t seconds = 0, nanoseconds = 0;

	if (address == 0 || deadline == WAITING_FOREVER)
		return;
	seconds = (uint32_t)(left / BILLION);
	nanoseconds = (uint32_t)(left % BILLION);
	if (format == TIMEOUT_TIMESPEC64) {
		uint64_t out[2] = { seconds, nanoseconds };

		if (emul_user_range(address, sizeof out))
			(void)emul_copy((void *)address, out, sizeof out);
	} else {
		uint32_t out[2] = { seconds,
			format == TIMEOUT_TIMEVAL ? nanoseconds / 1000 : nanoseconds };

		if (emul_user_range(address, sizeof out))
			(void)emul_copy((void *)address, out, sizeof out);
	}
}

long timeout_mask(uint32_t address, uint32_t size, int *changed)
{
	uint64_t mask;

	*changed = 0;
	if (address == 0)
		return 0;
	if (size != sizeof mask)
		return -EINVAL;
	memcpy(&mask, (const void *)address, sizeof mask);
	signals_mask_during(mask);
	*changed = 1;
	return 0;
}

void timeout_mask_end(int changed, long result)
{
	if (changed)
		signals_mask_end(result == -EMUL_RESTART_NOHAND);
}
