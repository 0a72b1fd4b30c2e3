/* Calls on the console's ports: right ones, wrong ones, cancelled ones. */
#include "boot.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <masix/error.h>
#include <masix/mach.h>

#include "console.h"
#include "io.h"
#include "mach.h"
#include "mach_port.h"

#define STDIN channels[MASIX_CHANNEL_STDIN]
#define STDOUT channels[MASIX_CHANNEL_STDOUT]

static masix_inline_t buffer;

static kern_return_t read_from(mach_port_t port, int flags, int64_t offset, uint32_t amount)
{
	mach_msg_type_number_t count = sizeof buffer;

	return io_read(port, 1, flags, offset, amount, buffer, &count);
}

static kern_return_t write_to(mach_port_t port, int64_t offset, const char *text)
{
	uint32_t written;
	int64_t end;

	return io_write(port, 1, 0, offset, text, strlen(text), &written, &end);
}

static void test_refusals(void)
{
	mach_port_t port;
	int ready;

	CHECK(console_open(console, 4, &port) == MASIX_E_NO_DEVICE);
	CHECK(console_open(console, -1, &port) == MASIX_E_NO_DEVICE);
	CHECK(console_open(STDIN, 0, &port) == KERN_INVALID_ARGUMENT);
	CHECK(read_from(STDOUT, 0, MASIX_STREAM, 1) == MASIX_E_ACCESS);
	CHECK(write_to(STDIN, MASIX_STREAM, "x") == MASIX_E_ACCESS);
	CHECK(read_from(STDIN, 0, 0, 1) == MASIX_E_SEEK);
	CHECK(write_to(STDOUT, 5, "x") == MASIX_E_SEEK);
	CHECK(read_from(console, 0, MASIX_STREAM, 1) == KERN_INVALID_ARGUMENT);
	CHECK(read_from(STDIN, MASIX_IO_NONBLOCK, MASIX_STREAM, 1) == MASIX_E_WOULD_BLOCK);
	CHECK(io_poll(STDIN, 1, MASIX_IO_NONBLOCK, MASIX_POLL_IN, &ready) == 0 && ready == 0);
	CHECK(io_poll(STDOUT, 1, 0, MASIX_POLL_OUT, &ready) == 0 && ready == MASIX_POLL_OUT);
	CHECK(io_cancel(STDIN, 77) == MASIX_E_NOT_FOUND);
	CHECK(io_set_size(STDOUT, 0) == MASIX_E_INVALID);
	CHECK(read_from(STDIN, 0, MASIX_STREAM, 0) == 0);
}

static void test_stat(void)
{
	masix_stat_t stat;

	CHECK(io_stat(channels[MASIX_CHANNEL_STDERR], &stat) == 0);
	CHECK(stat.rdev == (MASIX_HOST_MAJOR << 8 | MASIX_CHANNEL_STDERR));
	CHECK((stat.mode & 0170000) == 0020000);
}

static void *cancel_soon(void *unused)
{
	(void)unused;
	while (io_cancel(STDIN, 1) == MASIX_E_NOT_FOUND)
		usleep(10000);
	return NULL;
}

static void test_cancel(void)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, cancel_soon, NULL));
	CHECK(read_from(STDIN, 0, MASIX_STREAM, 10) == MASIX_E_INTERRUPTED);
	CHECK(!pthread_join(thread, NULL));
}

static unsigned count_names(void)
{
	mach_port_t *names;
	mach_port_type_t *types;
	mach_msg_type_number_t count = 0, type_count = 0;

	if (mach_port_names(mach_task_self(), &names, &count, &types, &type_count))
		return 0;
	(void)vm_deallocate(mach_task_self(), (vm_address_t)names, count * sizeof *names);
	(void)vm_deallocate(mach_task_self(), (vm_address_t)types, type_count * sizeof *types);
	return count;
}

/* The server's own side shows as memory, which would be used up. */
static void test_leaks(void)
{
	unsigned before = count_names();
	mach_port_t port;

	for (unsigned i = 0; i < 2000; i++) {
		CHECK(console_open(console, MASIX_CHANNEL_STDIN, &port) == 0);
		CHECK(read_from(port, MASIX_IO_NONBLOCK, MASIX_STREAM, 1) == MASIX_E_WOULD_BLOCK);
		CHECK(write_to(port, MASIX_STREAM, "refused") == MASIX_E_ACCESS);
		CHECK(mach_port_deallocate(mach_task_self(), port) == 0);
	}
	CHECK(count_names() == before);
}

static void test_log(void)
{
	static const char line[] = "console_boot: one\ntwo\033[2J";
	mach_msg_type_number_t count = sizeof buffer;
	int64_t start = 0, end;

	CHECK(console_read_log(console, INT64_MAX, &end, buffer, &count) == 0 && count == 0);
	CHECK(console_log(console, line, sizeof line - 1) == 0);
	do {
		count = sizeof buffer - 1;
		CHECK(console_read_log(console, end, &start, buffer, &count) == 0);
	} while (!count);
	buffer[count] = '\0';
	CHECK(start == end);
	CHECK(strstr(buffer, "] console_boot: one?two?[2J\n") != NULL);
	CHECK(console_read_log(console, -1, &start, buffer, &count) == MASIX_E_INVALID);
}

void test_calls(void)
{
	test_refusals();
	test_stat();
	test_cancel();
	test_leaks();
	test_log();
}
