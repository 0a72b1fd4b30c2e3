/* The boot test of the network server: what a message does over a local port it does over a proxy. */
#ifndef GNS_BOOT_TEST_H
#define GNS_BOOT_TEST_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

extern atomic_uint failures;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			failures++;                                                                \
			masix_log("%s:%d: failed: %s", __FILE__, __LINE__, #condition);            \
		}                                                                                  \
	} while (0)

#define WAIT_MS 5000
#define MESSAGE_WORDS 4096

/* A message that is being built, or was received. */
struct message {
	union {
		mach_msg_header_t header;
		uint32_t words[MESSAGE_WORDS];
	};
};

/* message.c */
void message_begin(struct message *message, mach_port_t to, mach_msg_type_name_t how, int id);
void message_reply(struct message *message, mach_port_t port, mach_msg_type_name_t how);
void message_number(struct message *message, uint32_t number);
void message_rights(struct message *message, mach_msg_type_name_t how, unsigned count,
	const mach_port_t *names);
void message_memory(struct message *message, const void *memory, uint32_t size, bool deallocate);
void message_array(struct message *message, mach_msg_type_name_t how, unsigned count,
	const mach_port_t *names);
mach_msg_return_t message_send(struct message *message, mach_msg_timeout_t timeout);
/* Waits WAIT_MS. */
mach_msg_return_t message_receive(struct message *message, mach_port_t port);
mach_msg_return_t message_receive_within(
	struct message *message, mach_port_t port, mach_msg_timeout_t timeout);

mach_port_t port_make(void);
void port_destroy(mach_port_t port);
/* Send rights of ours to the name. */
unsigned port_sends(mach_port_t name);
bool port_is_dead(mach_port_t name);
unsigned port_names(void);

/* A port of ours and a right to it, which came by a message: the port's own, or a proxy's. */
struct pair {
	mach_port_t receive, send;
};

enum { LOCAL, A, B, C };

/* Send `name`, moved with `how`, from one node to another (LOCAL: by no node); the name under which it comes. */
mach_port_t carry(int from, int to, mach_port_t name, mach_msg_type_name_t how);
/* Its two halves, of a receive right. */
void send_right(int from, int to, mach_port_t port);
mach_port_t take_right(void);
void pair_make(struct pair *pair, int home, int holder);
void pair_end(struct pair *pair);

/* suite.c: each case once over a local port and once over a proxy. */
void suite_run(void);
/* triangle.c: what needs three nodes, and what is not as on one. */
void triangle_run(void);

/* ends.c: node C is killed. */
void ends_run(void);

/* What a lookup of the name at that node says; the right that it gives is given back. */
kern_return_t lookup_result(int node, const char *name);

/* Proxies and exports of a node, and of all nodes. */
unsigned node_ports(int node);
unsigned nodes_ports(bool say);

#endif
