/* The system log: lines go into the ring at once, and from there to the kernel's console at
 * the pace of the serial line. */
#include <device/device_types.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "device.h"
#include "device_text.h"
#include "state.h"

#define READ_MAX 64 /* bytes taken from the ring at a time */

void system_log_line(struct system_log *log, const char *text, size_t length)
{
	pthread_mutex_lock(&log->lock);
	log_ring_append(&log->ring, masix_monotonic_ns(), text, length);
	pthread_cond_signal(&log->grown);
	pthread_mutex_unlock(&log->lock);
}

void system_log_printf(struct system_log *log, const char *format, ...)
{
	char text[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	system_log_line(log, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* Copies the log to the serial line for ever.  Lines that leave the ring before it gets to
 * them are missing there. */
static void *writer(void *argument)
{
	struct system_log *log = argument;
	uint64_t offset = log->ring.end - (uint32_t)(log->ring.end - log->copied);
	uint8_t text[READ_MAX], bytes[2 * READ_MAX];

	for (;;) {
		uint64_t start;
		size_t count, used = 0;

		pthread_mutex_lock(&log->lock);
		while (!(count = log_ring_read(&log->ring, offset, &start, text, sizeof text)))
			pthread_cond_wait(&log->grown, &log->lock);
		pthread_mutex_unlock(&log->lock);
		offset = start + count;
		for (size_t i = 0; i < count; i++) {
			if (text[i] == '\n')
				bytes[used++] = '\r'; /* the device is raw */
			bytes[used++] = text[i];
		}
		device_text_write(log->serial_line, bytes, used);
		log->copied = (uint32_t)offset;
	}
	return NULL;
}

static kern_return_t run(struct system_log *log, mach_port_t device_master)
{
	pthread_t thread;
	kern_return_t kr;

	pthread_mutex_init(&log->lock, NULL);
	pthread_cond_init(&log->grown, NULL);
	kr = device_open(device_master, D_WRITE, (char *)"console", &log->serial_line);
	if (kr)
		return kr;
	return pthread_create(&thread, NULL, writer, log) ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
}

kern_return_t system_log_start(struct system_log *log, mach_port_t device_master)
{
	log_ring_init(&log->ring);
	return run(log, device_master);
}

kern_return_t system_log_adopt(struct system_log *log, mach_port_t device_master)
{
	return log_ring_recover(&log->ring) ? run(log, device_master) : MASIX_E_INVALID;
}
