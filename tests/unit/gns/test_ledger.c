/* Credits: the rules one by one, and nodes that hand rights around, drop them and die, by a seed. */
#include "test.h"

#include <stdio.h>

#include "deaths.h"
#include "ledger.h"
#include "wire.h"

static const struct gns_node b = { { 'b' }, 1 }, c = { { 'c' }, 1 }, d = { { 'd' }, 1 },
			     b_again = { { 'b' }, 2 };
static struct ledger ledger;

static void grants_and_returns(void **state)
{
	(void)state;
	assert_true(ledger_grant(&ledger, &b, 10));
	assert_true(ledger_grant(&ledger, &c, 5));
	assert_true(ledger_grant(&ledger, &b, 1));
	assert_int_equal(ledger.total, 16);
	assert_false(ledger_return(&ledger, &b, 12));
	assert_false(ledger_return(&ledger, &d, 1));
	assert_false(ledger_return(&ledger, &b_again, 1)); /* another life has nothing */
	assert_true(ledger_return(&ledger, &b, 11));
	assert_false(ledger_return(&ledger, &b, 1));
	assert_true(ledger_return(&ledger, &c, 5));
	assert_int_equal(ledger.total, 0);
	assert_false(ledger_grant(&ledger, &b, UINT64_MAX) && ledger_grant(&ledger, &c, 1));
	ledger_free(&ledger);
}

/* Both words of a hand-over, in both orders: the sum never falls. */
static void hand_over(void **state)
{
	unsigned first;

	(void)state;
	for (first = 0; first < 2; first++) {
		assert_true(ledger_grant(&ledger, &b, 10));
		assert_true(first ? ledger_gave(&ledger, &b, 7, &c, 4)
				  : ledger_claimed(&ledger, &c, &b, 7, 4));
		assert_true(ledger.total >= 10);
		assert_int_equal(ledger_of(&ledger, &c), 4);
		assert_true(first ? ledger_claimed(&ledger, &c, &b, 7, 4)
				  : ledger_gave(&ledger, &b, 7, &c, 4));
		assert_int_equal(ledger.total, 10);
		assert_int_equal(ledger_of(&ledger, &b), 6);
		assert_int_equal(ledger_of(&ledger, &c), 4);
		assert_int_equal(ledger.half_count, 0);
		assert_true(ledger_return(&ledger, &c, 4));
		assert_true(ledger_return(&ledger, &b, 6));
		assert_int_equal(ledger.total, 0);
		ledger_free(&ledger);
	}
}

static void lies(void **state)
{
	unsigned i;

	(void)state;
	assert_true(ledger_grant(&ledger, &b, 10));
	/* A claim on what b did not give takes nothing from b. */
	assert_true(ledger_claimed(&ledger, &c, &b, 1, 10));
	assert_true(ledger_return(&ledger, &c, 10));
	assert_int_equal(ledger_of(&ledger, &b), 10);
	/* b gives what it does not have, or not what c claims. */
	assert_false(ledger_gave(&ledger, &b, 2, &c, 11));
	assert_false(ledger_gave(&ledger, &b, 1, &d, 10));
	assert_false(ledger_gave(&ledger, &b, 1, &c, 9));
	assert_true(ledger_gave(&ledger, &b, 3, &c, 2));
	assert_false(ledger_gave(&ledger, &b, 3, &c, 2)); /* twice */
	assert_false(ledger_claimed(&ledger, &d, &b, 3, 2));
	assert_int_equal(ledger.total, 10);
	for (i = 0; i < LEDGER_HALVES_MAX; i++)
		if (!ledger_claimed(&ledger, &d, &c, i, 1))
			break;
	assert_in_range(i, LEDGER_HALVES_MAX - 4, LEDGER_HALVES_MAX - 1);
	ledger_free(&ledger);
}

static void the_dead(void **state)
{
	(void)state;
	/* b gave, and died before the right arrived: it is b's end. */
	assert_true(ledger_grant(&ledger, &b, 10));
	assert_true(ledger_gave(&ledger, &b, 1, &c, 4));
	ledger_reclaim(&ledger, &b);
	assert_int_equal(ledger.total, 0);
	/* It arrived, and b died before it could say so. */
	assert_true(ledger_grant(&ledger, &b, 10));
	assert_true(ledger_claimed(&ledger, &c, &b, 1, 4));
	ledger_reclaim(&ledger, &b);
	assert_int_equal(ledger_of(&ledger, &c), 4);
	assert_int_equal(ledger.total, 4);
	assert_int_equal(ledger.half_count, 0);
	/* c dies with what it was on its way to it. */
	assert_true(ledger_grant(&ledger, &b, 10));
	assert_true(ledger_gave(&ledger, &b, 2, &c, 4));
	ledger_reclaim(&ledger, &c);
	assert_int_equal(ledger.total, 6);
	ledger_reclaim(&ledger, &c);
	ledger_reclaim(&ledger, &b);
	assert_int_equal(ledger.total, 0);
	ledger_free(&ledger);
}

