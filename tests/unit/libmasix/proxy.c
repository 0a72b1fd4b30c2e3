/* Names of this node and of others: what is asked of whom, and that every right is given back. */
#include "test.h"

#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <masix/error.h>
#include <masix/proxy.h>
#include <masix/types.h>
#include <string.h>

#include "gns.h"
#include "mach_port.h"
#include "proxy/here.h"

#define TASK 1
#define GNS 10
#define EVENTS 20
#define PORT 100 /* of the first server; the next one has the next name */

/* The world: how many references this task has to each name, and what it will be told. */
static struct {
	int references[200];
	bool dead[200];
	unsigned here_asked, far_asked, watches, events;
	mach_port_t next;
	kern_return_t here, watch;
	kern_return_t far[4]; /* the answers of the network server, one after the other */
	const char *node;
	mach_port_t told; /* who is told of the death of PORT */
} world;

static void begin(void)
{
	memset(&world, 0, sizeof world);
	world.next = PORT;
	world.node = "n2";
}

static void nothing_is_left(void)
{
	unsigned i;

	for (i = 0; i < 200; i++)
		assert_int_equal(world.references[i], 0);
}

/* --- What answers ------------------------------------------------------------------------------------------------- */

mach_port_t mach_task_self(void)
{
	return TASK;
}

mach_port_t mach_reply_port(void)
{
	world.references[EVENTS]++;
	return EVENTS;
}

mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify)
{
	(void)message;
	(void)send_size;
	(void)receive_size;
	(void)timeout;
	(void)notify;
	assert_int_equal(option, MACH_RCV_MSG | MACH_RCV_TIMEOUT);
	assert_int_equal(receive_name, EVENTS);
	if (world.events == 0)
		return MACH_RCV_TIMED_OUT;
	world.events--;
	return MACH_MSG_SUCCESS;
}

