/* console.defs */
#include <mach/mig_errors.h>
#include <stdlib.h>

#include <masix/error.h>
#include <masix/mach.h>

#include "console_server.h"
#include "state.h"

const struct masix_class console_class = { .name = "console" };
const struct masix_class log_view_class = { .name = "log view" };

static struct console *console_get(mach_port_t port)
{
	return (struct console *)masix_object_get(port, &console_class);
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
	kr = masix_object_send_right(&opened->object, object);
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