static void cuts(void **state)
{
	static struct deaths deaths;
	struct gns_node reclaimed[DEATHS_NODES_MAX];

	(void)state;
	memset(&deaths, 0, sizeof deaths);
	assert_true(
		deaths_join(&deaths, &b) && deaths_join(&deaths, &c) && deaths_join(&deaths, &d));
	assert_int_equal(deaths_ready(&deaths, reclaimed), 0);
	assert_true(deaths_cut_by(&deaths, &c, &b)); /* before we know */
	assert_true(deaths_cut(&deaths, &b));
	assert_int_equal(deaths_ready(&deaths, reclaimed), 0);
	/* d dies instead of answering: both wait for c's word on d. */
	assert_true(deaths_cut(&deaths, &d));
	assert_int_equal(deaths_ready(&deaths, reclaimed), 0);
	assert_true(deaths_cut_by(&deaths, &c, &d));
	assert_int_equal(deaths_ready(&deaths, reclaimed), 2);
	assert_false(deaths_cut(&deaths, &b));
	assert_true(deaths_join(&deaths, &b_again));
	assert_true(deaths_cut(&deaths, &c));
	assert_int_equal(deaths_ready(&deaths, reclaimed), 0); /* b_again has not cut c */
	assert_true(deaths_cut_by(&deaths, &b_again, &c));
	assert_int_equal(deaths_ready(&deaths, reclaimed), 1);
	assert_true(gns_node_is(&reclaimed[0], &c));
}

/* --- Nodes by a seed ---------------------------------------------------------------------------------------------- */

#define NODES 6 /* 0 is home */
#define QUEUE 512

enum what { RIGHT, GAVE, CLAIM, RETURN, CUT };

struct letter {
	enum what what;
	unsigned node; /* GAVE: receiver; CLAIM: giver; CUT: the dead one */
	uint64_t number, credits;
};

struct road {
	struct letter letters[QUEUE];
	unsigned first, count;
};

static struct world {
	struct road roads[NODES][NODES];
	struct gns_node names[NODES];
	uint64_t purse[NODES], number[NODES];
	bool alive[NODES], cut[NODES][NODES]; /* [by][whom] */
	struct deaths deaths;
	struct ledger ledger;
	uint64_t dice;
	bool granted; /* since there were no senders */
	unsigned no_senders, grants_after_none;
} world;

static void send_letter(unsigned from, unsigned to, struct letter letter)
{
	struct road *road = &world.roads[from][to];

	assert_true(road->count < QUEUE);
	road->letters[(road->first + road->count++) % QUEUE] = letter;
}

/* Credits that a living node has, or may still get. */
static uint64_t held(void)
{
	uint64_t sum = 0;
	unsigned from, to, i;

	for (to = 0; to < NODES; to++) {
		if (!world.alive[to])
			continue;
		sum += world.purse[to];
		for (from = 0; from < NODES; from++) {
			struct road *road = &world.roads[from][to];

			if (world.cut[to][from])
				continue;
			for (i = 0; i < road->count; i++) {
				struct letter *letter = &road->letters[(road->first + i) % QUEUE];

				if (letter->what == RIGHT)
					sum += letter->credits;
			}
		}
	}
	return sum;
}

static void check_world(void)
{
	uint64_t sum = held();

	/* Nothing that somebody has is unknown at home: no-senders is never early. */
	assert_true(world.ledger.total >= sum);
	if (world.ledger.total == 0 && world.granted) {
		assert_int_equal(sum, 0);
		world.granted = false;
		world.no_senders++;
	}
}

static void reclaim(void)
{
	struct gns_node dead[DEATHS_NODES_MAX];
	unsigned count = deaths_ready(&world.deaths, dead), i;

	for (i = 0; i < count; i++)
		ledger_reclaim(&world.ledger, &dead[i]);
}

static void at_home(unsigned from, const struct letter *letter)
{
	const struct gns_node *sender = &world.names[from], *other = &world.names[letter->node];

	switch (letter->what) {
	case RIGHT: /* it has come back */
	case RETURN:
		assert_true(ledger_return(&world.ledger, sender, letter->credits));
		break;
	case GAVE:
		assert_true(
			ledger_gave(&world.ledger, sender, letter->number, other, letter->credits));
		break;
	case CLAIM:
		assert_true(ledger_claimed(
			&world.ledger, sender, other, letter->number, letter->credits));
		break;
	case CUT:
		assert_true(deaths_cut_by(&world.deaths, sender, other));
		break;
	}
}

static void deliver(unsigned from, unsigned to)
{
	struct road *road = &world.roads[from][to];
	struct letter letter;

	if (road->count == 0)
		return;
	letter = road->letters[road->first];
	road->first = (road->first + 1) % QUEUE;
	road->count--;
	if (!world.alive[to] || world.cut[to][from])
		return;
	if (to == 0) {
		at_home(from, &letter);
	} else if (letter.what == RIGHT) {
		world.purse[to] += letter.credits;
		if (from != 0)
			send_letter(to, 0,
				(struct letter){ CLAIM, from, letter.number, letter.credits });
	}
}

