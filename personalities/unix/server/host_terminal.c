#include "host_terminal.h"

#include <mach.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <console.h>
#include <io.h>
#include <masix/error.h>
#include <masix/server.h>
#include <masix/types.h>

#include "recover.h"
#include "server.h"
#include "terminal.h"

#define CONSOLE_RDEV (5 << 8 | 1)

struct host_terminal {
	struct terminal terminal;
	mach_port_t console, keyboard, screen; /* constant */
	atomic_flag listening;
};

/* The console server takes what the host drains; it waits for no process. */
static void host_write(struct terminal *terminal, const char *bytes, uint32_t count)
{
	struct host_terminal *h = (struct host_terminal *)terminal;

	while (count > 0) {
		uint32_t written = 0;
		int64_t end;
		kern_return_t kr =
			io_write(h->screen, 0, 0, MASIX_STREAM, bytes, count, &written, &end);

		if (kr != KERN_SUCCESS || written == 0 || written > count)
			return; /* no screen: the bytes go nowhere */
		bytes += written;
		count -= written;
	}
}

static void type_all(struct terminal *terminal, const char *bytes, uint32_t count)
{
	while (count > 0) {
		uint32_t taken = terminal_type(terminal, bytes, count);

		bytes += taken;
		count -= taken;
		if (taken > 0 || count == 0)
			continue;
		/* Full: the typist waits for a reader to make room. */
		struct timespec tick = { .tv_nsec = 10000000 };

		(void)nanosleep(&tick, NULL);
	}
}

static void *read_keyboard(void *argument)
{
	struct host_terminal *h = argument;
	masix_inline_t bytes;
	mach_msg_type_number_t count;
	kern_return_t kr;

	for (;;) {
		count = sizeof(bytes);
		kr = io_read(h->keyboard, 0, 0, MASIX_STREAM, sizeof(bytes), bytes, &count);
		if (kr != KERN_SUCCESS || count == 0)
			break;
		type_all(&h->terminal, bytes, count);
	}
	if (kr != KERN_SUCCESS)
		masix_log("console input: %s", masix_strerror(kr));
	terminal_vanish(&h->terminal);
	return NULL;
}

/* Follows the size of the host's window. */
static void *watch_window(void *argument)
{
	struct host_terminal *h = argument;
	uint32_t serial = 0;

	for (;;) {
		int rows = 0, columns = 0;
		kern_return_t kr = console_window(h->console, 0, serial, &serial, &rows, &columns);

		if (kr != KERN_SUCCESS || serial == 0)
			return NULL; /* there is no window to follow */
		const struct terminal_size size = { .rows = rows, .columns = columns };

		terminal_resize(&h->terminal, &size);
	}
}

static void host_listen(struct terminal *terminal)
{
	struct host_terminal *h = (struct host_terminal *)terminal;
	pthread_t thread;

	if (atomic_flag_test_and_set(&h->listening))
		return;
	if (pthread_create(&thread, NULL, read_keyboard, h) != 0)
		masix_log("console input: no thread");
}

static void host_destroy(struct terminal *terminal)
{
	(void)terminal; /* the server keeps its reference as long as it lives */
}

static const struct terminal_device host_device = {
	.write = host_write,
	.listen = host_listen,
	.destroy = host_destroy,
};

kern_return_t host_terminal_create(mach_port_t console, struct terminal **created)
{
	struct host_terminal *h = calloc(1, sizeof(*h));
	pthread_t thread;

	if (h == NULL)
		return KERN_RESOURCE_SHORTAGE;
	terminal_init(&h->terminal, &host_device, CONSOLE_RDEV);
	h->console = console;
	kern_return_t kr = console_open(console, MASIX_CHANNEL_STDIN, &h->keyboard);

	if (kr == KERN_SUCCESS)
		kr = console_open(console, MASIX_CHANNEL_STDOUT, &h->screen);
	if (kr == KERN_SUCCESS && pthread_create(&thread, NULL, watch_window, h) != 0)
		kr = KERN_RESOURCE_SHORTAGE;
	if (kr != KERN_SUCCESS)
		return kr; /* at start-up: the server does not go on */
	*created = &h->terminal;
	return KERN_SUCCESS;
}

void host_terminal_recover(void)
{
	struct host_terminal *h = (struct host_terminal *)unix_server.console_terminal;

	h->console = claim_send(h->console);
	h->keyboard = claim_send(h->keyboard);
	h->screen = claim_send(h->screen);
}

void host_terminal_resume(void)
{
	struct host_terminal *h = (struct host_terminal *)unix_server.console_terminal;
	bool listened = atomic_flag_test_and_set(&h->listening);
	pthread_t thread;

	atomic_flag_clear(&h->listening);
	if (listened)
		host_listen(&h->terminal);
	if (pthread_create(&thread, NULL, watch_window, h) != 0)
		masix_log("console window: no thread");
	terminal_resume(&h->terminal);
}
