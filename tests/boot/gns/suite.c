/* The transparency suite.  Each case is told which way rights go, says what it sees in a line of text, and is run twice: with
 * no node between, and with two.  The lines must be equal. */
#include "boot.h"

#include <mach/notify.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "mach.h"
#include "mach_port.h"

#define LINE 100
#define WANDERS 6 /* moves of a port */

struct result {
	char text[LINE];
	size_t used;
};

static void say(struct result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void say(struct result *result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (result->used < LINE)
		result->used += (size_t)vsnprintf(
			result->text + result->used, LINE - result->used, format, arguments);
	va_end(arguments);
}

/* A number out of many bytes. */
static unsigned sum(const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	unsigned hash = 5381;

	while (size-- > 0)
		hash = hash * 33 + *byte++;
	return hash % 100000;
}

static void say_received(struct result *result, mach_port_t port, struct message *message)
{
	mach_msg_return_t got = message_receive(message, port);

	if (got != MACH_MSG_SUCCESS)
		say(result, "[%x]", got);
	else
		say(result, "[%d size %u local %u remote %u%s]", message->header.msgh_id,
			message->header.msgh_size, MACH_MSGH_BITS_LOCAL(message->header.msgh_bits),
			MACH_MSGH_BITS_REMOTE(message->header.msgh_bits),
			message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX ? " complex" : "");
}

static void notify_about(mach_port_t name, int what, unsigned count, mach_port_t notify)
{
	mach_port_t previous = MACH_PORT_NULL;

	CHECK(mach_port_request_notification(mach_task_self(), name, what, count, notify,
		      MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous) == KERN_SUCCESS);
}

/* --- The cases ------------------------------------------------------------------------------------------------------- */

static void simple_message(struct result *result, int home, int holder)
{
	struct message message;
	struct pair pair;

	pair_make(&pair, home, holder);
	message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, 4711);
	message_number(&message, 0x12345678);
	say(result, "sent %x ", message_send(&message, WAIT_MS));
	say_received(result, pair.receive, &message);
	say(result, " %x", message.words[7]);
	pair_end(&pair);
}

static void call_and_reply(struct result *result, int home, int holder)
{
	mach_port_t reply = port_make();
	struct message message;
	struct pair pair;

	pair_make(&pair, home, holder);
	message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, 10);
	message_reply(&message, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	(void)message_send(&message, WAIT_MS);
	say_received(result, pair.receive, &message);
	message_begin(&message, message.header.msgh_remote_port, MACH_MSG_TYPE_MOVE_SEND_ONCE, 110);
	say(result, " replied %x ", message_send(&message, WAIT_MS));
	say_received(result, reply, &message);
	port_destroy(reply);
	pair_end(&pair);
}

/* A right comes twice under one name, and home again under its own. */
static void one_name(struct result *result, int home, int holder)
{
	mach_port_t port = port_make(), first, second, back;

	first = carry(home, holder, port, MACH_MSG_TYPE_MAKE_SEND);
	second = carry(home, holder, port, MACH_MSG_TYPE_MAKE_SEND);
	say(result, "same %d", first == second);
	say(result, " rights %u", port_sends(first));
	back = carry(holder, home, first, MACH_MSG_TYPE_COPY_SEND);
	say(result, " back %d", back == port);
	(void)mach_port_deallocate(mach_task_self(), first);
	(void)mach_port_deallocate(mach_task_self(), first);
	(void)mach_port_deallocate(mach_task_self(), back);
	port_destroy(port);
}

