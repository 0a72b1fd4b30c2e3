/* What the host asks for, in the protocol of process 1 (docs/host-channel.md). */
#include "boot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "console.h"
#include "io.h"
#include "mach.h"
#include "mach_port.h"

#define REQUEST_MAX 65536
#define IO_READ_ID 500600

static masix_inline_t buffer;

static void write_all(unsigned channel, const char *data, size_t count)
{
	while (count) {
		uint32_t written = 0, piece = count < sizeof buffer ? count : sizeof buffer;
		int64_t end;
		kern_return_t kr = io_write(
			channels[channel], 1, 0, MASIX_STREAM, data, piece, &written, &end);

		if (kr)
			masix_fatal("write: %s", masix_strerror(kr));
		data += written;
		count -= written;
	}
}

static void say(const char *line)
{
	write_all(MASIX_CHANNEL_CONTROL, line, strlen(line));
}

static size_t read_some(unsigned channel)
{
	mach_msg_type_number_t count = sizeof buffer;
	kern_return_t kr =
		io_read(channels[channel], 2, 0, MASIX_STREAM, sizeof buffer, buffer, &count);

	if (kr)
		masix_fatal("read: %s", masix_strerror(kr));
	return count;
}

static void cat(void)
{
	size_t count;

	while ((count = read_some(MASIX_CHANNEL_STDIN)))
		write_all(MASIX_CHANNEL_STDOUT, buffer, count);
}

/* As cat, out of line. */
static void cat_large(void)
{
	for (;;) {
		mach_msg_type_number_t count = 0;
		uint32_t written = 0;
		char *data = NULL;
		int64_t end;

		if (io_read_large(channels[MASIX_CHANNEL_STDIN], 3, 0, MASIX_STREAM, MASIX_BULK_MAX,
			    &data, &count))
			masix_fatal("read_large");
		if (!count)
			return;
		CHECK(io_write_large(channels[MASIX_CHANNEL_STDOUT], 4, 0, MASIX_STREAM, data,
			      count, &written, &end) == 0);
		CHECK(written == count);
		(void)vm_deallocate(mach_task_self(), (vm_address_t)data, count);
	}
}

static void spew(size_t count)
{
	for (size_t i = 0; i < sizeof buffer; i++)
		buffer[i] = (char)(i * 7);
	for (size_t piece; count; count -= piece) {
		piece = count < sizeof buffer ? count : sizeof buffer;
		write_all(MASIX_CHANNEL_STDOUT, buffer, piece);
	}
}

static void window(void)
{
	uint32_t serial;
	int rows, columns;
	char text[64];

	CHECK(console_window(console, 1, 0, &serial, &rows, &columns) == 0);
	snprintf(text, sizeof text, "%d %d\n", rows, columns);
	write_all(MASIX_CHANNEL_STDOUT, text, strlen(text));
}

/* Calls io_read for a reader who dies before there is anything to read. */
static void dead_reader(void)
{
	struct {
		mach_msg_header_t head;
		mach_msg_type_t token_type;
		uint32_t token;
		mach_msg_type_t flags_type;
		int flags;
		mach_msg_type_t offset_type;
		int64_t offset;
		mach_msg_type_t amount_type;
		uint32_t amount;
	} __attribute__((packed, aligned(4))) request = { 0 };
	const mach_msg_type_t word = { .msgt_name = MACH_MSG_TYPE_INTEGER_32,
		.msgt_size = 32,
		.msgt_number = 1,
		.msgt_inline = TRUE };
	mach_port_t reply = mach_reply_port();

	request.head.msgh_bits =
		MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	request.head.msgh_size = sizeof request;
	request.head.msgh_remote_port = channels[MASIX_CHANNEL_STDIN];
	request.head.msgh_local_port = reply;
	request.head.msgh_id = IO_READ_ID;
	request.token_type = request.flags_type = request.amount_type = word;
	request.offset_type = word;
	request.offset_type.msgt_name = MACH_MSG_TYPE_INTEGER_64;
	request.offset_type.msgt_size = 64;
	request.offset = MASIX_STREAM;
	request.amount = 100;
	CHECK(mach_msg(&request.head, MACH_SEND_MSG, sizeof request, 0, MACH_PORT_NULL,
		      MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL) == MACH_MSG_SUCCESS);
	/* No answer comes while it waits; a refusal would. */
	CHECK(mach_msg(&request.head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof request, reply,
		      100, MACH_PORT_NULL) == MACH_RCV_TIMED_OUT);
	CHECK(mach_port_mod_refs(mach_task_self(), reply, MACH_PORT_RIGHT_RECEIVE, -1) == 0);
}

static void run(char *const *arguments)
{
	const char *command = arguments[0] ? arguments[0] : "";

	if (!strcmp(command, "cat")) {
		cat();
	} else if (!strcmp(command, "cat-large")) {
		cat_large();
	} else if (!strcmp(command, "spew") && arguments[1]) {
		spew(strtoul(arguments[1], NULL, 10));
	} else if (!strcmp(command, "window")) {
		window();
	} else if (!strcmp(command, "dead-reader")) {
		dead_reader();
		write_all(MASIX_CHANNEL_STDOUT, "listening", 9);
		cat();
	} else {
		CHECK(!strcmp(command, "sink"));
	}
}

void serve_host(void)
{
	static char request[REQUEST_MAX + sizeof buffer];

	for (;;) {
		char *arguments[4] = { NULL };
		unsigned count = 0;
		size_t length = 0;

		say("ready\n");
		while (length < 2 || request[length - 1] || request[length - 2]) {
			size_t piece = read_some(MASIX_CHANNEL_CONTROL);

			CHECK(length + piece <= REQUEST_MAX);
			memcpy(request + length, buffer, piece);
			length += piece;
		}
		for (char *field = request; *field; field += strlen(field) + 1) {
			if (!strncmp(field, "arg=", 4) && count < 3)
				arguments[count++] = field + 4;
		}
		run(arguments);
		say("status 0\n");
	}
}
