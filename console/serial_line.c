#include "serial_line.h"

#include <device/device_types.h>
#include <stdatomic.h>
#include <time.h>

#include <masix/error.h>
#include <masix/types.h>

#include "answer.h"
#include "device.h"
#include "device_text.h"
#include "state.h"

#define READ_MAX 128 /* bytes of one inband read of a device */

/* --- Output: channels.c queues frames, a thread writes what is in them --- */

static struct serial_line *line_of(void *link)
{
	return &((struct host_link *)link)->line;
}

/* Frames that wait. */
static unsigned queued(const struct serial_line *line)
{
	return (uint16_t)(line->given - line->done);
}

static uint8_t *slot(void *device, size_t *size)
{
	struct serial_line *line = line_of(device);

	*size = SERIAL_LINE_SLOT_BYTES;
	if (queued(line) == SERIAL_LINE_SLOTS)
		return NULL;
	return line->slots[line->given % SERIAL_LINE_SLOTS].bytes;
}

static void send(void *device, size_t length)
{
	struct serial_line *line = line_of(device);

	line->slots[line->given % SERIAL_LINE_SLOTS].length = length;
	atomic_signal_fence(memory_order_seq_cst);
	line->given++;
	atomic_signal_fence(memory_order_seq_cst);
}

static bool flush(void *device, bool wanted)
{
	struct serial_line *line = line_of(device);

	(void)wanted; /* the writer always says when it has made room */
	if (queued(line))
		pthread_cond_signal(&line->queued);
	return true;
}

static const struct channels_ops ops = {
	.claim = link_claim,
	.commit = link_commit,
	.answer = answer_call,
	.is_alive = answer_is_wanted,
	.slot = slot,
	.send = send,
	.flush = flush,
};

static void *write_line(void *argument)
{
	struct host_link *link = argument;
	struct serial_line *line = &link->line;

	pthread_mutex_lock(&link->lock);
	for (;;) {
		const uint8_t *frame;
		size_t length;

		while (!queued(line))
			pthread_cond_wait(&line->queued, &link->lock);
		/* The slot stays as it is until it is counted off. */
		frame = line->slots[line->done % SERIAL_LINE_SLOTS].bytes;
		length = line->slots[line->done % SERIAL_LINE_SLOTS].length;
		if (frame[0] == FRAME_STDOUT) {
			pthread_mutex_unlock(&link->lock);
			device_text_write(
				line->device, frame + FRAME_HEADER, length - FRAME_HEADER);
			pthread_mutex_lock(&link->lock);
		}
		line->done++;
		channels_slots_freed(&link->channels);
	}
	return NULL;
}

/* --- Input --- */

/* Waits until the inbox has room: who types does not keep to the host's credit. */
static void type(struct host_link *link, const uint8_t *bytes, size_t count)
{
	static const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	const struct frame frame = { .channel = FRAME_STDIN, .length = count, .payload = bytes };
	bool taken;

	for (;;) {
		pthread_mutex_lock(&link->lock);
		taken = channels_receive(&link->channels, &frame);
		pthread_mutex_unlock(&link->lock);
		if (taken)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

struct keyboard {
	struct host_link *link;
	struct system_log *log;
};

static void *read_line(void *argument)
{
	struct keyboard *keyboard = argument;
	kern_return_t kr;

	for (;;) {
		io_buf_ptr_inband_t bytes;
		mach_msg_type_number_t count = READ_MAX;

		kr = device_read_inband(keyboard->link->line.device, 0, 0, READ_MAX, bytes, &count);
		if (kr)
			break;
		type(keyboard->link, (const uint8_t *)bytes, count);
	}
	system_log_printf(keyboard->log, "console: serial input stops: %s", masix_strerror(kr));
	return NULL;
}

static kern_return_t run(struct host_link *link, struct system_log *log)
{
	static struct keyboard keyboard; /* the one line's */
	pthread_t writer, reader;

	keyboard = (struct keyboard){ .link = link, .log = log };
	return pthread_create(&writer, NULL, write_line, link) ||
			       pthread_create(&reader, NULL, read_line, &keyboard)
		       ? KERN_RESOURCE_SHORTAGE
		       : KERN_SUCCESS;
}

static kern_return_t open_line(struct host_link *link, mach_port_t device_master)
{
	pthread_mutex_init(&link->lock, NULL);
	pthread_cond_init(&link->line.queued, NULL);
	return device_open(device_master, D_READ | D_WRITE, (char *)"console", &link->line.device);
}

kern_return_t serial_line_start(
	struct host_link *link, struct system_log *log, mach_port_t device_master)
{
	kern_return_t kr = open_line(link, device_master);

	if (kr)
		return kr;
	link->is_serial = true;
	channels_init(&link->channels, &ops, link);
	link->offered = 1u << MASIX_CHANNEL_STDIN | 1u << MASIX_CHANNEL_STDOUT;
	return run(link, log);
}

/* What was being written when the one before died may be seen twice, and what was typed since may be lost: the kernel
 * still has a read of his. */
kern_return_t serial_line_adopt(struct host_link *link, struct system_log *log,
	mach_port_t device_master, struct masix_estate *estate)
{
	kern_return_t kr = open_line(link, device_master);

	if (!kr && queued(&link->line) > SERIAL_LINE_SLOTS)
		kr = MASIX_E_INVALID;
	if (!kr)
		kr = link_recover(link, &ops, link->line.given, estate);
	return kr ? kr : run(link, log);
}