static void send_once(struct result *result, int home, int holder)
{
	mach_port_t port = port_make(), once;
	struct message message;

	once = carry(home, holder, port, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	message_begin(&message, once, MACH_MSG_TYPE_MOVE_SEND_ONCE, 20);
	say(result, "used %x ", message_send(&message, WAIT_MS));
	say_received(result, port, &message);
	/* One that is never used tells so. */
	once = carry(home, holder, port, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	(void)mach_port_deallocate(mach_task_self(), once);
	say_received(result, port, &message);
	say(result, " more %d", message_receive_within(&message, port, 100) == MACH_MSG_SUCCESS);
	port_destroy(port);
}

static void number_to(mach_port_t port, int id)
{
	struct message message;

	message_begin(&message, port, MACH_MSG_TYPE_COPY_SEND, id);
	CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
}

/* A receive right moves with what is in its queue; who could send to it still can. */
static void receive_right_moves(struct result *result, int home, int holder)
{
	mach_port_t port = port_make(), there;
	struct message message;
	int i;

	CHECK(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS);
	for (i = 0; i < 3; i++)
		number_to(port, i);
	/* With the receive right gone the name is one of the send right only. */
	there = carry(home, holder, port, MACH_MSG_TYPE_MOVE_RECEIVE);
	for (; i < 5; i++)
		number_to(port, i);
	say(result, "ids");
	for (i = 0; i < 5; i++) {
		if (message_receive(&message, there) != MACH_MSG_SUCCESS)
			message.header.msgh_id = -1;
		say(result, " %d", message.header.msgh_id);
	}
	say(result, " more %d", message_receive_within(&message, there, 50) == MACH_MSG_SUCCESS);
	port_destroy(there);
	for (i = 0; i < 200 && !port_is_dead(port); i++)
		usleep(10000);
	say(result, " dead %d", port_is_dead(port));
	(void)mach_port_deallocate(mach_task_self(), port);
}

/* It comes back with its queue, under the name that it had; and so it does where only a right to it was. */
static void receive_right_returns(struct result *result, int home, int holder)
{
	mach_port_t port = port_make(), right, there, back;
	struct message message;
	int i = 0, k;

	CHECK(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS);
	right = carry(home, holder, port, MACH_MSG_TYPE_COPY_SEND);
	for (k = 0; k < 3; k++) {
		number_to(port, i++);
		there = carry(home, holder, port, MACH_MSG_TYPE_MOVE_RECEIVE);
		say(result, "%u", there == right);
		number_to(right, i++);
		CHECK(message_receive(&message, there) == MACH_MSG_SUCCESS);
		say(result, " %d ", message.header.msgh_id);
		back = carry(holder, home, there, MACH_MSG_TYPE_MOVE_RECEIVE);
		say(result, "%u ", back == port);
	}
	number_to(port, i++);
	while (--i > 2) {
		CHECK(message_receive(&message, back) == MACH_MSG_SUCCESS);
		say(result, "%d%s ", message.header.msgh_id,
			back == port && message.header.msgh_local_port != port ? "?" : "");
	}
	say(result, "more %d", message_receive_within(&message, back, 50) == MACH_MSG_SUCCESS);
	port_destroy(back);
	for (i = 0; i < 500 && !port_is_dead(right); i++)
		usleep(10000);
	say(result, " dead %d %d", port_is_dead(right), port_is_dead(port));
	while (port_is_dead(port) && mach_port_deallocate(mach_task_self(), port) == KERN_SUCCESS)
		continue;
	while (port_is_dead(right) && mach_port_deallocate(mach_task_self(), right) == KERN_SUCCESS)
		continue;
}

static void no_senders(struct result *result, int home, int holder)
{
	mach_port_t notify = port_make(), second;
	struct message message;
	struct pair pair;

	pair_make(&pair, home, holder);
	notify_about(pair.receive, MACH_NOTIFY_NO_SENDERS, 1, notify);
	second = carry(home, holder, pair.receive, MACH_MSG_TYPE_MAKE_SEND);
	(void)mach_port_deallocate(mach_task_self(), pair.send);
	say(result, "early %d ", message_receive_within(&message, notify, 200) == MACH_MSG_SUCCESS);
	number_to(second, 5);
	(void)mach_port_deallocate(mach_task_self(), second);
	/* The message holds the right that it was sent with. */
	say_received(result, pair.receive, &message);
	say_received(result, notify, &message);
	say(result, " more %d", message_receive_within(&message, notify, 100) == MACH_MSG_SUCCESS);
	port_destroy(pair.receive);
	port_destroy(notify);
}

static void dead_name(struct result *result, int home, int holder)
{
	mach_port_t notify = port_make();
	struct message message;
	struct pair pair;

	pair_make(&pair, home, holder);
	notify_about(pair.send, MACH_NOTIFY_DEAD_NAME, 1, notify);
	port_destroy(pair.receive);
	say_received(result, notify, &message);
	say(result, " it %d", message.words[7] == pair.send);
	say(result, " dead %d", port_is_dead(pair.send));
	message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, 1);
	say(result, " send %x", message_send(&message, 0));
	say(result, " more %d", message_receive_within(&message, notify, 100) == MACH_MSG_SUCCESS);
	/* One reference of ours and one that the notification carried. */
	(void)mach_port_deallocate(mach_task_self(), pair.send);
	(void)mach_port_deallocate(mach_task_self(), pair.send);
	port_destroy(notify);
}

struct writer_job {
	mach_port_t port;
	int count, first;
};

static void *write_numbers(void *argument)
{
	const struct writer_job *job = argument;
	int i;

	for (i = 0; i < job->count; i++)
		number_to(job->port, job->first + i);
	return NULL;
}

static void order(struct result *result, int home, int holder)
{
	struct writer_job job = { .count = 300 };
	struct message message;
	struct pair pair;
	pthread_t thread;
	int i, good = 0;

	pair_make(&pair, home, holder);
	job.port = pair.send;
	CHECK(pthread_create(&thread, NULL, write_numbers, &job) == 0);
	for (i = 0; i < job.count; i++)
		good += message_receive(&message, pair.receive) == MACH_MSG_SUCCESS &&
			message.header.msgh_id == i;
	CHECK(pthread_join(thread, NULL) == 0);
	say(result, "in order %d", good);
	pair_end(&pair);
}

/* Both ends of the road send while the port goes to and fro. */
static void port_wanders(struct result *result, int home, int holder)
{
	struct writer_job jobs[2] = { { .count = 60 }, { .count = 60 } };
	mach_port_t port = port_make(), name = port;
	int i, next[2] = { 0, 0 }, bad = 0, moves = 0;
	struct message message;
	pthread_t threads[2];

	CHECK(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS);
	jobs[0].port = port;
	jobs[1].port = carry(home, holder, port, MACH_MSG_TYPE_COPY_SEND);
	jobs[1].first = 1000;
	for (i = 0; i < 2; i++)
		CHECK(pthread_create(&threads[i], NULL, write_numbers, &jobs[i]) == 0);
	for (i = 0; i < 120; i++) {
		int from;

		if (message_receive(&message, name) != MACH_MSG_SUCCESS)
			break;
		from = message.header.msgh_id >= 1000;
		bad += message.header.msgh_id - 1000 * from != next[from]++;
		if (i % 15 == 14 && moves < WANDERS) {
			bool away = moves++ % 2 == 0;

			name = carry(away ? home : holder, away ? holder : home, name,
				MACH_MSG_TYPE_MOVE_RECEIVE);
			bad += name != jobs[away].port;
		}
	}
	for (i = 0; i < 2; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	say(result, "got %d %d bad %d", next[0], next[1], bad);
	port_destroy(name);
	for (i = 0; i < 500 && !(port_is_dead(jobs[0].port) && port_is_dead(jobs[1].port)); i++)
		usleep(10000);
	say(result, " dead %d %d", port_is_dead(jobs[0].port), port_is_dead(jobs[1].port));
	(void)mach_port_deallocate(mach_task_self(), jobs[0].port);
	(void)mach_port_deallocate(mach_task_self(), jobs[1].port);
}

/* A full queue makes its senders wait; what was taken arrives. */
static void full_queue(struct result *result, int home, int holder)
{
	struct message message;
	mach_msg_return_t kr = 0;
	struct pair pair;
	int sent = 0, got = 0;

	pair_make(&pair, home, holder);
	while (sent < 1000 && kr == MACH_MSG_SUCCESS) {
		message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, sent);
		kr = message_send(&message, 300);
		sent += kr == MACH_MSG_SUCCESS;
	}
	say(result, "ends %x bounded %d", kr, sent < 30);
	while (message_receive_within(&message, pair.receive, 500) == MACH_MSG_SUCCESS)
		got += message.header.msgh_id == got;
	say(result, " all %d", got == sent);
	message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, 5);
	say(result, " then %x", message_send(&message, 1000));
	say_received(result, pair.receive, &message);
	pair_end(&pair);
}

