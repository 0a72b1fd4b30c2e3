/* Three nodes: rights that are handed on, in every order; and what may not leave a node. */
#include "boot.h"

#include <mach/notify.h>
#include <pthread.h>
#include <unistd.h>

#include "mach.h"
#include "mach_port.h"

#define MANY_ONCE 20
#define TO_AND_FRO 60
#define REROUTED_TRIES 500 /* of 10 ms */

static bool works(mach_port_t right, mach_port_t port, int id)
{
	struct message message;

	message_begin(&message, right, MACH_MSG_TYPE_COPY_SEND, id);
	return message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS &&
	       message_receive(&message, port) == MACH_MSG_SUCCESS && message.header.msgh_id == id;
}

#define IDLE_PORTS 3 /* of a node: the door, and proxies for those of the other two */

static void send_number(mach_port_t port, int id)
{
	struct message message;

	message_begin(&message, port, MACH_MSG_TYPE_COPY_SEND, id);
	CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
}

/* Exactly one message, with that id. */
static bool told_once(mach_port_t port, int id)
{
	struct message message;

	return message_receive(&message, port) == MACH_MSG_SUCCESS &&
	       message.header.msgh_id == id &&
	       MACH_MSGH_BITS_LOCAL(message.header.msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE &&
	       message_receive_within(&message, port, 50) == MACH_RCV_TIMED_OUT;
}

/* A send-once right goes on without leaving anything with the giver, is used, dropped, or comes home. */
static void hand_over_once(int home, int giver, int receiver)
{
	mach_port_t port = port_make(), right;
	struct message message;
	int how;

	for (how = 0; how < 4; how++) {
		right = carry(home, giver, port, MACH_MSG_TYPE_MAKE_SEND_ONCE);
		if (how == 3) { /* straight home */
			right = carry(giver, home, right, MACH_MSG_TYPE_MOVE_SEND_ONCE);
			CHECK(node_ports(giver) == IDLE_PORTS && node_ports(home) == IDLE_PORTS);
		} else {
			right = carry(giver, receiver, right, MACH_MSG_TYPE_MOVE_SEND_ONCE);
			CHECK(node_ports(giver) == IDLE_PORTS);
		}
		if (how == 2) {
			right = carry(receiver, home, right, MACH_MSG_TYPE_MOVE_SEND_ONCE);
			CHECK(node_ports(receiver) == IDLE_PORTS && node_ports(home) == IDLE_PORTS);
		}
		message_begin(&message, right, MACH_MSG_TYPE_MOVE_SEND_ONCE, how);
		if (how == 1)
			(void)mach_port_deallocate(mach_task_self(), right);
		else
			CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
		CHECK(told_once(port, how == 1 ? MACH_NOTIFY_SEND_ONCE : how));
	}
	port_destroy(port);
}

/* Many at once: each is found among the others, those of ports of this node are not taken for one of them. */
static void many_once(void)
{
	mach_port_t ports[MANY_ONCE], rights[MANY_ONCE], own = port_make(), right;
	struct message message;
	int i;

	for (i = 0; i < MANY_ONCE; i++) {
		ports[i] = port_make();
		rights[i] = carry(A, B, ports[i], MACH_MSG_TYPE_MAKE_SEND_ONCE);
	}
	right = carry(B, C, own, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	for (i = 0; i < MANY_ONCE; i++) {
		mach_port_t gone = carry(B, C, rights[i], MACH_MSG_TYPE_MOVE_SEND_ONCE);

		message_begin(&message, gone, MACH_MSG_TYPE_MOVE_SEND_ONCE, i);
		CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
	}
	for (i = 0; i < MANY_ONCE; i++) {
		CHECK(told_once(ports[i], i));
		port_destroy(ports[i]);
	}
	message_begin(&message, right, MACH_MSG_TYPE_MOVE_SEND_ONCE, 99);
	CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
	CHECK(told_once(own, 99));
	port_destroy(own);
}

/* home -> giver -> receiver -> home: it works at each, and is itself at home. */
static void hand_over(int home, int giver, int receiver)
{
	mach_port_t port = port_make(), notify = port_make(), previous, at_giver, at_receiver, back;
	struct message message;

	at_giver = carry(home, giver, port, MACH_MSG_TYPE_MAKE_SEND);
	CHECK(mach_port_request_notification(mach_task_self(), port, MACH_NOTIFY_NO_SENDERS, 1,
		      notify, MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous) == KERN_SUCCESS);
	CHECK(works(at_giver, port, 1));
	/* The giver keeps nothing. */
	at_receiver = carry(giver, receiver, at_giver, MACH_MSG_TYPE_MOVE_SEND);
	CHECK(works(at_receiver, port, 2));
	back = carry(receiver, home, at_receiver, MACH_MSG_TYPE_COPY_SEND);
	CHECK(back == port);
	(void)mach_port_deallocate(mach_task_self(), back);
	usleep(20000);
	CHECK(works(at_receiver, port, 3));
	CHECK(message_receive_within(&message, notify, 50) == MACH_RCV_TIMED_OUT);
	(void)mach_port_deallocate(mach_task_self(), at_receiver);
	CHECK(message_receive(&message, notify) == MACH_MSG_SUCCESS);
	CHECK(message.header.msgh_id == MACH_NOTIFY_NO_SENDERS);
	CHECK(message_receive_within(&message, notify, 50) == MACH_RCV_TIMED_OUT);
	port_destroy(port);
	port_destroy(notify);
}

/* Through all nodes, twice, and the port moves as well. */
static void long_way(void)
{
	mach_port_t port = port_make(), right = port;
	int i, node = A;

	for (i = 0; i < 7; i++) {
		int next = node == C ? A : node + 1;

		right = carry(node, next, right,
			i == 0 ? MACH_MSG_TYPE_MAKE_SEND : MACH_MSG_TYPE_MOVE_SEND);
		CHECK(works(right, port, i));
		node = next;
	}
	(void)mach_port_deallocate(mach_task_self(), right);
	port_destroy(port);
}

/* To and fro between two nodes, faster than home can grant what is given away: it works all the same. */
static void to_and_fro(int home, int one, int other)
{
	mach_port_t port = port_make(), right = carry(home, one, port, MACH_MSG_TYPE_MAKE_SEND);
	int i;

	for (i = 0; i < TO_AND_FRO; i++)
		right = carry(
			i % 2 ? other : one, i % 2 ? one : other, right, MACH_MSG_TYPE_MOVE_SEND);
	CHECK(works(right, port, 1));
	(void)mach_port_deallocate(mach_task_self(), right);
	port_destroy(port);
}

/* Two ports go to where the other comes from, at once, with what is in their queues; one has a third port in its queue, which goes
 * where it goes. */
static void crossing_ports(int one, int other)
{
	mach_port_t ports[2] = { port_make(), port_make() }, third = port_make(), rights[2], at;
	struct message message;
	int i, k;

	rights[0] = carry(one, other, ports[0], MACH_MSG_TYPE_MAKE_SEND);
	rights[1] = carry(other, one, ports[1], MACH_MSG_TYPE_MAKE_SEND);
	CHECK(mach_port_insert_right(mach_task_self(), third, third, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS);
	for (i = 0; i < 2; i++)
		send_number(rights[i], 1);
	send_number(third, 7);
	message_begin(&message, rights[0], MACH_MSG_TYPE_COPY_SEND, 2);
	message_rights(&message, MACH_MSG_TYPE_MOVE_RECEIVE, 1, &third);
	CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
	send_right(one, other, ports[0]);
	send_right(other, one, ports[1]);
	for (i = 0; i < 2; i++)
		send_number(rights[i], 3);
	/* They come in any order, each where a right to it is. */
	for (i = 0; i < 2; i++) {
		at = take_right();
		CHECK(at == rights[0] || at == rights[1]);
		for (k = 1; k <= 3; k++) {
			if (k == 2 && at == rights[1])
				continue;
			CHECK(message_receive(&message, at) == MACH_MSG_SUCCESS &&
				message.header.msgh_id == k);
			if (k == 2)
				ports[0] = message.words[9];
		}
		port_destroy(at);
		(void)mach_port_deallocate(mach_task_self(), at);
	}
	CHECK(message_receive(&message, ports[0]) == MACH_MSG_SUCCESS &&
		message.header.msgh_id == 7);
	port_destroy(ports[0]);
	for (i = 0; i < REROUTED_TRIES && !port_is_dead(third); i++)
		usleep(10000);
	CHECK(port_is_dead(third) || third == ports[0]);
	(void)mach_port_deallocate(mach_task_self(), third);
}

#define MOVED_MESSAGES 60
#define MOVE_AT 20

struct sender {
	mach_port_t right;
	unsigned sent;
};

static void *send_numbers(void *argument)
{
	struct sender *sender = argument;
	struct message message;

	while (sender->sent < MOVED_MESSAGES) {
		message_begin(
			&message, sender->right, MACH_MSG_TYPE_COPY_SEND, (int)sender->sent + 1);
		if (message_send(&message, WAIT_MS) != MACH_MSG_SUCCESS)
			break;
		sender->sent++;
	}
	return NULL;
}

/* A port moves while a holder on a third node sends to it: nothing is lost, double or out of order, and in the end the old home
 * knows nothing of it. */
static void old_holders(int home, int holder, int next)
{
	mach_port_t port = port_make(), moved;
	struct sender sender = { carry(home, holder, port, MACH_MSG_TYPE_MAKE_SEND), 0 };
	struct message message;
	pthread_t thread;
	unsigned i, tries;

	CHECK(pthread_create(&thread, NULL, send_numbers, &sender) == 0);
	for (i = 1; i <= MOVE_AT; i++)
		CHECK(message_receive(&message, port) == MACH_MSG_SUCCESS &&
			message.header.msgh_id == (int)i);
	moved = carry(home, next, port, MACH_MSG_TYPE_MOVE_RECEIVE);
	for (; i <= MOVED_MESSAGES; i++)
		CHECK(message_receive(&message, moved) == MACH_MSG_SUCCESS &&
			message.header.msgh_id == (int)i);
	(void)pthread_join(thread, NULL);
	CHECK(sender.sent == MOVED_MESSAGES);
	for (tries = 0; tries < REROUTED_TRIES && node_ports(home) != IDLE_PORTS; tries++)
		usleep(10000);
	CHECK(node_ports(home) == IDLE_PORTS);
	CHECK(works(sender.right, moved, 99));
	port_destroy(moved);
	for (tries = 0; tries < REROUTED_TRIES && !port_is_dead(sender.right); tries++)
		usleep(10000);
	CHECK(port_is_dead(sender.right));
	(void)mach_port_deallocate(mach_task_self(), sender.right);
}

/* Ports of the kernel stay where they are. */
static void kernel_ports(void)
{
	mach_port_t got = carry(B, A, mach_task_self(), MACH_MSG_TYPE_COPY_SEND);

	CHECK(got == MACH_PORT_DEAD);
}

void triangle_run(void)
{
	unsigned names = port_names(), tries;
	int home, giver, receiver;

	for (home = A; home <= C; home++)
		for (giver = A; giver <= C; giver++)
			for (receiver = A; receiver <= C; receiver++)
				if (home != giver && giver != receiver && receiver != home) {
					hand_over(home, giver, receiver);
					hand_over_once(home, giver, receiver);
				}
	many_once();
	to_and_fro(A, B, C);
	crossing_ports(A, B);
	crossing_ports(C, B);
	long_way();
	old_holders(A, B, C);
	old_holders(C, A, B);
	kernel_ports();
	for (tries = 0;
		tries < 300 && (nodes_ports(false) != 3 * IDLE_PORTS || port_names() != names);
		tries++)
		usleep(10000);
	CHECK(nodes_ports(false) == 3 * IDLE_PORTS);
	CHECK(port_names() == names);
}
