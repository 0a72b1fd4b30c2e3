/* How fast ports of another machine are, beside the network itself in the same minute.  Prints a line for each:
 * "| NAME | VALUE UNIT |". */
#include "far.h"

#include <arpa/inet.h>
#include <masix/error.h>
#include <masix/types.h>
#include <pthread.h>
#include <sodium/crypto_aead_chacha20poly1305.h>
#include <string.h>

#include "io.h"
#include "mach.h"
#include "mach_port.h"
#include "network.h"
#include "socket.h"

#define CALLS 1000
#define MEMORY (1 << 20)
#define MEMORIES 8
#define THREADS_MANY 100
#define THREAD_CALLS 20
#define PROXIES 10000
#define RIGHTS 1000
#define TCP_PORT 7000
#define ECHO_SIZE 100  /* of a frame of a call, about */
#define FRAME_SIZE 200 /* sealed and opened */
#define NET_MS 20000

static mach_port_t network;
static struct masix_inet_name other;

static uint64_t since(uint64_t start)
{
	return (masix_monotonic_ns() - start) / 1000;
}

static void say(const char *name, uint64_t value, const char *unit)
{
	masix_log("| %s | %llu %s |", name, (unsigned long long)value, unit);
}

static mach_port_t make_socket(int kind, int protocol)
{
	mach_port_t made = MACH_PORT_NULL;

	CHECK(network_socket(network, MASIX_INET, kind, protocol, 0, 0, &made) == KERN_SUCCESS);
	return made;
}

static void find_network(void)
{
	CHECK(masix_lookup("net", NET_MS, &network) == KERN_SUCCESS);
	other.address[10] = other.address[11] = 0xff;
}

/* --- Calls ---------------------------------------------------------------------------------------------------------- */

/* An ICMP echo, answered by the other network server itself: us. */
static uint64_t measure_echo(void)
{
	const masix_socket_ids_t nobody = { 0 };
	mach_port_t echo = make_socket(2, 1);
	uint8_t packet[ECHO_SIZE] = { 8 };
	uint64_t start = masix_monotonic_ns();
	unsigned i, good = 0;

	for (i = 0; i < CALLS; i++) {
		mach_msg_type_number_t files = 0, rights = 0, size = sizeof(masix_part_t);
		masix_socket_info_t info;
		masix_bulk_t file;
		masix_rights_t right;
		masix_part_t back;
		uint32_t sent;

		packet[7] = (uint8_t)i;
		good += socket_send(echo, 0, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL,
				(const char *)&other, sizeof other, nobody, NULL, 0, NULL, 0,
				(const char *)packet, sizeof packet, &sent) == KERN_SUCCESS &&
			socket_receive(echo, 0, 0, MACH_PORT_NULL, sizeof back, &info, &file,
				&files, &right, &rights, back, &size) == KERN_SUCCESS;
	}
	CHECK(good == CALLS);
	(void)mach_port_deallocate(mach_task_self(), echo);
	return since(start) / CALLS;
}

static uint64_t measure_calls(mach_port_t far, mach_port_t reply)
{
	struct message message;
	uint64_t start = masix_monotonic_ns();
	unsigned i, good = 0;

	for (i = 0; i < CALLS; i++) {
		message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, CALL);
		good += call(&message, reply);
	}
	CHECK(good == CALLS);
	return since(start) / CALLS;
}

/* A call's frames are sealed and opened twice: us. */
static uint64_t measure_sealing(void)
{
	static uint8_t plain[FRAME_SIZE], sealed[FRAME_SIZE + 16], key[32], nonce[12];
	uint64_t start = masix_monotonic_ns();
	unsigned i, good = 0;

	for (i = 0; i < 2 * CALLS; i++) {
		(void)crypto_aead_chacha20poly1305_ietf_encrypt(
			sealed, NULL, plain, sizeof plain, key, 16, NULL, nonce, key);
		good += crypto_aead_chacha20poly1305_ietf_decrypt(
				plain, NULL, NULL, sealed, sizeof sealed, key, 16, nonce, key) == 0;
	}
	CHECK(good == 2 * CALLS);
	return since(start) / CALLS;
}

struct talk {
	mach_port_t far;
	atomic_int left; /* calls of all of them */
	atomic_uint good;
};

static void *talker(void *argument)
{
	struct talk *talk = argument;
	mach_port_t reply = port_make();
	struct message message;

	while (atomic_fetch_sub(&talk->left, 1) > 0) {
		message_begin(&message, talk->far, MACH_MSG_TYPE_COPY_SEND, CALL);
		talk->good += call(&message, reply);
	}
	port_destroy(reply);
	return NULL;
}

/* So many conversations at once: us for each call.  Who has to wait for room in the queue is overtaken by others, again and again, so
 * each makes as many calls as it comes to, not the same number. */
static uint64_t measure_talks(mach_port_t far, unsigned threads, unsigned calls)
{
	struct talk talk = { .far = far, .left = (int)(threads * calls) };
	pthread_t all[THREADS_MANY];
	uint64_t start = masix_monotonic_ns();
	unsigned i;

	for (i = 0; i < threads; i++)
		CHECK(pthread_create(&all[i], NULL, talker, &talk) == 0);
	for (i = 0; i < threads; i++)
		(void)pthread_join(all[i], NULL);
	CHECK(talk.good == threads * calls);
	return since(start) / (threads * calls);
}

/* --- Memory ---------------------------------------------------------------------------------------------------------- */

