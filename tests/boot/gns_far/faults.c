/* Messages, memory, rights, ports that move and names over a wire that loses, doubles, reorders, delays, spoils and cuts; and a
 * node that stands still or is killed. Nothing may be lost, doubled or out of order; how long it took is printed. */
#include <string.h>
#include <unistd.h>

#include "far.h"
#include "mach.h"
#include "mach_port.h"

#define CALLS 30
#define NUMBERS 40
#define MEMORY (128 << 10)
#define RIGHTS 5
#define DEAD_TRIES 400	       /* of 100 ms */
#define PAUSE_NS 2000000000ull /* half of what the other machine stands still */
#define PAUSE_SEEN_NS 60000000000ull

static void some_calls(mach_port_t far, mach_port_t reply)
{
	struct message message;
	unsigned i, good = 0;

	for (i = 0; i < CALLS; i++) {
		message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, CALL);
		good += call(&message, reply);
	}
	CHECK(good == CALLS);
}

/* Without answers: the server sees that none is missing, double or early. */
static void some_numbers(mach_port_t far, mach_port_t reply)
{
	struct message message;
	unsigned i;

	for (i = 1; i <= NUMBERS; i++) {
		message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, NUMBER);
		message_number(&message, i);
		CHECK(message_send(&message, 60000) == MACH_MSG_SUCCESS);
	}
	message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, LAST_NUMBER);
	CHECK(call(&message, reply) && message.words[7] == NUMBERS);
}

static void some_memory(mach_port_t far, mach_port_t reply)
{
	struct message message;
	vm_address_t memory = 0;
	uint32_t i;

	CHECK(vm_allocate(mach_task_self(), &memory, MEMORY, TRUE) == KERN_SUCCESS);
	for (i = 0; i < MEMORY; i++)
		((uint8_t *)memory)[i] = (uint8_t)(i * 11 + (i >> 9));
	message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, SUM);
	message_memory(&message, (void *)memory, MEMORY, false);
	CHECK(call(&message, reply) && message.words[7] == sum_of((void *)memory, MEMORY));
	(void)vm_deallocate(mach_task_self(), memory, MEMORY);
}

/* Rights of ours go there, are used once, and go. */
static void some_rights(mach_port_t far, mach_port_t reply)
{
	struct message message;
	unsigned i;

	for (i = 0; i < RIGHTS; i++) {
		mach_port_t own = port_make();

		message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, SEND_BACK);
		message_rights(&message, MACH_MSG_TYPE_MAKE_SEND, 1, &own);
		CHECK(call(&message, reply));
		CHECK(message_receive_within(&message, own, 60000) == MACH_MSG_SUCCESS &&
			message.header.msgh_id == 77);
		port_destroy(own);
	}
}

/* A port goes there with three messages in its queue; two more are sent to it when it has gone. */
static void a_port_moves(mach_port_t far, mach_port_t reply)
{
	mach_port_t moved = port_make();
	struct message message;
	int i;

	CHECK(mach_port_insert_right(mach_task_self(), moved, moved, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS);
	for (i = 1; i <= 3; i++) {
		message_begin(&message, moved, MACH_MSG_TYPE_COPY_SEND, i);
		CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
	}
	message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, MOVE);
	message_rights(&message, MACH_MSG_TYPE_MOVE_RECEIVE, 1, &moved);
	message_reply(&message, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
	for (i = 4; i <= MOVED_MESSAGES; i++) {
		message_begin(&message, moved, MACH_MSG_TYPE_COPY_SEND, i);
		CHECK(message_send(&message, 60000) == MACH_MSG_SUCCESS);
	}
	CHECK(message_receive_within(&message, reply, 60000) == MACH_MSG_SUCCESS &&
		message.words[7] == MOVED_MESSAGES);
	(void)mach_port_deallocate(mach_task_self(), moved);
}

/* A port goes there and comes back, with what was sent to it before and meanwhile, under its own name. */
static void a_port_comes_back(mach_port_t far, mach_port_t reply)
{
	mach_port_t own = port_make();
	struct message message;
	int i;

	CHECK(mach_port_insert_right(mach_task_self(), own, own, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS);
	for (i = 1; i <= 2; i++) {
		message_begin(&message, own, MACH_MSG_TYPE_COPY_SEND, i);
		CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
	}
	message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, RETURN);
	message_rights(&message, MACH_MSG_TYPE_MOVE_RECEIVE, 1, &own);
	message_reply(&message, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
	for (i = 3; i <= MOVED_MESSAGES; i++) {
		message_begin(&message, own, MACH_MSG_TYPE_COPY_SEND, i);
		CHECK(message_send(&message, 60000) == MACH_MSG_SUCCESS);
	}
	CHECK(message_receive_within(&message, reply, 60000) == MACH_MSG_SUCCESS &&
		message.words[9] == own);
	for (i = 1; i <= MOVED_MESSAGES; i++)
		CHECK(message_receive_within(&message, own, 60000) == MACH_MSG_SUCCESS &&
			message.header.msgh_id == i);
	port_destroy(own);
	(void)mach_port_deallocate(mach_task_self(), own);
}

/* The same port under the same name. */
static void a_lookup(mach_port_t far)
{
	mach_port_t found = find();

	CHECK(found == far);
	(void)mach_port_deallocate(mach_task_self(), found);
}

static void with(const char *fault, mach_port_t far, mach_port_t reply)
{
	uint64_t start = masix_monotonic_ns();

	masix_log("wire: %s", fault);
	some_calls(far, reply);
	some_numbers(far, reply);
	some_memory(far, reply);
	some_rights(far, reply);
	a_port_moves(far, reply);
	a_port_comes_back(far, reply);
	a_lookup(far);
	masix_log("| %s | %u ms |", fault, (unsigned)((masix_monotonic_ns() - start) / 1000000));
}

/* The other machine stands still for a while: what was sent waits, and arrives once. */
static void a_pause(mach_port_t far, mach_port_t reply)
{
	uint64_t start, longest = 0, now = masix_monotonic_ns();
	const uint64_t end = now + PAUSE_SEEN_NS;
	struct message message;

	masix_log("GNS FAULTS PAUSE");
	while (longest < PAUSE_NS && now < end) {
		start = now;
		message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, CALL);
		CHECK(call(&message, reply));
		some_numbers(far, reply);
		now = masix_monotonic_ns();
		longest = now - start > longest ? now - start : longest;
	}
	CHECK(longest >= PAUSE_NS);
	masix_log("| paused | %u ms |", (unsigned)(longest / 1000000));
}

/* Its ports are dead names then, and the new life of the node is found by name. */
static void the_node_dies(mach_port_t far, unsigned time)
{
	unsigned tries;

	masix_log("GNS FAULTS KILL %u", time);
	for (tries = 0; tries < DEAD_TRIES && !port_is_dead(far); tries++)
		usleep(100000);
	CHECK(port_is_dead(far));
	(void)mach_port_deallocate(mach_task_self(), far);
	masix_log("GNS FAULTS DEAD %u", time);
}

void faults_run(mach_port_t far, mach_port_t reply)
{
	static const char *const faults[] = { "none", "drop", "duplicate", "reorder", "delay",
		"corrupt", "cut 0", "cut 1", "all" };
	unsigned i;

	for (i = 0; i < sizeof faults / sizeof faults[0]; i++)
		with(faults[i], far, reply);
	masix_log("wire: none");
	a_pause(far, reply);
	for (i = 1; i <= 2; i++) {
		the_node_dies(far, i);
		far = find();
		some_calls(far, reply);
	}
	(void)mach_port_deallocate(mach_task_self(), far);
}