static void inline_sizes(struct result *result, int home, int holder)
{
	struct message message;
	struct pair pair;
	unsigned i, k, total = 0;

	pair_make(&pair, home, holder);
	for (i = 0; i < 15; i++) {
		unsigned words = i * 8192 / 4 / 14;

		message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, (int)i);
		for (k = 0; k < words; k++)
			message.words[6 + k] = k * 2654435761u + i;
		message.header.msgh_size += 4 * words;
		CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
		CHECK(message_receive(&message, pair.receive) == MACH_MSG_SUCCESS);
		total += sum(&message.words[6], message.header.msgh_size - 24);
	}
	say(result, "last %u sum %u", message.header.msgh_size, total);
	pair_end(&pair);
}

static void memory(struct result *result, int home, int holder)
{
	static const uint32_t sizes[] = { 1, 4096, 5000, 128 << 10, (1 << 20) + 1, 20 << 20 };
	struct message message;
	struct pair pair;
	unsigned i, flag;

	pair_make(&pair, home, holder);
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (flag = 0; flag < 2; flag++) {
			vm_address_t from = 0;
			uint32_t k, size = sizes[i];

			CHECK(vm_allocate(mach_task_self(), &from, size + 8192, TRUE) ==
				KERN_SUCCESS);
			for (k = 0; k < size; k += 97)
				((uint8_t *)from)[k + 100] = (uint8_t)(k * 7 + i);
			message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, 1);
			message_number(&message, size);
			message_memory(&message, (void *)(from + 100), size, flag);
			CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
			/* With the deallocate bit the sender's pages are gone. */
			(void)vm_deallocate(mach_task_self(), from, size + 8192);
			if (mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
				    sizeof message, pair.receive, 60000, MACH_PORT_NULL) != 0) {
				say(result, " none");
				continue;
			}
			say(result, "%s%u", i + flag ? " " : "",
				sum((void *)message.words[11], message.words[7]));
			(void)vm_deallocate(mach_task_self(), message.words[11], size);
		}
	pair_end(&pair);
}