static void give(unsigned from, unsigned to)
{
	struct letter letter = { .what = RIGHT, .number = ++world.number[from] };

	if (!world.alive[from] || world.cut[from][to] || from == to ||
		world.roads[from][to].count > QUEUE / 2)
		return;
	if (from == 0) {
		letter.credits = 1 + dice_below(&world.dice, 64);
		assert_true(ledger_grant(&world.ledger, &world.names[to], letter.credits));
		world.granted = true;
	} else {
		letter.credits = purse_split(&world.purse[from]);
		if (letter.credits == 0)
			return;
		if (to != 0)
			send_letter(from, 0,
				(struct letter){ GAVE, to, letter.number, letter.credits });
	}
	send_letter(from, to, letter);
}

static void drop(unsigned node)
{
	if (node == 0 || !world.alive[node] || world.purse[node] == 0)
		return;
	send_letter(node, 0, (struct letter){ .what = RETURN, .credits = world.purse[node] });
	world.purse[node] = 0;
}

static void notice_death(unsigned by, unsigned dead)
{
	if (world.alive[dead] || !world.alive[by] || world.cut[by][dead] || by == dead)
		return;
	world.cut[by][dead] = true;
	if (by == 0)
		assert_true(deaths_cut(&world.deaths, &world.names[dead]));
	else
		send_letter(by, 0, (struct letter){ .what = CUT, .node = dead });
}

static void step(bool calm)
{
	unsigned from = dice_below(&world.dice, NODES), to = dice_below(&world.dice, NODES);

	switch (dice_below(&world.dice, calm ? 6 : 12)) {
	case 0:
	case 1:
	case 2:
	case 3:
		deliver(from, to);
		break;
	case 4:
		drop(from);
		break;
	case 5:
		notice_death(from, to);
		break;
	default:
		give(from, to);
	}
	reclaim();
	check_world();
}

static void begin_world(uint64_t seed)
{
	unsigned i;

	memset(&world, 0, sizeof world);
	world.dice = seed * 0x9e3779b97f4a7c15ull + 1;
	for (i = 0; i < NODES; i++) {
		world.names[i] = (struct gns_node){ { (uint8_t)('0' + i) }, seed };
		world.alive[i] = true;
		if (i != 0)
			assert_true(deaths_join(&world.deaths, &world.names[i]));
	}
}

static void end_world(void)
{
	unsigned i, by, dead;

	for (by = 0; by < NODES; by++)
		for (dead = 0; dead < NODES; dead++)
			notice_death(by, dead);
	for (i = 0; i < 200000 && (world.ledger.total != 0 || held() != 0); i++)
		step(true);
	assert_int_equal(world.ledger.total, 0);
	assert_int_equal(held(), 0);
	for (by = 0; by < NODES; by++) /* the last words */
		for (dead = 0; dead < NODES; dead++)
			while (world.roads[by][dead].count > 0) {
				deliver(by, dead);
				reclaim();
			}
	check_world();
	assert_int_equal(world.ledger.half_count, 0);
	assert_int_equal(world.ledger.share_count, 0);
	ledger_free(&world.ledger);
}

static void random_worlds(void **state)
{
	unsigned none = 0, dead = 0;
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 400; seed++) {
		unsigned i, moves;

		begin_world(seed);
		moves = 200 + dice_below(&world.dice, 2000);
		for (i = 0; i < moves; i++) {
			if (dice_below(&world.dice, 400) == 0) {
				unsigned victim = 1 + dice_below(&world.dice, NODES - 1);

				dead += world.alive[victim];
				world.alive[victim] = false;
			}
			step(false);
		}
		end_world();
		none += world.no_senders;
	}
	assert_true(none >= 400); /* each world ends with one */
	assert_true(dead > 400);
}

/* Five nodes in a row, each gives on what it got, and nobody hears of home: who has not enough says so before a right is lost, and
 * a message full of rights never runs out within itself. */
static void a_purse_at_its_limits(void **state)
{
	uint64_t credits = LEDGER_GRANT, before;
	unsigned hops = 0, i;

	(void)state;
	while (purse_is_enough(credits)) {
		before = credits;
		credits = purse_split(&before);
		assert_true(credits > 0);
		hops++;
	}
	assert_true(hops >= 2);
	assert_true(purse_is_low(credits));
	for (credits = 2049; credits < 1u << 22; credits = credits * 3 / 2) {
		assert_true(purse_is_enough(credits));
		before = credits;
		for (i = 0; i < WIRE_RIGHTS_MAX; i++)
			assert_true(purse_split(&before) > 0);
		assert_true(before > 0); /* its own */
	}
	credits = 1;
	assert_int_equal(purse_split(&credits), 0); /* the last is its own */
	assert_int_equal(credits, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grants_and_returns),
		cmocka_unit_test(hand_over),
		cmocka_unit_test(lies),
		cmocka_unit_test(the_dead),
		cmocka_unit_test(cuts),
		cmocka_unit_test(random_worlds),
		cmocka_unit_test(a_purse_at_its_limits),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
