/* Finds the three nodes, has doors to each of them at the others, runs the tests and stops the machine. */
#include "boot.h"

#include <masix/error.h>
#include <masix/object.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acs_session.h"
#include "gns.h"
#include "mach.h"
#include "mach_port.h"

atomic_uint failures;

static const char *const servers[] = { [A] = "gns_a", [B] = "gns_b", [C] = "gns_c" };
static mach_port_t nodes[4];

/* A port that is registered with ACS, and the right to it that each node gives for "gns_boot@NODE": what is sent to the right
 * of `from` for `to` goes from `from` to `to`. */
static mach_port_t door, doors[4][4];

static const struct masix_class self_class = { .name = "self" };

static mach_port_t find_door(int from, int to)
{
	static const char *const names[] = {
		[A] = "gns_boot@a", [B] = "gns_boot@b", [C] = "gns_boot@c"
	};
	mach_port_t found = MACH_PORT_NULL;
	unsigned tries;
	kern_return_t kr;

	/* The nodes may be about to join each other. */
	for (tries = 0; tries < 100; tries++) {
		kr = gns_lookup(nodes[from], names[to], strlen(names[to]), 0, &found);
		if (kr != MASIX_E_NOT_FOUND)
			break;
		usleep(100000);
	}
	if (kr != KERN_SUCCESS)
		masix_log("%s from %s: %s", names[to], servers[from], masix_strerror(kr));
	CHECK(kr == KERN_SUCCESS);
	return found;
}

kern_return_t lookup_result(int node, const char *name)
{
	mach_port_t found = MACH_PORT_NULL;
	kern_return_t kr = gns_lookup(nodes[node], name, strlen(name), 0, &found);

	if (kr == KERN_SUCCESS)
		(void)mach_port_deallocate(mach_task_self(), found);
	return kr;
}

static void find_nodes(void)
{
	int from, to;

	for (from = A; from <= C; from++)
		CHECK(masix_lookup(servers[from], 20000, &nodes[from]) == KERN_SUCCESS);
	for (from = A; from <= C; from++)
		for (to = A; to <= C; to++)
			doors[from][to] = find_door(from, to);
	CHECK(lookup_result(A, "gns_boot@nowhere") == MASIX_E_NOT_FOUND);
	CHECK(lookup_result(A, "nobody@b") == MASIX_E_NOT_FOUND);
	/* A name for servers only is not told to clients, here or elsewhere. */
	CHECK(lookup_result(A, "gns_b/link@b") == MASIX_E_NOT_FOUND);
	CHECK(lookup_result(A, "gns_boot") == MASIX_E_INVALID);
	/* The same port, the same name. */
	CHECK(find_door(A, B) == doors[A][B]);
	(void)mach_port_deallocate(mach_task_self(), doors[A][B]);
}

static void send_to_door(int from, int to, mach_port_t name, mach_msg_type_name_t how)
{
	struct message message;

	if (from == LOCAL)
		message_begin(&message, door, MACH_MSG_TYPE_MAKE_SEND, 1);
	else
		message_begin(&message, doors[from][to], MACH_MSG_TYPE_COPY_SEND, 1);
	message_rights(&message, how, 1, &name);
	CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
}

mach_port_t take_right(void)
{
	struct message message;

	if (message_receive(&message, door) != MACH_MSG_SUCCESS) {
		CHECK(!"a right arrives");
		return MACH_PORT_NULL;
	}
	return message.words[9];
}

void send_right(int from, int to, mach_port_t port)
{
	send_to_door(from, to, port, MACH_MSG_TYPE_MOVE_RECEIVE);
}

mach_port_t carry(int from, int to, mach_port_t name, mach_msg_type_name_t how)
{
	send_to_door(from, to, name, how);
	return take_right();
}

void pair_make(struct pair *pair, int home, int holder)
{
	pair->receive = port_make();
	pair->send = carry(home, holder, pair->receive, MACH_MSG_TYPE_MAKE_SEND);
	CHECK(home == LOCAL ? pair->send == pair->receive : pair->send != pair->receive);
	CHECK(port_sends(pair->send) == 1);
}

void pair_end(struct pair *pair)
{
	(void)mach_port_deallocate(mach_task_self(), pair->send);
	port_destroy(pair->receive);
}

static unsigned list_ports(int node, bool say)
{
	mach_msg_type_number_t size = 0;
	masix_bulk_t table = NULL;
	unsigned proxies = 1000, exports = 1000;
	const char *total;

	CHECK(gns_list(nodes[node], &table, &size) == KERN_SUCCESS);
	total = table != NULL ? strstr(table, "total ") : NULL;
	if (say && table != NULL)
		masix_log("node %c:\n%.*s", 'a' + node - A, (int)size, table);
	if (total != NULL)
		(void)sscanf(total, "total %u %u", &proxies, &exports);
	(void)vm_deallocate(mach_task_self(), (vm_address_t)table, size);
	return proxies + exports;
}

unsigned node_ports(int node)
{
	return list_ports(node, false);
}

unsigned nodes_ports(bool say)
{
	unsigned sum = 0;
	int node;

	for (node = A; node <= C; node++)
		sum += list_ports(node, say);
	return sum;
}

static void *run_tests(void *unused)
{
	(void)unused;
	find_nodes();
	suite_run();
	triangle_run();
	(void)nodes_ports(true);
	ends_run();
	if (failures == 0)
		masix_log("GNS BOOT TEST PASSED");
	else
		masix_log("%u checks failed", failures);
	(void)acs_halt(masix_session(), MASIX_HALT);
	return NULL;
}

int main(void)
{
	static const uint32_t interfaces[] = { 600200 };
	static const masix_demux_t demuxers[] = { NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 1,
		.name = "gns_boot",
	};
	static struct masix_object self;
	pthread_t thread;

	CHECK(masix_object_init(&self, &self_class) == KERN_SUCCESS);
	/* Not in the pool's set: the tests receive from it themselves. */
	door = port_make();
	CHECK(masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, door) == KERN_SUCCESS);
	CHECK(masix_ready() == KERN_SUCCESS);
	if (pthread_create(&thread, NULL, run_tests, NULL) != 0)
		masix_fatal("no thread");
	masix_pool_run(&options);
}
