/* tty.defs: reading and writing under job control. */
#include <mach.h>
#include <mach/mig_errors.h>
#include <mach_port.h>
#include <signal.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <tty_server.h>

#include "answer.h"
#include "server.h"
#include "terminal_control.h"
#include "terminal_opening.h"

/* The rules of job control for `signal`; no lock may be held.  A process port that is none of ours
 * has no controlling terminal, so nothing to say. */
static kern_return_t check_access(
	mach_port_t proc, struct terminal *terminal, int signal, int flags)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = terminal_check(&unix_server.table, caller.process, terminal_jobs(terminal), signal,
		(flags & MASIX_TTY_TTIN_BLOCKED) != 0);
	caller_leave(&caller);
	return kr;
}

/* The rights that came with a request are given back when it succeeded, or waits. */
static void drop_proc(mach_port_t proc, kern_return_t kr)
{
	if (kr == KERN_SUCCESS || kr == MIG_NO_REPLY)
		mach_port_deallocate(mach_task_self(), proc);
}

kern_return_t S_tty_read(mach_port_t tty, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t proc, uint32_t amount, masix_inline_t data,
	mach_msg_type_number_t *count)
{
	struct terminal_call call = { .is_tty = true, .token = token, .reply = reply };
	kern_return_t kr = reply_check(reply, reply_type);
	struct terminal_opening *o = kr == KERN_SUCCESS ? terminal_opening_get(tty) : NULL;

	*count = 0;
	if (o == NULL)
		return KERN_INVALID_ARGUMENT;
	call.amount = amount < MASIX_INLINE_MAX ? amount : MASIX_INLINE_MAX;
	if (!o->is_master)
		kr = check_access(proc, o->terminal, SIGTTIN, flags);
	if (kr == KERN_SUCCESS)
		kr = terminal_opening_read(o, &call, (flags & MASIX_IO_NONBLOCK) != 0, data, count);
	terminal_opening_put(o);
	drop_proc(proc, kr);
	return kr;
}

static bool stops_writers(struct terminal *terminal)
{
	kept_lock(&terminal->lock);
	bool stops = (terminal->line.settings.c_lflag & TOSTOP) != 0;

	terminal_leave(terminal);
	return stops;
}

kern_return_t S_tty_write(mach_port_t tty, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t proc, const masix_inline_t data,
	mach_msg_type_number_t length, uint32_t *written)
{
	struct terminal_call call = { .is_tty = true, .token = token, .reply = reply };
	kern_return_t kr = reply_check(reply, reply_type);
	struct terminal_opening *o = kr == KERN_SUCCESS ? terminal_opening_get(tty) : NULL;

	*written = 0;
	if (o == NULL)
		return KERN_INVALID_ARGUMENT;
	if (!o->is_master && stops_writers(o->terminal))
		kr = check_access(proc, o->terminal, SIGTTOU, flags);
	if (kr == KERN_SUCCESS)
		kr = terminal_opening_write(
			o, &call, (flags & MASIX_IO_NONBLOCK) != 0, data, length, written);
	terminal_opening_put(o);
	drop_proc(proc, kr);
	return kr;
}

kern_return_t S_tty_control(mach_port_t tty, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t proc, uint32_t request, const masix_name_t in_data,
	mach_msg_type_number_t in_length, masix_name_t out_data, mach_msg_type_number_t *out_length)
{
	kern_return_t kr = reply_check(reply, reply_type);
	struct terminal_opening *o = kr == KERN_SUCCESS ? terminal_opening_get(tty) : NULL;
	struct control_request control = {
		.opening = o,
		.token = token,
		.reply = reply,
		.proc = proc,
		.request = request,
		.in = in_data,
		.in_length = in_length,
		.out = out_data,
	};

	*out_length = 0;
	if (o == NULL)
		return KERN_INVALID_ARGUMENT;
	if (!o->is_master && control_changes_terminal(request))
		kr = check_access(proc, o->terminal, SIGTTOU, flags);
	if (kr == KERN_SUCCESS)
		kr = terminal_control(&control);
	if (kr == KERN_SUCCESS)
		*out_length = control.out_length;
	terminal_opening_put(o);
	drop_proc(proc, kr);
	return kr;
}
