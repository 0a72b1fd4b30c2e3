/* gns_far serve | ask ADDRESS | faults: on one machine a server, on the other its client, which finds it by its name and node,
 * calls it, sends it memory and rights, measures, or does so over a bad wire, and stops both machines. */
#include "far.h"

#include <mach/notify.h>
#include <mach/vm_statistics.h>
#include <masix/error.h>
#include <masix/object.h>
#include <masix/proxy.h>
#include <masix/types.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "acs_session.h"
#include "gns.h"
#include "mach.h"
#include "mach_port.h"

#define NAME "gns_far@a"
#define MEMORY (1 << 20)
#define GNS_PING 503002
#define SHORT_MS 200

atomic_uint failures;
static mach_port_t port;

unsigned sum_of(const uint8_t *bytes, uint32_t size)
{
	unsigned sum = 5381;

	while (size-- > 0)
		sum = sum * 33 + *bytes++;
	return sum;
}

static unsigned free_memory(void)
{
	struct vm_statistics statistics = { 0 };

	CHECK(vm_statistics(mach_task_self(), &statistics) == KERN_SUCCESS);
	return (unsigned)statistics.free_count * ((unsigned)statistics.pagesize / 1024);
}

/* Those that are in its queue, and those that come after it. */
static unsigned receive_moved(mach_port_t moved)
{
	struct message message;
	unsigned count = 0;

	while (count < MOVED_MESSAGES &&
		message_receive_within(&message, moved, 60000) == MACH_MSG_SUCCESS &&
		message.header.msgh_id == (int)count + 1)
		count++;
	CHECK(count == MOVED_MESSAGES);
	port_destroy(moved);
	return count;
}

static void take_number(unsigned *last, unsigned number)
{
	CHECK(number == 1 || number == *last + 1);
	*last = number;
}

static void *serve(void *unused)
{
	unsigned last = 0;

	static struct message message, reply;

	(void)unused;
	for (;;) {
		if (message_receive_within(&message, port, 60000) != MACH_MSG_SUCCESS)
			continue;
		if (message.header.msgh_id ==
			GNS_PING) /* a call that gets no answer: its reply right is kept */
			continue;
		if (message.header.msgh_id == NUMBER) {
			take_number(&last, message.words[7]);
			continue;
		}
		message_begin(&reply, message.header.msgh_remote_port, MACH_MSG_TYPE_MOVE_SEND_ONCE,
			message.header.msgh_id + 100);
		if (message.header.msgh_id == SUM) {
			message_number(&reply, sum_of((void *)message.words[9], message.words[8]));
			(void)vm_deallocate(mach_task_self(), message.words[9], message.words[8]);
		} else if (message.header.msgh_id == TAKE) {
			(void)vm_deallocate(mach_task_self(), message.words[9], message.words[8]);
		} else if (message.header.msgh_id == KEEP) { /* for good */
			(void)vm_deallocate(mach_task_self(), message.words[9],
				message.words[8] * sizeof(mach_port_t));
		} else if (message.header.msgh_id == FREE) {
			message_number(&reply, free_memory());
		} else if (message.header.msgh_id == LAST_NUMBER) {
			message_number(&reply, last);
		} else if (message.header.msgh_id == MOVE) {
			message_number(&reply, receive_moved(message.words[9]));
		} else if (message.header.msgh_id == RETURN) {
			message_rights(&reply, MACH_MSG_TYPE_MOVE_RECEIVE, 1, &message.words[9]);
		} else if (message.header.msgh_id == SEND_BACK) {
			struct message back;

			message_begin(&back, message.words[9], MACH_MSG_TYPE_MOVE_SEND, 77);
			CHECK(message_send(&back, WAIT_MS) == MACH_MSG_SUCCESS);
		}
		CHECK(message_send(&reply, WAIT_MS) == MACH_MSG_SUCCESS);
		if (message.header.msgh_id == STOP) {
			masix_log("GNS FAR TEST SERVED, %u failures", failures);
			sleep(2); /* the answer is on its way */
			(void)acs_halt(masix_session(), MASIX_HALT);
		}
	}
	return NULL;
}

bool call(struct message *message, mach_port_t reply)
{
	int id = message->header.msgh_id;

	message_reply(message, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	/* Long: the kernel lets senders that wait for a full queue be overtaken by others, again and again. */
	return message_send(message, 60000) == MACH_MSG_SUCCESS &&
	       message_receive_within(message, reply, 60000) == MACH_MSG_SUCCESS &&
	       message->header.msgh_id == id + 100;
}

mach_port_t find(void)
{
	mach_port_t found = MACH_PORT_NULL;
	/* The other machine may not be up yet, or be lost just now. */
	kern_return_t kr = masix_proxy_lookup(NAME, 60000, &found);

	if (kr != KERN_SUCCESS)
		masix_log("%s: %s", NAME, masix_strerror(kr));
	CHECK(kr == KERN_SUCCESS);
	return found;
}

static void check_memory(mach_port_t far, mach_port_t reply)
{
	struct message message;
	vm_address_t memory = 0;
	uint32_t i;

	CHECK(vm_allocate(mach_task_self(), &memory, MEMORY, TRUE) == KERN_SUCCESS);
	for (i = 0; i < MEMORY; i++)
		((uint8_t *)memory)[i] = (uint8_t)(i * 7 + (i >> 8));
	message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, SUM);
	message_memory(&message, (void *)memory, MEMORY, false);
	CHECK(call(&message, reply) && message.words[7] == sum_of((void *)memory, MEMORY));
	(void)vm_deallocate(mach_task_self(), memory, MEMORY);
}