kern_return_t mach_port_type(mach_port_t task, mach_port_t name, mach_port_type_t *type)
{
	(void)task;
	*type = world.dead[name] ? MACH_PORT_TYPE_DEAD_NAME : 0;
	return world.references[name] > 0 ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

kern_return_t mach_port_deallocate(mach_port_t task, mach_port_t name)
{
	(void)task;
	assert_true(world.references[name]-- > 0);
	return KERN_SUCCESS;
}

kern_return_t mach_port_mod_refs(mach_port_t task, mach_port_t name, unsigned right, int delta)
{
	assert_int_equal(right, MACH_PORT_RIGHT_RECEIVE);
	assert_int_equal(delta, -1);
	return mach_port_deallocate(task, name);
}

kern_return_t mach_port_request_notification(mach_port_t task, mach_port_t name, int which,
	unsigned sync, mach_port_t notify, unsigned type, mach_port_t *before)
{
	(void)task;
	assert_int_equal(name, PORT);
	assert_int_equal(which, MACH_NOTIFY_DEAD_NAME);
	assert_int_equal(sync, 1);
	*before = world.told;
	world.references[*before] += *before != MACH_PORT_NULL; /* a send-once right */
	assert_int_equal(type, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	world.told = notify;
	return KERN_SUCCESS;
}

kern_return_t here_lookup(const char *name, uint32_t timeout_ms, mach_port_t *port)
{
	(void)timeout_ms;
	if (world.here != KERN_SUCCESS)
		return world.here;
	*port = strcmp(name, "gns") == 0 ? GNS : world.next;
	world.here_asked += *port != GNS;
	world.references[*port]++;
	return KERN_SUCCESS;
}

kern_return_t here_watch(const char *name, mach_port_t events)
{
	assert_string_equal(name, "store");
	assert_int_equal(events, EVENTS);
	world.watches++;
	world.events = 1; /* the state as it is */
	return world.watch;
}

kern_return_t gns_lookup(mach_port_t gns, const char *name, mach_msg_type_number_t length,
	uint32_t timeout_ms, mach_port_t *port)
{
	kern_return_t kr = world.far[world.far_asked++];

	(void)timeout_ms;
	assert_int_equal(gns, GNS);
	assert_int_equal(length, strlen(name));
	if (kr == KERN_SUCCESS)
		world.references[ *port = world.next]++;
	return kr;
}

kern_return_t gns_watch(
	mach_port_t gns, const char *name, mach_msg_type_number_t length, mach_port_t port)
{
	assert_int_equal(gns, GNS);
	assert_int_equal(length, strlen(name));
	assert_int_equal(port, EVENTS);
	world.far_asked++;
	return KERN_SUCCESS;
}

kern_return_t gns_where(
	mach_port_t gns, mach_port_t right, masix_name_t node, mach_msg_type_number_t *length)
{
	assert_int_equal(gns, GNS);
	assert_int_equal(right, PORT);
	*length = (mach_msg_type_number_t)strlen(world.node);
	memcpy(node, world.node, *length);
	return KERN_SUCCESS;
}

/* --- Tests ----------------------------------------------------------------------------------------------------------- */

static void names_go_to_who_knows_them(void **state)
{
	char name[MASIX_NAME_MAX + 2];
	mach_port_t port;

	(void)state;
	begin();
	assert_int_equal(masix_proxy_lookup("store", 0, &port), KERN_SUCCESS);
	assert_int_equal(port, PORT);
	assert_int_equal(world.here_asked, 1);
	assert_int_equal(masix_proxy_lookup("store@n2", 0, &port), KERN_SUCCESS);
	assert_int_equal(world.here_asked, 1);
	assert_int_equal(world.far_asked, 1);
	world.references[PORT] -= 2;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(masix_proxy_lookup(name, 0, &port), MASIX_E_NAME_TOO_LONG);
	world.here = MASIX_E_NOT_FOUND; /* no cluster */
	assert_int_equal(masix_proxy_lookup("store@n2", 1000, &port), MASIX_E_NOT_FOUND);
	nothing_is_left();
}

/* The network server dies while it is asked: its next life is, if there is time. */
static void its_next_life_is_asked(void **state)
{
	mach_port_t port;

	(void)state;
	begin();
	world.far[0] = MIG_SERVER_DIED;
	world.far[1] = MACH_SEND_INVALID_DEST;
	assert_int_equal(masix_proxy_lookup("store@n2", 60000, &port), KERN_SUCCESS);
	assert_int_equal(world.far_asked, 3);
	world.references[PORT]--;
	begin();
	world.far[0] = MASIX_E_DEAD;
	assert_int_equal(masix_proxy_lookup("store@n2", 0, &port), MASIX_E_DEAD);
	assert_int_equal(world.far_asked, 1);
	nothing_is_left();
}

static void names_are_watched_where_they_are_known(void **state)
{
	(void)state;
	begin();
	assert_int_equal(masix_proxy_watch("store", EVENTS), KERN_SUCCESS);
	assert_int_equal(world.watches, 1);
	assert_int_equal(masix_proxy_watch("store@*", EVENTS), KERN_SUCCESS);
	assert_int_equal(world.far_asked, 1);
	assert_int_equal(world.watches, 1);
	world.here = MASIX_E_NOT_FOUND; /* no cluster */
	assert_int_equal(masix_proxy_watch("store@n2", EVENTS), MASIX_E_NOT_FOUND);
	nothing_is_left();
}

static void where_it_lives(void **state)
{
	char node[MASIX_NODE_SIZE];

	(void)state;
	begin();
	assert_int_equal(masix_proxy_where(PORT, node), KERN_SUCCESS);
	assert_string_equal(node, "n2");
	world.node = "a name as long as no node can have one";
	assert_int_equal(masix_proxy_where(PORT, node), MASIX_E_NAME_TOO_LONG);
	nothing_is_left();
}

/* Asked for once, and again after a change. */
static void a_name_is_kept(void **state)
{
	struct masix_proxy_name *name;
	mach_port_t port;
	unsigned i;

	(void)state;
	begin();
	assert_int_equal(masix_proxy_name_open("store", &name), KERN_SUCCESS);
	for (i = 0; i < 3; i++) {
		assert_int_equal(masix_proxy_name_port(name, 0, &port), KERN_SUCCESS);
		assert_int_equal(port, PORT);
		assert_int_equal(world.here_asked, 1);
	}
	world.events = 2;
	world.next = PORT + 1;
	assert_int_equal(masix_proxy_name_port(name, 0, &port), KERN_SUCCESS);
	assert_int_equal(port, PORT + 1);
	world.events = 1;
	world.here = MASIX_E_NOT_FOUND;
	assert_int_equal(masix_proxy_name_port(name, 0, &port), MASIX_E_NOT_FOUND);
	masix_proxy_name_close(name);
	world.watch = MASIX_E_LIMIT;
	assert_int_equal(masix_proxy_name_open("store", &name), MASIX_E_LIMIT);
	nothing_is_left();
}

static void one_of_another_node_is_kept_until_it_dies(void **state)
{
	struct masix_proxy_name *name;
	mach_port_t port;

	(void)state;
	begin();
	assert_int_equal(masix_proxy_name_open("store@n2", &name), KERN_SUCCESS);
	assert_int_equal(masix_proxy_name_port(name, 0, &port), KERN_SUCCESS);
	assert_int_equal(masix_proxy_name_port(name, 0, &port), KERN_SUCCESS);
	assert_int_equal(world.far_asked, 1);
	world.dead[PORT] = true;
	world.next = PORT + 1;
	assert_int_equal(masix_proxy_name_port(name, 0, &port), KERN_SUCCESS);
	assert_int_equal(port, PORT + 1);
	assert_int_equal(world.far_asked, 2);
	assert_int_equal(world.watches, 0);
	masix_proxy_name_close(name);
	nothing_is_left();
}

/* Who asks second takes the place of who asked first, whose send-once right is given back. */
static void one_is_told_of_the_loss(void **state)
{
	(void)state;
	begin();
	assert_int_equal(masix_proxy_tell_lost(PORT, EVENTS), KERN_SUCCESS);
	assert_int_equal(masix_proxy_tell_lost(PORT, EVENTS + 1), KERN_SUCCESS);
	assert_int_equal(world.told, EVENTS + 1);
	nothing_is_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_to_who_knows_them),
		cmocka_unit_test(its_next_life_is_asked),
		cmocka_unit_test(names_are_watched_where_they_are_known),
		cmocka_unit_test(where_it_lives),
		cmocka_unit_test(a_name_is_kept),
		cmocka_unit_test(one_of_another_node_is_kept_until_it_dies),
		cmocka_unit_test(one_is_told_of_the_loss),
	};

	return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
