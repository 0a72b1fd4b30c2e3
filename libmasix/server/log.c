/* masix_log: to the console server as soon as it can be found, before that to ACS. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <masix/mach.h>
#include <masix/server.h>

#include "acs_session.h"
#include "console.h"
#include "mach_port.h"
#include "server/log.h"
#include "start/start.h"

#define LINE_MAX 256	     /* masix_name_t */
#define RETRY_MS 1000	     /* between two attempts to find the console */
#define CONSOLE_BOUND_MS 200 /* a log that does not drain loses lines instead of stopping servers */

static _Atomic mach_port_t console;

void masix_log_sink(void (*sink)(const char *line, size_t length))
{
	start.sink = sink;
}

mach_port_t log_console(void)
{
	static _Atomic uint32_t next_attempt; /* ms since boot, may wrap around */
	uint32_t now = (uint32_t)(masix_monotonic_ns() / 1000000), due = atomic_load(&next_attempt);
	mach_port_t port = atomic_load(&console), none = MACH_PORT_NULL;

	if (port != MACH_PORT_NULL || start.session == MACH_PORT_NULL ||
		(due != 0 && (int32_t)(now - due) < 0) ||
		!atomic_compare_exchange_strong(&next_attempt, &due, now + RETRY_MS))
		return port;
	if (masix_lookup("console", 0, &port) != KERN_SUCCESS)
		return MACH_PORT_NULL;
	if (!atomic_compare_exchange_strong(&console, &none, port)) {
		(void)mach_port_deallocate(mach_task_self(), port);
		port = none;
	}
	return port;
}

static int to_console(const char *line, size_t length)
{
	struct vector_thread *thread = vector_thread();
	mach_port_t port = log_console();
	uint32_t bound = thread->send_bound;
	kern_return_t result;

	if (port == MACH_PORT_NULL)
		return 0;
	thread->send_bound = CONSOLE_BOUND_MS;
	result = console_log(port, line, length);
	thread->send_bound = bound;
	if (result == MACH_SEND_INVALID_DEST &&
		atomic_compare_exchange_strong(&console, &port, MACH_PORT_NULL))
		(void)mach_port_deallocate(mach_task_self(), port); /* it died */
	return result == KERN_SUCCESS;
}

static void log_line(const char *format, va_list arguments)
{
	char line[LINE_MAX + 1];
	size_t length;
	int made;

	made = snprintf(line, sizeof line, "%s: ", start.program);
	length = made < 0 ? 0 : (size_t)made;
	made = vsnprintf(line + length, sizeof line - length, format, arguments);
	if (made < 0)
		return;
	length = strlen(line);
	if (length > LINE_MAX)
		length = LINE_MAX;
	if (start.sink != NULL || !to_console(line, length))
		vector_log(line, length);
}

void masix_log(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line(format, arguments);
	va_end(arguments);
}

void masix_fatal(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line(format, arguments);
	va_end(arguments);
	exit(1);
}
