/* Membership and names in small clusters: joins, deaths, wrong suspicions, partitions, names that come and go; and bytes from
 * nobody. */
#include "test.h"

#include "sim.h"

#define NODES 40

static struct sim sim;

static void begin(uint64_t seed, unsigned loss)
{
	unsigned i;

	sim_init(&sim, NODES, seed);
	sim.loss = loss;
	for (i = 0; i < NODES; i++) {
		sim_start(&sim, i, i == 0 ? 0 : sim_roll(&sim, i));
		sim_run(&sim, 50);
	}
	sim_run(&sim, 30000);
}

static void all_know_all(void)
{
	unsigned i;

	for (i = 0; i < NODES; i++)
		if (sim.nodes[i].up)
			assert_int_equal(sim_know_alive(&sim, i), sim_up(&sim) - 1);
}

static void everybody_joins(void **state)
{
	(void)state;
	begin(1, 0);
	all_know_all();
	assert_int_equal(sim.deaths_told, 0);
	sim_free(&sim);
}

static void losses_kill_nobody(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 2; seed++) {
		begin(seed, 100);
		sim_run(&sim, 120000);
		all_know_all();
		assert_int_equal(sim.reborn, 0);
		assert_int_equal(sim.deaths_told, 0);
		sim_free(&sim);
	}
}

static void a_death_is_told(void **state)
{
	unsigned dead = 7;

	(void)state;
	begin(2, 20);
	sim_stop(&sim, dead);
	sim_run(&sim, 30000);
	assert_int_equal(sim_know_dead(&sim, dead), NODES - 1);
	assert_int_equal(sim.deaths_told, NODES - 1); /* once each */
	/* It comes back as another life. */
	sim_start(&sim, dead, 3);
	sim_run(&sim, 20000);
	all_know_all();
	sim_free(&sim);
}

/* Each half takes the other for dead; later they find each other again, all in new lives or none. */
static void a_partition_heals(void **state)
{
	unsigned i;

	(void)state;
	begin(3, 10);
	for (i = 0; i < NODES; i++)
		sim.nodes[i].group = i % 2;
	sim_run(&sim, 60000);
	for (i = 0; i < NODES; i++)
		assert_int_equal(sim_know_alive(&sim, i), NODES / 2 - 1);
	for (i = 0; i < NODES; i++)
		sim.nodes[i].group = 0;
	sim_run(&sim, 120000);
	all_know_all();
	assert_true(sim.reborn > 0);
	sim_free(&sim);
}

/* --- A member that lies ------------------------------------------------------------------------------------------- */

#define LIAR 0

static void put_life(uint8_t *news, enum member_state state, const struct life *life)
{
	news[0] = (uint8_t)state;
	memcpy(news + 1, life->node.id, 16);
	memcpy(news + 17, &life->node.incarnation, 8);
	memcpy(news + 25, &life->address, 4);
}

/* What it says of two lives, as itself: nobody can speak as another. */
static void lie(
	unsigned to, enum member_state state, const struct life *one, const struct life *two)
{
	const struct life *self = &sim.lives.list[sim.nodes[LIAR].members.self];
	uint8_t bytes[6 + 2 * 29] = { 2, [5] = 2 };

	put_life(bytes + 6, state, one);
	put_life(bytes + 35, state, two);
	assert_true(members_receive(&sim.nodes[to].members, sim.now, self, bytes, sizeof bytes));
}

