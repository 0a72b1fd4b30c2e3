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

/* All of this is in kept pages (masix/estate.h): a successor finds it as it was at the last instruction of the one
 * before, makes locks and threads anew, and goes on from the records. */

/* What the link's lock guards, as of the last whole step. */
struct link_record {
	struct channels_record channels;
	uint32_t filled, broken; /* of the decoder */
	uint32_t seen, offset;	 /* the device's buffer that is being taken, and how far */
};

/* The link to the host: channels over the virtio device, or over the serial line. */
struct host_link {
	unsigned offered;     /* bits of MASIX_CHANNEL_*; constant once the server runs */
	bool is_serial;	      /* constant likewise: over the serial line */
	pthread_mutex_t lock; /* the fields below; replies may be sent under it */
	struct channels channels;
	struct virtio_serial serial;
	struct serial_line line;
	struct frame_decoder decoder;
	uint32_t seen, offset; /* as in the record */
	unsigned names;	       /* given by link_claim so far */
	const char *workers;   /* the kept pages of the pool; constant */
	struct link_record records[2];
	volatile uint32_t record; /* which one counts */
};

/* The system log: the ring, and a thread that copies it to the kernel's console. */
struct system_log {
	pthread_mutex_t lock;
	pthread_cond_t grown;
	struct log_ring ring; /* lock */
	uint32_t copied;      /* the writer's: up to where it is on the serial line, modulo 2^32 */
	mach_port_t serial_line; /* the kernel's console device; constant */
};

/* The port "console/log": what clients may see of the console, its log, to be read. */
struct log_view {
	struct masix_object object;
	struct console *console;
};

/* An opened channel, for the successor. */
#define CONSOLE_WORKERS 3
#define CONSOLE_WORKER_BYTES 69632
#define CONSOLE_OPENED 256
struct kept_channel {
	mach_port_t port; /* null: none; link.lock */
	unsigned channel;
};

struct console {
	struct masix_object object; /* first: the port "console" */
	struct log_view log_view;
	mach_port_t port, log_port; /* theirs */
	uint32_t magic;		    /* last of all: everything is in order */
	struct host_link link;
	struct system_log log;
	struct kept_channel opened[CONSOLE_OPENED];
	char workers[CONSOLE_WORKERS * CONSOLE_WORKER_BYTES] __attribute__((aligned(16)));
};

/* An opened channel: what console_open answers. */
struct channel_object {
	struct masix_object object;
	struct console *console;
	unsigned channel;
	struct kept_channel *kept;
};

extern const struct masix_class console_class, log_view_class, channel_class;

/* Finds the device and starts its thread.  MASIX_E_NO_DEVICE: there is none. */
kern_return_t host_link_start(struct host_link *link, struct system_log *log, mach_port_t host_priv)
	__attribute__((warn_unused_result));

/* Makes stdin and stdout of the kernel's console (com0), for a machine without the device. */
kern_return_t serial_line_start(struct host_link *link, struct system_log *log,
	mach_port_t device_master) __attribute__((warn_unused_result));

/* The same for a successor: the device and the channels go on where the one before died.  The estate has the rights.
 * MASIX_E_INVALID: what he left is not sound. */
struct masix_estate;
kern_return_t host_link_adopt(struct host_link *link, struct system_log *log, mach_port_t host_priv,
	struct masix_estate *estate) __attribute__((warn_unused_result));
kern_return_t serial_line_adopt(struct host_link *link, struct system_log *log,
	mach_port_t device_master, struct masix_estate *estate) __attribute__((warn_unused_result));
kern_return_t system_log_adopt(struct system_log *log, mach_port_t device_master)
	__attribute__((warn_unused_result));

/* For both kinds of link: channels_ops of the records, and what a successor makes of them.  `given`: frames that the device
 * was given. */
unsigned link_claim(void *link, unsigned reply);
void link_commit(void *link, const struct channels_record *record);
kern_return_t link_recover(struct host_link *link, const struct channels_ops *ops, uint16_t given,
	struct masix_estate *estate) __attribute__((warn_unused_result));

/* The ports of the channels that are open. */
kern_return_t adopt_channels(struct console *console, struct masix_estate *estate)
	__attribute__((warn_unused_result));

/* Opens the kernel's console and starts the thread that writes to it. */
kern_return_t system_log_start(struct system_log *log, mach_port_t device_master)
	__attribute__((warn_unused_result));

/* Never blocks for long: takes the log's lock, which nobody holds across a message. */
void system_log_line(struct system_log *log, const char *text, size_t length);
void system_log_printf(struct system_log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