/* masix/proxy.h: the same of a port of this node and of one of the other. */
static void check_helpers(mach_port_t far)
{
	struct masix_proxy_name *name;
	const mach_port_t own = port_make(), notify = port_make();
	mach_port_t found, ports[] = { own, far };
	char node[MASIX_NODE_SIZE];
	struct message message;

	CHECK(mach_port_insert_right(mach_task_self(), own, own, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS);
	CHECK(masix_proxy_where(far, node) == KERN_SUCCESS && strcmp(node, "a") == 0);
	CHECK(masix_proxy_where(own, node) == KERN_SUCCESS && strcmp(node, "b") == 0);
	masix_proxy_set_timeout(SHORT_MS);
	for (unsigned i = 0; i < 2; i++)
		CHECK(gns_ping(ports[i], "", 0) == MACH_RCV_TIMED_OUT);
	masix_proxy_set_timeout(0);
	CHECK(masix_proxy_lookup("gns_far", 0, &found) == KERN_SUCCESS);
	CHECK(masix_proxy_where(found, node) == KERN_SUCCESS && strcmp(node, "b") == 0);
	CHECK(masix_proxy_lookup("nobody@a", 0, &found) == MASIX_E_NOT_FOUND);
	CHECK(masix_proxy_lookup("nobody", 0, &found) == MASIX_E_NOT_FOUND);
	CHECK(masix_proxy_name_open(NAME, &name) == KERN_SUCCESS);
	CHECK(masix_proxy_name_port(name, WAIT_MS, &found) == KERN_SUCCESS && found == far);
	masix_proxy_name_close(name);
	CHECK(masix_proxy_tell_lost(own, notify) == KERN_SUCCESS);
	CHECK(masix_proxy_tell_lost(own, far) != KERN_SUCCESS); /* no receive right */
	CHECK(masix_proxy_tell_lost(own, notify) == KERN_SUCCESS);
	CHECK(message_receive(&message, notify) == MACH_MSG_SUCCESS &&
		message.header.msgh_id == MACH_NOTIFY_SEND_ONCE);
	port_destroy(own);
	CHECK(message_receive(&message, notify) == MACH_MSG_SUCCESS &&
		message.header.msgh_id == MACH_NOTIFY_DEAD_NAME);
	CHECK(masix_proxy_where(own, node) == MASIX_E_DEAD);
	CHECK(masix_is_lost(gns_ping(own, "", 0)) && !masix_is_lost(MASIX_E_NOT_FOUND));
	for (unsigned i = 0; i < 2; i++) /* a right, and the notification's */
		CHECK(mach_port_deallocate(mach_task_self(), own) == KERN_SUCCESS);
	port_destroy(notify);
}

static void *suffer(void *unused)
{
	mach_port_t far = find(), reply = port_make();
	struct message message;

	(void)unused;
	faults_run(far, reply);
	far = find();
	message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, STOP);
	CHECK(call(&message, reply));
	if (failures == 0)
		masix_log("GNS FAR TEST PASSED");
	(void)acs_halt(masix_session(), MASIX_HALT);
	return NULL;
}

static void *ask(void *argument)
{
	const char *address = argument;
	mach_port_t far = find(), reply = port_make(), own = port_make();
	struct message message;

	check_helpers(far);
	check_memory(far, reply);
	measure(far, reply, address);
	/* A right of ours goes there, and is used there. */
	message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, SEND_BACK);
	message_rights(&message, MACH_MSG_TYPE_MAKE_SEND, 1, &own);
	CHECK(call(&message, reply));
	CHECK(message_receive(&message, own) == MACH_MSG_SUCCESS && message.header.msgh_id == 77);
	message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, STOP);
	CHECK(call(&message, reply));
	if (failures == 0)
		masix_log("GNS FAR TEST PASSED");
	(void)acs_halt(masix_session(), MASIX_HALT);
	return NULL;
}

int main(int argc, char **argv)
{
	static const uint32_t interfaces[] = { 600200 };
	static const masix_demux_t demuxers[] = { NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 1,
		.name = "gns_far",
	};
	bool serves = argc == 2 && strcmp(argv[1], "serve") == 0;
	bool suffers = argc == 2 && strcmp(argv[1], "faults") == 0;
	pthread_t thread;

	if (!serves && !suffers && argc != 3)
		masix_fatal("gns_far serve | ask ADDRESS | faults");
	port = port_make();
	CHECK(masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, port) == KERN_SUCCESS);
	CHECK(masix_ready() == KERN_SUCCESS);
	if (serves)
		measure_serve();
	if (pthread_create(&thread, NULL,
		    serves    ? serve
		    : suffers ? suffer
			      : ask,
		    argv[argc - 1]) != 0)
		masix_fatal("no thread");
	masix_pool_run(&options);
}
