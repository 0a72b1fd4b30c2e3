/* loser: serves one of its own descriptors, and loses calls on it as a server does that dies.  Prints what read(2), write(2)
 * and a call that moves a right say. */
#include <errno.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mach/mig_errors.h>
#include <mach/notify.h>

#include "mach.h"
#include "mach_port.h"

#define IO_READ 500600
#define IO_WRITE 500602
#define IO_CANCEL 500605
#define MOVES_A_RIGHT 4711
#define NAMES 256

static mach_port_t set;		/* of the ports that are served */
static atomic_int to_lose;	/* of the next calls so many */
static atomic_int to_send_back; /* and then so many */
static atomic_int is_silent;	/* reads wait for io_cancel */
static atomic_int came;		/* calls */
static mach_port_t held;	/* the reply right of a read that waits */

static const mach_msg_type_t word = {
	.msgt_name = MACH_MSG_TYPE_INTEGER_32, .msgt_size = 32, .msgt_number = 1, .msgt_inline = 1
};

static void must(kern_return_t kr, const char *what)
{
	if (kr == KERN_SUCCESS)
		return;
	printf("%s: kernel error %#x\n", what, kr);
	exit(1);
}

struct answer {
	mig_reply_header_t head;
	union {
		struct {
			mach_msg_type_long_t type;
			char bytes[4];
		} data;
		struct {
			mach_msg_type_t written_type;
			uint32_t written;
			mach_msg_type_t end_type;
			int64_t end;
		} __attribute__((packed, aligned(4))) count;
	};
};

static void send_answer(struct answer *a, mach_port_t to, int id, kern_return_t kr, size_t size)
{
	a->head.Head.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
	a->head.Head.msgh_remote_port = to;
	a->head.Head.msgh_local_port = MACH_PORT_NULL;
	a->head.Head.msgh_id = id;
	a->head.RetCodeType = word;
	a->head.RetCode = kr;
	must(mach_msg(&a->head.Head, MACH_SEND_MSG, size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
		"answer");
}

static void answer_code(mach_port_t to, int id, kern_return_t kr)
{
	struct answer a;

	send_answer(&a, to, id + 100, kr, sizeof a.head);
}

static void answer_read(mach_port_t to)
{
	struct answer a;

	a.data.type = (mach_msg_type_long_t){
		.msgtl_header = { .msgt_inline = 1, .msgt_longform = 1 },
		.msgtl_name = MACH_MSG_TYPE_CHAR,
		.msgtl_size = 8,
		.msgtl_number = 4,
	};
	memcpy(a.data.bytes, "data", 4);
	send_answer(&a, to, IO_READ + 100, KERN_SUCCESS,
		offsetof(struct answer, data.bytes) + sizeof a.data.bytes);
}

/* `count` bytes were written. */
static void answer_write(mach_port_t to, uint32_t count)
{
	struct answer a;

	a.count.written_type = a.count.end_type = word;
	a.count.end_type.msgt_name = MACH_MSG_TYPE_INTEGER_64;
	a.count.end_type.msgt_size = 64;
	a.count.written = count;
	a.count.end = 0;
	send_answer(&a, to, IO_WRITE + 100, KERN_SUCCESS,
		offsetof(struct answer, count) + sizeof a.count);
}

/* As the successor of the server that lost it. */
static void send_back(mach_port_t to)
{
	mach_msg_header_t m = {
		.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
		.msgh_remote_port = to,
		.msgh_id = MASIX_CALL_AGAIN,
	};

	must(mach_msg(&m, MACH_SEND_MSG, sizeof m, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL), "again");
}

static union {
	mach_msg_header_t head;
	struct {
		mach_msg_header_t head;
		uint32_t fixed[6]; /* token, flags, offset */
		uint32_t offset_high;
		mach_msg_type_long_t type;
		uint32_t first;
	} write;
	char bytes[32768];
} in;

/* As many bytes as the write brought, if they are what it was called with. */
static uint32_t check_data(void)
{
	uint32_t count = in.write.type.msgtl_number;
	const char *data = (const char *)&in.write.first;

	for (uint32_t i = 0; i < count; i++)
		if (data[i] != 'w')
			return 0;
	return count;
}

static void *serve(void *unused)
{
	sigset_t all;

	(void)unused;
	sigfillset(&all); /* signals are for the thread that reads */
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (;;) {
		must(mach_msg(&in.head, MACH_RCV_MSG, 0, sizeof in, set, 0, MACH_PORT_NULL),
			"receive");
		mach_port_t reply = in.head.msgh_remote_port;
		int id = in.head.msgh_id;

		came++;
		if (to_lose > 0) {
			to_lose--;
			(void)mach_port_deallocate(mach_task_self(), reply);
		} else if (to_send_back > 0) {
			to_send_back--;
			send_back(reply);
		} else if (id == IO_READ && is_silent) {
			held = reply; /* for io_cancel */
		} else if (id == IO_READ) {
			answer_read(reply);
		} else if (id == IO_WRITE) {
			answer_write(reply, check_data());
		} else if (id == IO_CANCEL && held != MACH_PORT_NULL) {
			answer_code(held, IO_READ, MASIX_E_INTERRUPTED);
			answer_code(reply, id, KERN_SUCCESS);
		} else {
			answer_code(reply, id, id == IO_CANCEL ? MASIX_E_NOT_FOUND : MIG_BAD_ID);
		}
	}
	return NULL;
}

static unsigned list(mach_port_t *to)
{
	mach_port_array_t names;
	mach_port_type_array_t types;
	mach_msg_type_number_t count, types_count;

	must(mach_port_names(mach_task_self(), &names, &count, &types, &types_count), "names");
	if (count > NAMES)
		count = NAMES;
	memcpy(to, names, count * sizeof *to);
	return count;
}

static int is_in(const mach_port_t *names, unsigned count, mach_port_t name)
{
	for (unsigned i = 0; i < count; i++)
		if (names[i] == name)
			return 1;
	return 0;
}

static mach_port_t served_port(void)
{
	mach_port_t port;

	must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), "allocate");
	must(mach_port_move_member(mach_task_self(), port, set), "move");
	return port;
}

