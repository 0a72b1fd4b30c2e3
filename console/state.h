/* What the console server is made of; see README.md. */
#ifndef CONSOLE_STATE_H
#define CONSOLE_STATE_H

#include <mach/mach_types.h>
#include <masix/object.h>
#include <pthread.h>
#include <stdbool.h>

#include "channels.h"
#include "log_ring.h"
#include "serial_line.h"
#include "virtio_serial.h"

/* The link to the host: channels over the virtio device, or over the serial line. */
struct host_link {
	unsigned offered;     /* bits of MASIX_CHANNEL_*; constant once the server runs */
	pthread_mutex_t lock; /* the fields below; replies may be sent under it */
	struct channels channels;
	struct virtio_serial serial;
	struct serial_line line;
	struct frame_decoder decoder;
};

/* The system log: the ring, and a thread that copies it to the kernel's console. */
struct system_log {
	pthread_mutex_t lock;
	pthread_cond_t grown;
	struct log_ring ring;	 /* lock */
	mach_port_t serial_line; /* the kernel's console device; constant */
};

/* The port "console/log": what clients may see of the console, its log, to be read. */
struct log_view {
	struct masix_object object;
	struct console *console;
};

struct console {
	struct masix_object object; /* the port "console" */
	struct log_view log_view;
	struct host_link link;
	struct system_log log;
};

/* An opened channel: what console_open answers. */
struct channel_object {
	struct masix_object object;
	struct console *console;
	unsigned channel;
};

extern const struct masix_class console_class, log_view_class, channel_class;

/* Finds the device and starts its thread.  MASIX_E_NO_DEVICE: there is none. */
kern_return_t host_link_start(struct host_link *link, struct system_log *log, mach_port_t host_priv)
	__attribute__((warn_unused_result));

/* Makes stdin and stdout of the kernel's console (com0), for a machine without the device. */
kern_return_t serial_line_start(struct host_link *link, struct system_log *log,
	mach_port_t device_master) __attribute__((warn_unused_result));

/* Opens the kernel's console and starts the thread that writes to it. */
kern_return_t system_log_start(struct system_log *log, mach_port_t device_master)
	__attribute__((warn_unused_result));

/* Never blocks for long: takes the log's lock, which nobody holds across a message. */
void system_log_line(struct system_log *log, const char *text, size_t length);
void system_log_printf(struct system_log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