static void bad_memory(struct result *result, int home, int holder)
{
	struct message message;
	struct pair pair;

	pair_make(&pair, home, holder);
	message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, 1);
	message_memory(&message, (void *)0xb0000000, 100, false);
	say(result, "sent %x", message_send(&message, 1000));
	pair_end(&pair);
}

/* Memory whose pager never answers stalls who sends it, and who touches it, but nobody else; when the pager is gone, the message is
 * one without such memory, or none. */
static void silent_pager(struct result *result, int home, int holder)
{
	mach_port_t pager = port_make(), reply = port_make(), control, name;
	struct message message;
	vm_address_t memory = 0;
	struct pair pair, other;

	pair_make(&pair, home, holder);
	pair_make(&other, home, holder);
	CHECK(mach_port_insert_right(mach_task_self(), pager, pager, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS);
	CHECK(vm_map(mach_task_self(), &memory, 8192, 0, TRUE, pager, 0, FALSE, VM_PROT_READ,
		      VM_PROT_READ, VM_INHERIT_NONE) == KERN_SUCCESS);
	/* All that it ever says. */
	CHECK(message_receive(&message, pager) == MACH_MSG_SUCCESS);
	control = message.words[7];
	name = message.words[9];
	CHECK(memory_object_ready(control, FALSE, MEMORY_OBJECT_COPY_DELAY) == KERN_SUCCESS);
	message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, 1);
	message_memory(&message, (void *)memory, 8192, false);
	say(result, "sent %x", message_send(&message, WAIT_MS));
	message_begin(&message, other.send, MACH_MSG_TYPE_COPY_SEND, 2);
	message_reply(&message, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	say(result, " other %x ", message_send(&message, WAIT_MS));
	say_received(result, other.receive, &message);
	message_begin(&message, message.header.msgh_remote_port, MACH_MSG_TYPE_MOVE_SEND_ONCE, 3);
	say(result, " reply %x ", message_send(&message, WAIT_MS));
	say_received(result, reply, &message);
	(void)vm_deallocate(mach_task_self(), memory, 8192);
	port_destroy(pager);
	(void)mach_port_deallocate(mach_task_self(), pager);
	if (home == LOCAL && message_receive(&message, pair.receive) == MACH_MSG_SUCCESS)
		(void)vm_deallocate(mach_task_self(), message.words[9], 8192);
	(void)mach_port_deallocate(mach_task_self(), control);
	(void)mach_port_deallocate(mach_task_self(), name);
	pair_end(&pair);
	pair_end(&other);
	port_destroy(reply);
}

static void thirty_rights(struct result *result, int home, int holder)
{
	mach_port_t ports[30] = { MACH_PORT_NULL };
	struct message message;
	struct pair pair;
	unsigned i, good = 0;

	pair_make(&pair, home, holder);
	for (i = 0; i < 30; i++)
		ports[i] = i % 3 == 2 ? ports[0] : port_make();
	message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, 1);
	message_rights(&message, MACH_MSG_TYPE_MAKE_SEND, 15, ports);
	message_array(&message, MACH_MSG_TYPE_MAKE_SEND, 15, ports + 15);
	CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
	say_received(result, pair.receive, &message);
	for (i = 0; i < 30; i++) {
		const mach_port_t *names =
			i < 15 ? &message.words[9] : (const mach_port_t *)message.words[27] - 15;
		struct message probe;

		number_to(names[i], (int)i);
		good += message_receive(&probe, ports[i]) == MACH_MSG_SUCCESS &&
			probe.header.msgh_id == (int)i;
		(void)mach_port_deallocate(mach_task_self(), names[i]);
	}
	say(result, " work %u", good);
	(void)vm_deallocate(mach_task_self(), message.words[27], 60);
	for (i = 0; i < 30; i++)
		if (i % 3 != 2)
			port_destroy(ports[i]);
	pair_end(&pair);
}

