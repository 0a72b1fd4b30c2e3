/* console.defs */
#include <mach/mig_errors.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <masix/error.h>
#include <masix/estate.h>
#include <masix/mach.h>

#include "console_server.h"
#include "state.h"

const struct masix_class console_class = { .name = "console" };
const struct masix_class log_view_class = { .name = "log view" };

static struct console *console_get(mach_port_t port)
{
	return (struct console *)masix_object_get(port, &console_class);
}

/* Enter it where a successor finds it. */
static kern_return_t keep_channel(struct channel_object *opened)
{
	struct console *console = opened->console;
	kern_return_t kr = MASIX_E_LIMIT;

	pthread_mutex_lock(&console->link.lock);
	for (unsigned i = 0; i < CONSOLE_OPENED && kr; i++) {
		if (console->opened[i].port != MACH_PORT_NULL)
			continue;
		opened->kept = &console->opened[i];
		opened->kept->channel = opened->channel;
		atomic_signal_fence(memory_order_seq_cst);
		opened->kept->port = opened->object.port;
		kr = KERN_SUCCESS;
	}
	pthread_mutex_unlock(&console->link.lock);
	return kr;
}

static void forget_channel(struct channel_object *opened)
{
	pthread_mutex_lock(&opened->console->link.lock);
	opened->kept->port = MACH_PORT_NULL;
	pthread_mutex_unlock(&opened->console->link.lock);
}

static kern_return_t adopt_channel(
	struct console *console, struct kept_channel *kept, struct masix_estate *estate)
{
	struct channel_object *opened;
	kern_return_t kr;

	if (kept->port == MACH_PORT_NULL)
		return KERN_SUCCESS;
	if (!channels_directions(kept->channel))
		return MASIX_E_INVALID;
	if (!masix_estate_take(estate, kept->port, MACH_PORT_TYPE_RECEIVE)) {
		kept->port = MACH_PORT_NULL;
		return KERN_SUCCESS;
	}
	opened = calloc(1, sizeof *opened);
	if (!opened)
		return KERN_RESOURCE_SHORTAGE;
	opened->console = console;
	opened->channel = kept->channel;
	opened->kept = kept;
	kr = masix_object_adopt(&opened->object, &channel_class, kept->port);
	masix_object_put(&opened->object);
	return kr;
}

kern_return_t adopt_channels(struct console *console, struct masix_estate *estate)
{
	kern_return_t kr = KERN_SUCCESS;

	for (unsigned i = 0; i < CONSOLE_OPENED && !kr; i++)
		kr = adopt_channel(console, &console->opened[i], estate);
	return kr;
}

kern_return_t S_console_open(mach_port_t port, int channel, mach_port_t *object)
{
	struct console *console = console_get(port);
	struct channel_object *opened;
	kern_return_t kr;

	if (!console)
		return KERN_INVALID_ARGUMENT;
	kr = MASIX_E_NO_DEVICE;
	if (channel < 0 || !channels_directions((unsigned)channel) ||
		!(console->link.offered & 1u << channel))
		goto out;
	kr = KERN_RESOURCE_SHORTAGE;
	opened = calloc(1, sizeof *opened);
	if (!opened)
		goto out;
	opened->console = console;
	opened->channel = (unsigned)channel;
	kr = masix_object_init(&opened->object, &channel_class);
	if (kr) {
		free(opened);
		goto out;
	}
	kr = keep_channel(opened);
	if (!kr) {
		kr = masix_object_send_right(&opened->object, object);
		if (kr)
			forget_channel(opened);
	}
	if (kr)
		masix_object_kill(&opened->object);
	masix_object_put(&opened->object);
out:
	masix_object_put(&console->object);
	return kr;
}

kern_return_t S_console_window(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, uint32_t serial, uint32_t *current, int *rows, int *columns)
{
	struct console *console = console_get(port);
	struct caller caller = {
		.owner = console, .token = token, .reply = reply, .reply_type = reply_type
	};
	struct channels_answer answer;
	kern_return_t kr;

	if (!console)
		return KERN_INVALID_ARGUMENT;
	if (serial && reply_type != MACH_MSG_TYPE_PORT_SEND_ONCE) {
		masix_object_put(&console->object);
		return KERN_INVALID_ARGUMENT;
	}
	pthread_mutex_lock(&console->link.lock);
	kr = channels_window(&console->link.channels, &caller, serial, &answer);
	pthread_mutex_unlock(&console->link.lock);
	masix_object_put(&console->object);
	if (kr)
		return kr == CHANNELS_PARKED ? MIG_NO_REPLY : kr;
	*current = answer.serial;
	*rows = answer.rows;
	*columns = answer.columns;
	return KERN_SUCCESS;
}

kern_return_t S_console_log(
	mach_port_t port, const masix_name_t text, mach_msg_type_number_t length)
{
	struct console *console = console_get(port);

	if (!console)
		return KERN_INVALID_ARGUMENT;
	system_log_line(&console->log, text, length);
	masix_object_put(&console->object);
	return KERN_SUCCESS;
}

/* The log of the console behind its own port or its log view; both live as long as the server. */
static struct system_log *log_get(mach_port_t port)
{
	struct console *console = console_get(port);
	struct log_view *view;

	if (console) {
		masix_object_put(&console->object);
		return &console->log;
	}
	view = (struct log_view *)masix_object_get(port, &log_view_class);
	if (!view)
		return NULL;
	console = view->console;
	masix_object_put(&view->object);
	return &console->log;
}

kern_return_t S_console_read_log(mach_port_t port, int64_t offset, int64_t *start,
	masix_inline_t data, mach_msg_type_number_t *count)
{
	struct system_log *log = log_get(port);
	uint64_t first;

	if (!log)
		return KERN_INVALID_ARGUMENT;
	if (offset < 0)
		return MASIX_E_INVALID;
	pthread_mutex_lock(&log->lock);
	*count = log_ring_read(
		&log->ring, (uint64_t)offset, &first, (uint8_t *)data, sizeof(masix_inline_t));
	pthread_mutex_unlock(&log->lock);
	*start = (int64_t)first;
	return KERN_SUCCESS;
}
