/* Who starts when: the plan and the order over any servers in any states. */
#include "order.h"
#include "plan.h"
#include "restart.h"

#include "input.h"

#define SERVERS 12

static struct manifest manifests[SERVERS];
static struct plan_server servers[SERVERS];

static void make_servers(struct input *input, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		memset(&manifests[i], 0, sizeof manifests[i]);
		snprintf(manifests[i].name, sizeof manifests[i].name, "%c",
			'a' + take_below(input, 8));
		manifests[i].need_count = take_below(input, 4);
		for (unsigned n = 0; n < manifests[i].need_count; n++)
			snprintf(manifests[i].needs[n], sizeof manifests[i].needs[n], "%c",
				'a' + take_below(input, 9));
		servers[i] = (struct plan_server){ &manifests[i], take_below(input, SERVER_GONE),
			take8(input) };
	}
}

/* Each step brings a server nearer to where it goes: as long as nothing else happens, they come to an end. */
static void run_the_plan(unsigned count, uint64_t now)
{
	for (unsigned steps = 0;; steps++) {
		struct plan_step step = plan_next(servers, count, now);

		if (step.what == PLAN_NOTHING)
			break;
		REQUIRE(step.which < count && steps < 10 * SERVERS);
		REQUIRE(plan_deadline(servers, count, now) == 0);
		REQUIRE((step.what == PLAN_REFUSE) == (step.need != NULL));
		switch (step.what) {
		case PLAN_LATE:
		case PLAN_REFUSE:
			servers[step.which].state = SERVER_FAILED;
			break;
		case PLAN_AGAIN:
		case PLAN_CALL:
			servers[step.which].state = SERVER_WANTED;
			break;
		default:
			REQUIRE(servers[step.which].state == SERVER_WANTED);
			servers[step.which].state = SERVER_UP;
		}
	}
	REQUIRE(plan_deadline(servers, count, now) > now);
}

/* The order names a server that is there, or one that is not. */
static void ask_for_the_order(unsigned count)
{
	const struct manifest *table[SERVERS];
	struct order_problem problem;

	for (unsigned i = 0; i < count; i++)
		table[i] = &manifests[i];
	if (!order_possible(table, count, &problem))
		REQUIRE(problem.server != NULL);
	if (order_cycle(table, count, &problem))
		REQUIRE(problem.need == NULL && memchr(problem.path, '\0', sizeof problem.path));
}

static void die_again_and_again(struct input *input)
{
	struct restart restart = { 0 };
	uint64_t now = 1;
	unsigned deaths = 0;

	while (input->left != 0) {
		uint64_t again;

		now += take32(input);
		if (take_below(input, 2))
			restart.up_since = now;
		now += take64(input) >> 16;
		again = restart_after_death(&restart, take_below(input, 2), now);
		REQUIRE(again == UINT64_MAX ||
			(again >= now && again <= now + RESTART_LAST_MS * RESTART_NS_PER_MS));
		REQUIRE(++deaths < RESTART_FAILURES_MAX ||
			restart.failures <= RESTART_FAILURES_MAX);
		if (again == UINT64_MAX)
			break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	const unsigned count = take_below(&input, SERVERS + 1);

	make_servers(&input, count);
	ask_for_the_order(count);
	run_the_plan(count, take8(&input));
	die_again_and_again(&input);
	return 0;
}
