/* Lines on the kernel's console. */
#include <device/device_types.h>
#include <masix/server.h>
#include <masix/types.h>
#include <stdarg.h>
#include <stdio.h>

#include "device.h"
#include "log.h"

#define CHUNK 120 /* bytes of one inband write */

kern_return_t log_open(struct log *log, mach_port_t device_master)
{
	pthread_mutex_init(&log->lock, NULL);
	log->console = MACH_PORT_NULL;
	return device_open(device_master, D_WRITE, "console", &log->console);
}

/* The device may take less than it is given.  There is nobody to tell that the log fails. */
static void write_all(mach_port_t console, const char *bytes, size_t size)
{
	while (size != 0) {
		mach_msg_type_number_t part = size < CHUNK ? size : CHUNK;
		int written = 0;

		if (device_write_inband(console, 0, 0, bytes, part, &written) != KERN_SUCCESS ||
			written <= 0 || (size_t)written > size)
			return;
		bytes += written;
		size -= written;
	}
}

static mach_port_t sink_console;

/* Runs below glibc and perhaps while another thread is in the middle of a line: no lock. */
static void sink(const char *line, size_t length)
{
	write_all(sink_console, line, length);
	write_all(sink_console, "\r\n", 2);
}

void log_take_over(struct log *log)
{
	sink_console = log->console;
	masix_log_sink(sink);
}

void log_text(struct log *log, const char *who, const char *text, size_t length)
{
	char line[MASIX_NAME_MAX + 80];
	size_t used, i;
	int head = snprintf(line, sizeof line - 2, "%.63s: ", who);

	if (head < 0 || log->console == MACH_PORT_NULL)
		return;
	used = head;
	while (length != 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	for (i = 0; i < length && used < sizeof line - 2; i++)
		line[used++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	line[used++] = '\r';
	line[used++] = '\n';
	pthread_mutex_lock(&log->lock);
	write_all(log->console, line, used);
	pthread_mutex_unlock(&log->lock);
}

void log_line(struct log *log, const char *format, ...)
{
	char text[MASIX_NAME_MAX];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length > 0)
		log_text(log, "masix", text,
			(size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}