static uint64_t measure_memory(mach_port_t far, mach_port_t reply, vm_address_t memory)
{
	struct message message;
	uint64_t start = masix_monotonic_ns();
	unsigned i, good = 0;

	for (i = 0; i < MEMORIES; i++) {
		message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, TAKE);
		message_memory(&message, (void *)memory, MEMORY, false);
		good += call(&message, reply);
	}
	CHECK(good == MEMORIES);
	return since(start) / MEMORIES;
}

/* A connection, until the other side ends it: one byte in answer to each MiB. */
static void take_all(mach_port_t connection)
{
	uint32_t had = 0, written;
	int64_t end;
	masix_bulk_t data;
	mach_msg_type_number_t size;

	while (io_read_large(connection, 0, 0, 0, MASIX_BULK_MAX, &data, &size) == KERN_SUCCESS &&
		size > 0) {
		(void)vm_deallocate(mach_task_self(), (vm_address_t)data, size);
		for (had += size; had >= MEMORY; had -= MEMORY)
			CHECK(io_write(connection, 0, 0, 0, "", 1, &written, &end) == KERN_SUCCESS);
	}
}

static void *take_connections(void *unused)
{
	struct masix_inet_name any = { .port = TCP_PORT };
	mach_port_t listener, connection;

	(void)unused;
	find_network();
	any.address[10] = any.address[11] = 0xff;
	listener = make_socket(1, 0);
	CHECK(socket_bind(listener, MACH_PORT_NULL, 0, MACH_PORT_NULL, (const char *)&any,
		      sizeof any) == KERN_SUCCESS);
	CHECK(socket_listen(listener, MACH_PORT_NULL, 5) == KERN_SUCCESS);
	while (socket_accept(listener, 0, 0, &connection) == KERN_SUCCESS) {
		take_all(connection);
		(void)mach_port_deallocate(mach_task_self(), connection);
	}
	return NULL;
}

void measure_serve(void)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, take_connections, NULL) == 0);
}

static bool send_all(mach_port_t connection, vm_address_t memory)
{
	uint32_t sent = 0, written;
	kern_return_t kr = KERN_SUCCESS;
	masix_inline_t answer;
	mach_msg_type_number_t size;
	int64_t end;

	while (sent < MEMORY && kr == KERN_SUCCESS) {
		kr = io_write_large(
			connection, 0, 0, 0, (char *)memory + sent, MEMORY - sent, &written, &end);
		sent += kr == KERN_SUCCESS ? written : 0;
	}
	return kr == KERN_SUCCESS &&
	       io_read(connection, 0, 0, 0, 1, answer, &size) == KERN_SUCCESS && size == 1;
}

static uint64_t measure_tcp(vm_address_t memory)
{
	mach_port_t connection = make_socket(1, 0);
	struct masix_inet_name to = other;
	uint64_t start;
	unsigned i, good = 0;

	to.port = TCP_PORT;
	CHECK(socket_connect(connection, 0, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL, (const char *)&to,
		      sizeof to) == KERN_SUCCESS);
	start = masix_monotonic_ns();
	for (i = 0; i < MEMORIES; i++)
		good += send_all(connection, memory);
	CHECK(good == MEMORIES);
	(void)mach_port_deallocate(mach_task_self(), connection);
	return since(start) / MEMORIES;
}

/* --- Proxies --------------------------------------------------------------------------------------------------------- */

/* KiB, on the other machine. */
static unsigned free_there(mach_port_t far, mach_port_t reply)
{
	struct message message;

	message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, FREE);
	CHECK(call(&message, reply));
	return message.words[7];
}

/* Ports of ours for the other machine, which keeps them. */
static uint64_t make_proxies(mach_port_t far, mach_port_t reply)
{
	static mach_port_t ports[RIGHTS];
	uint64_t start = masix_monotonic_ns();
	struct message message;
	unsigned i, j;

	for (i = 0; i < PROXIES / RIGHTS; i++) {
		for (j = 0; j < RIGHTS; j++)
			ports[j] = port_make();
		message_begin(&message, far, MACH_MSG_TYPE_COPY_SEND, KEEP);
		message_array(&message, MACH_MSG_TYPE_MAKE_SEND, RIGHTS, ports);
		CHECK(call(&message, reply));
	}
	return since(start) / PROXIES;
}

void measure(mach_port_t far, mach_port_t reply, const char *address)
{
	vm_address_t memory = 0;
	unsigned before;

	find_network();
	CHECK(inet_pton(AF_INET, address, other.address + 12) == 1);
	CHECK(vm_allocate(mach_task_self(), &memory, MEMORY, TRUE) == KERN_SUCCESS);
	memset((void *)memory, 1, MEMORY);
	say("echo of the network servers", measure_echo(), "us");
	say("null call", measure_calls(far, reply), "us");
	say("its sealing and opening", measure_sealing(), "us");
	say("1 conversation, each call", measure_talks(far, 1, THREAD_CALLS * 10), "us");
	say("100 conversations, each call", measure_talks(far, THREADS_MANY, THREAD_CALLS), "us");
	say("1 MiB over TCP", measure_tcp(memory), "us");
	say("1 MiB out of line", measure_memory(far, reply, memory), "us");
	before = free_there(far, reply);
	say("10 000 rights, each", make_proxies(far, reply), "us");
	/* All of it: of the network server, of the kernel, and of who holds the rights. */
	say("memory for each", (uint64_t)(before - free_there(far, reply)) * 1024 / PROXIES,
		"bytes");
	say("null call with 10 000 proxies there", measure_calls(far, reply), "us");
}
