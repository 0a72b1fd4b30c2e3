/* Lines on the kernel's console. */
#include <device/device_types.h>
#include <masix/server.h>
#include <masix/types.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "device.h"
#include "log.h"

#define CHUNK 120 /* bytes of one inband write */
#define FLUSH_STEP_US 10000
#define FLUSH_STEPS 200

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

/* Writes what is in the ring, for ever. */
static void *writer(void *argument)
{
	struct log *log = argument;

	pthread_mutex_lock(&log->lock);
	for (;;) {
		size_t part;

		while (log->used == 0)
			pthread_cond_wait(&log->changed, &log->lock);
		part = LOG_SIZE - log->first < log->used ? LOG_SIZE - log->first : log->used;
		pthread_mutex_unlock(&log->lock);
		/* Nobody overwrites these bytes while they count as used. */
		write_all(log->console, log->ring + log->first, part);
		pthread_mutex_lock(&log->lock);
		log->first = (log->first + part) % LOG_SIZE;
		log->used -= part;
	}
	return NULL;
}

kern_return_t log_open(struct log *log, mach_port_t device_master)
{
	pthread_t thread;
	kern_return_t kr;

	pthread_mutex_init(&log->lock, NULL);
	pthread_cond_init(&log->changed, NULL);
	kr = device_open(device_master, D_WRITE, "console", &log->console);
	if (kr == KERN_SUCCESS && pthread_create(&thread, NULL, writer, log) != 0)
		kr = KERN_RESOURCE_SHORTAGE;
	return kr;
}

static mach_port_t sink_console;

/* Runs below glibc, perhaps in a fault: no lock, no ring. */
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

/* Under the lock.  False if it does not fit. */
static bool append(struct log *log, const char *line, size_t length)
{
	size_t i;

	if (length > LOG_SIZE - log->used)
		return false;
	for (i = 0; i < length; i++)
		log->ring[(log->first + log->used++) % LOG_SIZE] = line[i];
	return true;
}

static void put(struct log *log, const char *line, size_t length)
{
	char notice[64];

	pthread_mutex_lock(&log->lock);
	if (log->lost != 0) {
		int size = snprintf(notice, sizeof notice,
			"masix: %u lines of the log were lost\r\n", log->lost);

		if (append(log, notice, size))
			log->lost = 0;
	}
	if (log->lost != 0 || !append(log, line, length))
		log->lost++;
	pthread_cond_signal(&log->changed);
	pthread_mutex_unlock(&log->lock);
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
	put(log, line, used);
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

void log_flush(struct log *log)
{
	unsigned i;
	size_t used = 1;

	for (i = 0; i < FLUSH_STEPS && used != 0 && log->console != MACH_PORT_NULL; i++) {
		pthread_mutex_lock(&log->lock);
		used = log->used;
		pthread_mutex_unlock(&log->lock);
		if (used != 0)
			(void)usleep(FLUSH_STEP_US);
	}
}