/* The descriptors of a pipe, but with ports of ours. */
static void take_pipe(int fds[2])
{
	static mach_port_t before[NAMES], after[NAMES];
	unsigned had = list(before), has, taken = 0;

	if (pipe(fds) != 0) {
		perror("pipe");
		exit(1);
	}
	has = list(after);
	for (unsigned i = 0; i < has; i++) {
		mach_port_type_t type;

		if (is_in(before, had, after[i]) ||
			mach_port_type(mach_task_self(), after[i], &type) != KERN_SUCCESS ||
			type != MACH_PORT_TYPE_SEND)
			continue;
		must(mach_port_deallocate(mach_task_self(), after[i]), "give up");
		must(mach_port_insert_right(
			     mach_task_self(), after[i], served_port(), MACH_MSG_TYPE_MAKE_SEND),
			"insert");
		taken++;
	}
	if (taken != 2)
		printf("%u ports\n", taken);
}

static void tell(const char *what, ssize_t result, ssize_t expected)
{
	printf("%s: ", what);
	if (result < 0)
		printf("%s", strerror(errno));
	else
		printf("%s", result == expected ? "right" : "wrong");
	printf(" after %d\n", came);
	came = 0;
}

static void try_reads(int fd, const char *what, int lost, int sent_back)
{
	char buffer[16];
	ssize_t n;

	to_lose = lost;
	to_send_back = sent_back;
	n = read(fd, buffer, sizeof buffer);
	to_lose = to_send_back = 0;
	tell(what, n, n == 4 && memcmp(buffer, "data", 4) == 0 ? 4 : -2);
}

static void try_writes(int fd, const char *what, size_t size)
{
	char *data = malloc(size);

	memset(data, 'w', size);
	to_lose = 2;
	tell(what, write(fd, data, size), (ssize_t)size);
	free(data);
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* One is lost, the next one waits until a signal ends it. */
static void try_signal(int fd)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	char c;

	sigaction(SIGALRM, &action, NULL);
	to_lose = 1;
	is_silent = 1;
	alarm(1);
	ssize_t n = read(fd, &c, 1);

	came = 0; /* the service thread may have to ask more than once */
	tell("a signal after a loss", n, 0);
	is_silent = 0;
}

static void try_moved_right(void)
{
	struct {
		mach_msg_header_t head;
		mach_msg_type_t type;
		mach_port_t right;
		char room[64];
	} m = { 0 };
	mach_port_t reply = mach_reply_port(), right = mach_reply_port();

	mach_port_t port = served_port();

	must(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND),
		"insert");
	m.head.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE) |
			   MACH_MSGH_BITS_COMPLEX;
	m.head.msgh_remote_port = port;
	m.head.msgh_local_port = reply;
	m.head.msgh_id = MOVES_A_RIGHT;
	m.type = word;
	m.type.msgt_name = MACH_MSG_TYPE_MOVE_RECEIVE;
	m.right = right;
	to_lose = 1;
	must(mach_msg(&m.head, MACH_SEND_MSG | MACH_RCV_MSG, sizeof m - sizeof m.room, sizeof m,
		     reply, 0, MACH_PORT_NULL),
		"call");
	printf("a right was moved: %s after %d\n",
		m.head.msgh_id == MACH_NOTIFY_SEND_ONCE ? "told" : "answered", came);
}

int main(void)
{
	pthread_t thread;
	int fds[2];

	setvbuf(stdout, NULL, _IOLBF, 0);
	must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set), "set");
	take_pipe(fds);
	if (pthread_create(&thread, NULL, serve, NULL) != 0)
		return 1;
	try_reads(fds[0], "none lost", 0, 0);
	try_reads(fds[0], "three lost", 3, 0);
	try_reads(fds[0], "four lost", 4, 0);
	try_reads(fds[0], "twelve sent back", 0, 12);
	try_writes(fds[1], "a small write", 100);
	try_writes(fds[1], "a larger write", 20000);
	try_signal(fds[0]);
	try_moved_right();
	return 0;
}