/* Ten times a second to everybody: others are dead, you are dead, they have begun new lives, there are more nodes. */
static void a_member_that_lies_ends_nobody(void **state)
{
	unsigned round, to;

	(void)state;
	begin(8, 20);
	for (round = 0; round < 600; round++) {
		for (to = 1; to < NODES; to++) {
			const struct life *victim =
				&sim.lives.list[sim.nodes[1 + sim_roll(&sim, NODES - 1)]
							.members.self];
			const struct life *listener = &sim.lives.list[sim.nodes[to].members.self];
			struct life next = *victim, invented = *victim;

			next.node.incarnation += 1000;
			invented.node.id[sim_roll(&sim, 16)] ^= 0x55;
			lie(to, round % 2 ? MEMBER_DEAD : MEMBER_SUSPECT, victim, listener);
			lie(to, MEMBER_ALIVE, &next, &invented);
		}
		sim_run(&sim, 100);
	}
	assert_int_equal(sim.deaths_told, 0);
	assert_int_equal(sim.reborn, 0);
	all_know_all();
	for (to = 0; to < NODES; to++)
		assert_int_equal(sim.nodes[to].members.count, NODES - 1);
	/* Who dies is found dead all the same, and who joins is met. */
	sim_stop(&sim, 7);
	sim_run(&sim, 30000);
	assert_int_equal(sim_know_dead(&sim, 7), NODES - 1);
	sim_start(&sim, 7, 3);
	sim_run(&sim, 20000);
	all_know_all();
	sim_free(&sim);
}

/* What lies cost is bounded. */
static void lies_cost_little(void **state)
{
	const struct life *victim;
	uint64_t sent;
	unsigned i;

	(void)state;
	begin(9, 0);
	victim = &sim.lives.list[sim.nodes[2].members.self];
	sent = sim.nodes[1].packets_sent;
	for (i = 0; i < 20000; i++) {
		struct life invented = *victim;

		invented.node.incarnation += i;
		lie(1, MEMBER_ALIVE, &invented, victim);
	}
	assert_in_range(sim.nodes[1].packets_sent - sent, 1, MEMBERS_PROBES);
	sim_free(&sim);
}

/* One says that it is dead: no.  So many that one liar cannot be all of them: yes. */
static void a_quorum_is_believed(void **state)
{
	const struct life *victim;
	unsigned i;

	(void)state;
	begin(10, 0);
	victim = &sim.lives.list[sim.nodes[5].members.self];
	for (i = 0; i < MEMBERS_QUORUM; i++) {
		assert_int_equal(sim.reborn, 0);
		members_told_dead(&sim.nodes[5].members, sim.now,
			&sim.lives.list[sim.nodes[10 + i].members.self]);
		members_told_dead(&sim.nodes[5].members, sim.now,
			&sim.lives.list[sim.nodes[10 + i].members.self]);
	}
	assert_int_equal(sim.reborn, 1);
	assert_true(sim.lives.list[sim.nodes[5].members.self].node.incarnation >
		    victim->node.incarnation);
	sim_run(&sim, 20000);
	all_know_all();
	sim_free(&sim);
}

/* One alone has taken it for dead, wrongly: it is not told so by others, and is a member again. */
static void one_error_is_forgotten(void **state)
{
	const uint8_t *id;

	(void)state;
	begin(11, 0);
	id = sim.lives.list[sim.nodes[5].members.self].node.id;
	sim.nodes[5].group = 1;
	sim.nodes[6].group = 2; /* who sees nobody takes all for dead */
	sim_run(&sim, 40000);
	sim.nodes[5].group = sim.nodes[6].group = 0;
	sim_run(&sim, MEMBERS_AGAIN_MS + 60000);
	all_know_all();
	assert_int_equal(members_find(&sim.nodes[6].members, id)->state, MEMBER_ALIVE);
	sim_free(&sim);
}

/* --- Names --------------------------------------------------------------------------------------------------------- */

#define OWNERS 10

/* Node i has the names "service-K" for K = i % OWNERS, unless it has dropped it. */
static bool dropped[NODES];

static struct name name_of(unsigned number)
{
	struct name name = { .length = 9, .text = "service-" };

	name.text[8] = (char)('0' + number % OWNERS);
	return name;
}

static bool owns(const struct sim *world, unsigned node, const struct name *name)
{
	struct name own = name_of(node);

	return world->nodes[node].up && !dropped[node] &&
	       memcmp(own.text, name->text, own.length) == 0 && node < 2 * OWNERS;
}

static void give_names(void)
{
	unsigned i;

	memset(dropped, 0, sizeof dropped);
	sim.has = owns;
	for (i = 0; i < 2 * OWNERS; i++) {
		struct name name = name_of(i);

		assert_true(names_add(&sim.nodes[i].names, sim.now, &name));
	}
	sim_run(&sim, 1000);
}

