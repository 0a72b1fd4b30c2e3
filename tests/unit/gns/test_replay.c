/* The replay window: the sequence of WireGuard's own test (drivers/net/wireguard/selftest/counter.c), and a comparison
 * with a plain list. */
#include "test.h"

#include "replay.h"

/* The distance from the newest counter that is too old. */
#define LIMIT REPLAY_WINDOW

static struct replay window;

static void accepts(uint64_t counter, int is)
{
	assert_int_equal(replay_is_new(&window, counter), is);
	assert_int_equal(replay_accept(&window, counter), is);
}

static void as_wireguard(void **state)
{
	uint64_t i;

	(void)state;
	memset(&window, 0, sizeof window);
	accepts(0, 1);
	accepts(1, 1);
	accepts(1, 0);
	accepts(9, 1);
	accepts(8, 1);
	accepts(7, 1);
	accepts(7, 0);
	accepts(LIMIT, 1);
	accepts(LIMIT - 1, 1);
	accepts(LIMIT - 1, 0);
	accepts(LIMIT - 2, 1);
	accepts(2, 1);
	accepts(2, 0);
	accepts(LIMIT + 16, 1);
	accepts(3, 0);
	accepts(LIMIT + 16, 0);
	accepts(LIMIT * 4, 1);
	accepts(LIMIT * 4 - (LIMIT - 1), 1);
	accepts(10, 0);
	accepts(LIMIT * 4 - LIMIT, 0);
	accepts(LIMIT * 4 - (LIMIT + 1), 0);
	accepts(LIMIT * 4 - (LIMIT - 2), 1);
	accepts(LIMIT * 4 + 1 - LIMIT, 0);
	accepts(0, 0);
	accepts(REPLAY_LIMIT, 0);
	accepts(REPLAY_LIMIT - 1, 1);
	accepts(REPLAY_LIMIT, 0);
	accepts(REPLAY_LIMIT - 1, 0);
	accepts(REPLAY_LIMIT - 2, 1);
	accepts(REPLAY_LIMIT + 1, 0);
	accepts(REPLAY_LIMIT + 2, 0);
	accepts(REPLAY_LIMIT - 3, 1);

	memset(&window, 0, sizeof window);
	for (i = 1; i < LIMIT; i++)
		accepts(i, 1);
	accepts(0, 1);
	accepts(0, 0);

	memset(&window, 0, sizeof window);
	for (i = 2; i <= LIMIT; i++)
		accepts(i, 1);
	accepts(1, 1);
	accepts(0, 0);

	memset(&window, 0, sizeof window);
	for (i = LIMIT; i-- > 0;)
		accepts(i, 1);

	memset(&window, 0, sizeof window);
	for (i = LIMIT + 1; i-- > 1;)
		accepts(i, 1);
	accepts(0, 0);
}

/* Each counter once, and never one that is too old, whatever the order. */
static void as_a_list(void **state)
{
	static uint8_t seen[1 << 20];
	uint64_t dice = 0x5eed, greatest = 0, base = 0;
	unsigned round;

	(void)state;
	memset(&window, 0, sizeof window);
	for (round = 0; round < 400000; round++) {
		uint64_t counter;

		if (dice_below(&dice, 1000) == 0)
			base += dice_below(&dice, 2 * REPLAY_WINDOW);
		else
			base += dice_below(&dice, 3);
		if (base >= sizeof seen - 64)
			break;
		counter = base + dice_below(&dice, 64);
		if (dice_below(&dice, 4) == 0)
			counter -= dice_below(
				&dice, (uint32_t)(counter < 10000 ? counter + 1 : 10000));
		accepts(counter, !seen[counter] && (counter >= greatest ||
							   greatest - counter < REPLAY_WINDOW));
		if (counter > greatest)
			greatest = counter;
		/* What was too old counts as seen: it stays too old. */
		seen[counter] = 1;
	}
	assert_true(greatest > 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_wireguard),
		cmocka_unit_test(as_a_list),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
