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

	(void)state;
	begin(7, 0);
	for (round = 0; round < 200000; round++) {
		uint8_t bytes[128];
		size_t size = dice_below(&dice, sizeof bytes), i;
		uint8_t *copy;

		for (i = 0; i < sizeof bytes; i++)
			bytes[i] = dice_below(&dice, 3) ? 0 : (uint8_t)dice_next(&dice);
		bytes[0] = (uint8_t)(1 + dice_below(&dice, 7) +
				     (dice_below(&dice, 2) ? NAMES_PACKET_FIRST - 1 : 0));
		if (dice_below(&dice, 2)) /* just the right size for some news */
			size = 36 + (size_t)31 * (bytes[35] = (uint8_t)dice_below(&dice, 3));
		copy = guarded(bytes, size);
		good += bytes[0] < NAMES_PACKET_FIRST
				? members_receive(&sim.nodes[0].members, sim.now, 3, copy, size)
				: names_receive(&sim.nodes[0].names, sim.now, 3, copy, size);
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
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(no_answer_is_wrong),
		cmocka_unit_test(arrivals_are_told),
		cmocka_unit_test(hostile_packets),
	};

	return cmocka_run_group_tests_name("members", tests, NULL, NULL);
}