static void look_up_all(unsigned rounds)
{
	unsigned i;

	for (i = 0; i < rounds; i++) {
		unsigned node = sim_roll(&sim, NODES);
		struct name name = name_of(i);

		if (sim.nodes[node].up)
			assert_true(sim_lookup(&sim, node, &name));
		sim_run(&sim, 20);
	}
	sim_run(&sim, 5000);
}

static void names_are_found(void **state)
{
	struct name nobody = { .length = 6, .text = "nobody" };

	(void)state;
	begin(4, 0);
	give_names();
	look_up_all(500);
	assert_int_equal(sim.found, 500);
	assert_int_equal(sim.wrong + sim.not_found, 0);
	assert_true(sim_lookup(&sim, 0, &nobody));
	sim_run(&sim, 2000);
	assert_int_equal(sim.not_found, 1);
	sim_free(&sim);
}

static void no_answer_is_wrong(void **state)
{
	unsigned i;

	(void)state;
	begin(5, 50);
	give_names();
	for (i = 0; i < 10; i++) {
		struct name name = name_of(i);

		names_remove(&sim.nodes[i].names, &name);
		dropped[i] = true;
		sim_stop(&sim, NODES - 1 - i); /* keepers, too */
		look_up_all(50);
	}
	assert_int_equal(sim.wrong, 0);
	assert_true(sim.found > 300);
	assert_true(sim.not_found * 20 <= sim.found);
	sim_free(&sim);
}

static void arrivals_are_told(void **state)
{
	struct name late = { .length = 4, .text = "late" };

	(void)state;
	begin(6, 0);
	sim.has = owns;
	assert_true(names_add(&sim.nodes[1].names, sim.now, &late));
	sim_run(&sim, 100);
	assert_true(names_watch(&sim.nodes[5].names, sim.now, &late));
	sim_run(&sim, 100);
	assert_in_range(sim.came, 1, NAMES_KEEPERS); /* who was there: each keeper says so */
	sim.came = 0;
	assert_true(names_add(&sim.nodes[9].names, sim.now, &late));
	sim_run(&sim, 100);
	assert_in_range(sim.came, 1, NAMES_KEEPERS);
	sim_free(&sim);
}

static void hostile_packets(void **state)
{
	uint64_t dice = 99;
	unsigned round, good = 0;
	struct life from;

	(void)state;
	begin(7, 0);
	from = sim.lives.list[sim.nodes[3].members.self];
	for (round = 0; round < 200000; round++) {
		uint8_t bytes[128];
		size_t size = dice_below(&dice, sizeof bytes), i;
		uint8_t *copy;

		for (i = 0; i < sizeof bytes; i++)
			bytes[i] = dice_below(&dice, 3) ? 0 : (uint8_t)dice_next(&dice);
		bytes[0] = (uint8_t)(1 + dice_below(&dice, 7) +
				     (dice_below(&dice, 2) ? NAMES_PACKET_FIRST - 1 : 0));
		if (dice_below(&dice, 2)) /* just the right size for some news */
			size = 6 + (size_t)29 * (bytes[5] = (uint8_t)dice_below(&dice, 3));
		copy = guarded(bytes, size);
		good += bytes[0] < NAMES_PACKET_FIRST
				? members_receive(&sim.nodes[0].members, sim.now, &from, copy, size)
				: names_receive(&sim.nodes[0].names, sim.now, &from, copy, size);
		free(copy);
	}
	assert_true(good > 1000);
	sim_free(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_joins),
		cmocka_unit_test(losses_kill_nobody),
		cmocka_unit_test(a_death_is_told),
		cmocka_unit_test(a_partition_heals),
		cmocka_unit_test(a_member_that_lies_ends_nobody),
		cmocka_unit_test(lies_cost_little),
		cmocka_unit_test(a_quorum_is_believed),
		cmocka_unit_test(one_error_is_forgotten),
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(no_answer_is_wrong),
		cmocka_unit_test(arrivals_are_told),
		cmocka_unit_test(hostile_packets),
	};

	return cmocka_run_group_tests_name("members", tests, NULL, NULL);
}
