/* The link to the host: the wire's thread, and the answers to parked calls. */
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "console_reply.h"
#include "io_reply.h"
#include "mach.h"
#include "mach_host.h"
#include "mach_port.h"
#include "state.h"

/* Kernel priorities: lower is higher; 25 is the default.  An interrupt that waits behind
 * busy programs costs a clock tick. */
#define DRIVER_PRIORITY 5

/* --- What channels.c needs of the outside --- */

static kern_return_t answer_read_large(
	const struct parked *call, const struct channels_answer *answer)
{
	vm_address_t region = 0;
	vm_size_t size = answer->count;
	kern_return_t kr;

	if (size) {
		kr = vm_allocate(mach_task_self(), &region, size, TRUE);
		if (kr)
			return kr;
		memcpy((void *)region, answer->data, size);
	}
	kr = io_read_large_reply(
		call->caller.reply, call->caller.reply_type, answer->error, (char *)region, size);
	if (kr && size)
		(void)vm_deallocate(mach_task_self(), region, size);
	return kr;
}

/* A reply goes to a send-once right, and those never wait for room in a queue: so it may
 * be sent under the lock, and bytes leave the inbox only for a reader that is alive. */
static bool answer(const struct parked *call, const struct channels_answer *answer)
{
	mach_port_t reply = call->caller.reply;
	mach_msg_type_name_t type = call->caller.reply_type;
	kern_return_t kr = KERN_FAILURE;

	switch (call->kind) {
	case PARKED_READ:
		kr = io_read_reply(
			reply, type, answer->error, (const char *)answer->data, answer->count);
		break;
	case PARKED_READ_LARGE:
		kr = answer_read_large(call, answer);
		break;
	case PARKED_WRITE:
		kr = io_write_reply(reply, type, answer->error, answer->count, 0);
		break;
	case PARKED_WRITE_LARGE:
		kr = io_write_large_reply(reply, type, answer->error, answer->count, 0);
		break;
	case PARKED_POLL:
		kr = io_poll_reply(reply, type, answer->error, (int)answer->count);
		break;
	case PARKED_WINDOW:
		kr = console_window_reply(
			reply, type, answer->error, answer->serial, answer->rows, answer->columns);
		break;
	}
	if (kr)
		(void)mach_port_deallocate(mach_task_self(), reply);
	return !kr;
}

static bool is_alive(const struct parked *call)
{
	mach_port_type_t type;

	return !mach_port_type(mach_task_self(), call->caller.reply, &type) &&
	       type & MACH_PORT_TYPE_SEND_ONCE;
}

static uint8_t *slot(void *device, size_t *size)
{
	return virtio_serial_slot(device, size);
}

static void send(void *device, size_t length)
{
	virtio_serial_send(device, length);
}

static bool flush(void *device, bool wanted)
{
	return virtio_serial_flush(device, wanted);
}

static const struct channels_ops ops = {
	.answer = answer,
	.is_alive = is_alive,
	.slot = slot,
	.send = send,
	.flush = flush,
};

/* --- The thread of the wire --- */

struct driver {
	struct host_link *link;
	struct system_log *log;
	mach_port_t host_priv;
};

/* Bytes from the host, in order.  A broken stream stays broken: what follows is dropped. */
static void take(void *context, const uint8_t *bytes, size_t count)
{
	struct driver *driver = context;
	struct host_link *link = driver->link;
	enum frame_progress progress;
	struct frame frame;

	if (link->decoder.broken)
		return;
	while ((progress = frame_decode(&link->decoder, &bytes, &count, &frame)) ==
		FRAME_COMPLETE) {
		if (channels_receive(&link->channels, &frame))
			continue;
		link->decoder.broken = true;
		progress = FRAME_BROKEN;
		break;
	}
	if (progress == FRAME_BROKEN)
		system_log_printf(driver->log, "console: the host broke the channel's protocol; "
					       "its input is ignored from now on");
}

/* Interrupts are served before programs run.  Without the right to do so it works, slower. */
static void raise_priority(mach_port_t host_priv)
{
	mach_port_t set = MACH_PORT_NULL, control = MACH_PORT_NULL;
	mach_port_t thread = mach_thread_self();

	if (!processor_set_default(mach_host_self(), &set) &&
		!host_processor_set_priv(host_priv, set, &control) &&
		!thread_max_priority(thread, control, DRIVER_PRIORITY))
		(void)thread_priority(thread, DRIVER_PRIORITY, FALSE);
	if (MACH_PORT_VALID(control))
		(void)mach_port_deallocate(mach_task_self(), control);
	if (MACH_PORT_VALID(set))
		(void)mach_port_deallocate(mach_task_self(), set);
	(void)mach_port_deallocate(mach_task_self(), thread);
}

static void *run(void *argument)
{
	struct driver *driver = argument;
	struct host_link *link = driver->link;
	kern_return_t kr;

	raise_priority(driver->host_priv);
	kr = masix_wire_thread(driver->host_priv);
	if (kr)
		system_log_printf(
			driver->log, "console: cannot wire the driver: %s", masix_strerror(kr));
	do {
		kr = virtio_serial_wait(&link->serial);
		if (kr)
			break;
		pthread_mutex_lock(&link->lock);
		virtio_serial_receive(&link->serial, take, driver);
		channels_slots_freed(&link->channels);
		pthread_mutex_unlock(&link->lock);
		kr = virtio_serial_acknowledge(&link->serial);
	} while (!kr);
	system_log_printf(driver->log, "console: host channel stops: %s", masix_strerror(kr));
	return NULL;
}

kern_return_t host_link_start(struct host_link *link, struct system_log *log, mach_port_t host_priv)
{
	static struct driver driver; /* the one device's */
	pthread_t thread;
	kern_return_t kr;

	pthread_mutex_init(&link->lock, NULL);
	link->decoder = (struct frame_decoder){ 0 };
	channels_init(&link->channels, &ops, &link->serial);
	kr = virtio_serial_open(&link->serial, host_priv);
	if (kr == MASIX_E_NO_DEVICE)
		return KERN_SUCCESS;
	if (kr)
		return kr;
	driver = (struct driver){ .link = link, .log = log, .host_priv = host_priv };
	if (pthread_create(&thread, NULL, run, &driver))
		return KERN_RESOURCE_SHORTAGE;
	link->present = true;
	return KERN_SUCCESS;
}