static void null_and_dead(struct result *result, int home, int holder)
{
	mach_port_t names[3] = { MACH_PORT_NULL, MACH_PORT_DEAD, MACH_PORT_NULL };
	struct message message;
	struct pair pair;

	pair_make(&pair, home, holder);
	names[2] = port_make(); /* one that dies */
	CHECK(mach_port_insert_right(mach_task_self(), names[2], names[2],
		      MACH_MSG_TYPE_MAKE_SEND) == KERN_SUCCESS);
	port_destroy(names[2]);
	message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, 1);
	message_rights(&message, MACH_MSG_TYPE_COPY_SEND, 3, names);
	say(result, "sent %x ", message_send(&message, WAIT_MS));
	say_received(result, pair.receive, &message);
	say(result, " %x %x %x", message.words[9], message.words[10], message.words[11]);
	(void)mach_port_deallocate(mach_task_self(), names[2]);
	pair_end(&pair);
}

/* Rights in a message that nobody receives any more come back. */
static void rights_to_the_dead(struct result *result, int home, int holder)
{
	mach_port_t reply = port_make();
	struct message message;
	struct pair pair;

	pair_make(&pair, home, holder);
	message_begin(&message, pair.send, MACH_MSG_TYPE_COPY_SEND, 1);
	message_reply(&message, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
	usleep(50000);
	port_destroy(pair.receive);
	say_received(result, reply, &message);
	(void)mach_port_deallocate(mach_task_self(), pair.send);
	port_destroy(reply);
}

static const struct {
	const char *name;
	void (*run)(struct result *result, int home, int holder);
} cases[] = {
	{ "simple message", simple_message },
	{ "call and reply", call_and_reply },
	{ "one name for a port", one_name },
	{ "send-once right", send_once },
	{ "receive right moves", receive_right_moves },
	{ "receive right returns", receive_right_returns },
	{ "port wanders", port_wanders },
	{ "no senders", no_senders },
	{ "dead name", dead_name },
	{ "order", order },
	{ "full queue", full_queue },
	{ "inline sizes", inline_sizes },
	{ "out-of-line memory", memory },
	{ "bad memory", bad_memory },
	{ "silent pager", silent_pager },
	{ "thirty rights", thirty_rights },
	{ "null and dead rights", null_and_dead },
	{ "rights to the dead", rights_to_the_dead },
};

/* What a case has used comes back, perhaps after a moment. */
static bool settles(unsigned names, unsigned ports)
{
	unsigned tries;

	for (tries = 0; tries < 300; tries++) {
		if (port_names() <= names && nodes_ports(false) == ports)
			return true;
		usleep(10000);
	}
	masix_log("names %u, were %u; ports of the nodes %u, were %u", port_names(), names,
		nodes_ports(false), ports);
	return false;
}

void suite_run(void)
{
	unsigned i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct result local = { .used = 0 }, proxy = { .used = 0 };
		unsigned ports = nodes_ports(false), names = port_names();
		bool equal, clean;

		cases[i].run(&local, LOCAL, LOCAL);
		cases[i].run(&proxy, B, A);
		equal = strcmp(local.text, proxy.text) == 0;
		clean = settles(names, ports);
		masix_log("| %-22s | local | %s |%s", cases[i].name, local.text,
			equal ? "" : " NOT EQUAL");
		masix_log("| %-22s | proxy | %s |%s", "", proxy.text, clean ? "" : " LEAK");
		CHECK(equal && clean);
	}
}
