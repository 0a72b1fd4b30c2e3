/* ACS's lines on the kernel's console: the system log, before and beside the console server. */
#ifndef ACS_LOG_H
#define ACS_LOG_H

#include <mach/mach_types.h>
#include <pthread.h>
#include <stddef.h>

#define LOG_SIZE 16384

/* The serial line is slow: lines wait in a ring, and a thread writes them, so that no handler waits for
 * the device. */
struct log {
	mach_port_t console;  /* device; null while it is not open */
	pthread_mutex_t lock; /* all below; no other lock is taken inside */
	pthread_cond_t changed;
	char ring[LOG_SIZE];
	size_t first, used;
	unsigned lost; /* lines that found no room */
};

/* Opens the kernel's console and starts the writer. */
kern_return_t log_open(struct log *log, mach_port_t device_master)
	__attribute__((warn_unused_result));

/* What libmasix has to say about ACS itself goes to this log from now on, for ever. */
void log_take_over(struct log *log);

/* "WHO: text"; characters that are not printable become '?'.  Never fails, never waits. */
void log_text(struct log *log, const char *who, const char *text, size_t length);
void log_line(struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Wait until the kernel has got everything, but not for ever. */
void log_flush(struct log *log);

#endif
