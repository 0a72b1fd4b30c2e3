#include "terminal_control.h"

#include <mach/mig_errors.h>
#include <string.h>

#include <masix/error.h>

#include "pty.h"
#include "server.h"
#include "terminal_opening.h"

/* Arguments of TCFLSH and TCXONC, as in asm-generic/termbits-common.h of newer headers. */
enum { FLUSH_INPUT, FLUSH_OUTPUT, FLUSH_BOTH };
enum { FLOW_OUTPUT_OFF, FLOW_OUTPUT_ON, FLOW_INPUT_OFF, FLOW_INPUT_ON };

static kern_return_t give(struct control_request *c, const void *data, uint32_t size)
{
	memcpy(c->out, data, size);
	c->out_length = size;
	return KERN_SUCCESS;
}

static kern_return_t give_int(struct control_request *c, int value)
{
	return give(c, &value, sizeof(value));
}

static int argument(const struct control_request *c)
{
	int value;

	memcpy(&value, c->in, sizeof(value));
	return value;
}

/* Wait for the output to be out, then do what `call` says besides. */
static kern_return_t drain(struct control_request *c, struct terminal_call *call)
{
	struct terminal *t = c->opening->terminal;

	call->kind = TERMINAL_DRAIN;
	call->is_tty = true;
	call->opening = c->opening;
	call->token = c->token;
	call->reply = c->reply;
	kept_lock(&t->lock);
	kern_return_t kr = terminal_park(t, call);

	terminal_leave(t);
	return kr;
}

/* --- Settings --- */

static kern_return_t get_settings(struct control_request *c)
{
	struct terminal *t = c->opening->terminal;

	kept_lock(&t->lock);
	struct termios2 settings = t->line.settings;

	terminal_leave(t);
	/* The old structure is the beginning of the new one. */
	return give(
		c, &settings, c->request == TCGETS2 ? sizeof(settings) : sizeof(struct termios));
}

static kern_return_t set_settings(struct control_request *c)
{
	struct terminal *t = c->opening->terminal;
	uint32_t how = c->request == TCSETS2 || c->request == TCSETSW2 || c->request == TCSETSF2
			       ? c->request - TCSETS2
			       : c->request - TCSETS;
	struct terminal_call call = { .change = true, .flush_input = how == 2 };

	kept_lock(&t->lock);
	call.settings = t->line.settings;
	memcpy(&call.settings, c->in, c->in_length);
	if (how == 0)
		line_change(&t->line, &call.settings);
	terminal_leave(t);
	return how == 0 ? KERN_SUCCESS : drain(c, &call);
}

static kern_return_t get_size(struct control_request *c)
{
	struct terminal *t = c->opening->terminal;

	kept_lock(&t->lock);
	struct terminal_size size = t->size;

	terminal_leave(t);
	return give(c, &size, sizeof(size));
}

static kern_return_t set_size(struct control_request *c)
{
	struct terminal_size size;

	memcpy(&size, c->in, sizeof(size));
	terminal_resize(c->opening->terminal, &size);
	return KERN_SUCCESS;
}

/* --- Queues --- */

static kern_return_t input_pending(struct control_request *c)
{
	struct terminal *t = c->opening->terminal;

	kept_lock(&t->lock);
	int n = c->opening->is_master ? line_output_pending(&t->line) : line_readable(&t->line);

	terminal_leave(t);
	return give_int(c, n);
}

static kern_return_t output_pending(struct control_request *c)
{
	struct terminal *t = c->opening->terminal;

	kept_lock(&t->lock);
	int n = line_output_pending(&t->line);

	terminal_leave(t);
	return give_int(c, n);
}

static kern_return_t flush(struct control_request *c)
{
	struct terminal *t = c->opening->terminal;
	int which = argument(c);

	if (which < FLUSH_INPUT || which > FLUSH_BOTH)
		return MASIX_E_INVALID;
	kept_lock(&t->lock);
	if (which != FLUSH_OUTPUT)
		line_flush_input(&t->line);
	if (which != FLUSH_INPUT)
		line_flush_output(&t->line);
	terminal_leave(t);
	return KERN_SUCCESS;
}

static kern_return_t flow(struct control_request *c)
{
	struct terminal *t = c->opening->terminal;
	int action = argument(c);

	if (action < FLOW_OUTPUT_OFF || action > FLOW_INPUT_ON)
		return MASIX_E_INVALID;
	kept_lock(&t->lock);
	if (action <= FLOW_OUTPUT_ON) {
		t->line.stopped = action == FLOW_OUTPUT_OFF;
	} else {
		char byte = t->line.settings.c_cc[action == FLOW_INPUT_OFF ? VSTOP : VSTART];
		/* Without room the far side goes on as it is. */
		uint32_t ignored = byte != 0 ? line_write(&t->line, &byte, 1) : 0;

		(void)ignored;
	}
	terminal_leave(t);
	return KERN_SUCCESS;
}

static kern_return_t send_break(struct control_request *c)
{
	struct terminal_call call = { 0 };

	return drain(c, &call); /* there is no line to break */
}

/* TIOCSTI: as if typed.  Only on one's own terminal, or as root. */
static kern_return_t fake_input(struct control_request *c)
{
	struct terminal *t = c->opening->terminal;
	struct caller caller;
	kern_return_t kr = caller_enter(c->proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	if (caller.process->credentials.euid != 0 &&
		caller.process->session->terminal != terminal_jobs(t))
		kr = MASIX_E_PERMISSION;
	caller_leave(&caller);
	if (kr == KERN_SUCCESS && terminal_type(t, c->in, 1) == 0)
		kr = MASIX_E_WOULD_BLOCK;
	return kr;
}

static kern_return_t exclusive(struct control_request *c)
{
	struct terminal *t = c->opening->terminal;

	kept_lock(&t->lock);
	t->exclusive = c->request == TIOCEXCL;
	terminal_leave(t);
	return KERN_SUCCESS;
}

/* --- Job control --- */

static kern_return_t job_control(struct control_request *c)
{
	struct terminal_jobs *jobs = terminal_jobs(c->opening->terminal);
	struct process_table *table = &unix_server.table;
	struct caller caller;
	kern_return_t kr = caller_enter(c->proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	struct process *p = caller.process;
	bool own = p->session->terminal == jobs || c->opening->is_master;

	switch (c->request) {
	case TIOCGPGRP:
		kr = own ? give_int(c, jobs->foreground) : MASIX_E_NOT_TTY;
		break;
	case TIOCSPGRP:
		kr = terminal_set_foreground(table, p, jobs, argument(c));
		break;
	case TIOCGSID:
		kr = own && jobs->session != NULL ? give_int(c, jobs->session->sid)
						  : MASIX_E_NOT_TTY;
		break;
	case TIOCSCTTY:
		kr = terminal_acquire(p, jobs, argument(c) == 1);
		break;
	case TIOCNOTTY:
		kr = terminal_give_up(table, p, jobs);
		break;
	}
	caller_leave(&caller);
	if (kr == KERN_SUCCESS && c->request == TIOCSCTTY &&
		c->opening->terminal->device->listen != NULL)
		c->opening->terminal->device->listen(c->opening->terminal);
	return kr;
}

/* vhangup(2) of a terminal by root: those who have it lose it, new openings work. */
static kern_return_t hang_up(struct control_request *c)
{
	struct caller caller;
	kern_return_t kr = caller_enter(c->proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	if (caller.process->credentials.euid != 0)
		kr = MASIX_E_PERMISSION;
	else
		terminal_hang_up(&unix_server.table, terminal_jobs(c->opening->terminal));
	caller_leave(&caller);
	return kr;
}

/* --- Various --- */

static kern_return_t get_discipline(struct control_request *c)
{
	return give_int(c, 0); /* N_TTY, the only one */
}

static kern_return_t set_discipline(struct control_request *c)
{
	return argument(c) == 0 ? KERN_SUCCESS : MASIX_E_INVALID;
}

static kern_return_t get_device(struct control_request *c)
{
	return give_int(c, terminal_jobs(c->opening->terminal)->rdev);
}

static kern_return_t pty_requests(struct control_request *c)
{
	struct terminal *t = c->opening->terminal;
	int value = 0;
	kern_return_t kr;

	if (!c->opening->is_master)
		return MASIX_E_NOT_TTY;
	if (c->request == TIOCSPTLCK)
		return pty_lock(t, argument(c) != 0);
	kr = c->request == TIOCGPTN ? pty_number(t, &value) : pty_is_locked(t, &value);
	return kr == KERN_SUCCESS ? give_int(c, value) : kr;
}

static const struct {
	uint32_t request;
	uint32_t in_length;
	bool changes; /* SIGTTOU */
	kern_return_t (*handle)(struct control_request *c);
} requests[] = {
	{ TCGETS, 0, false, get_settings },
	{ TCSETS, sizeof(struct termios), true, set_settings },
	{ TCSETSW, sizeof(struct termios), true, set_settings },
	{ TCSETSF, sizeof(struct termios), true, set_settings },
	{ TCGETS2, 0, false, get_settings },
	{ TCSETS2, sizeof(struct termios2), true, set_settings },
	{ TCSETSW2, sizeof(struct termios2), true, set_settings },
	{ TCSETSF2, sizeof(struct termios2), true, set_settings },
	{ TIOCGWINSZ, 0, false, get_size },
	{ TIOCSWINSZ, sizeof(struct terminal_size), false, set_size },
	{ FIONREAD, 0, false, input_pending },
	{ TIOCOUTQ, 0, false, output_pending },
	{ TCFLSH, sizeof(int), true, flush },
	{ TCXONC, sizeof(int), true, flow },
	{ TCSBRK, sizeof(int), true, send_break },
	{ TCSBRKP, sizeof(int), true, send_break },
	{ TIOCSTI, 1, false, fake_input },
	{ TIOCEXCL, 0, false, exclusive },
	{ TIOCNXCL, 0, false, exclusive },
	{ TIOCGPGRP, 0, false, job_control },
	{ TIOCSPGRP, sizeof(int), true, job_control },
	{ TIOCGSID, 0, false, job_control },
	{ TIOCSCTTY, sizeof(int), false, job_control },
	{ TIOCNOTTY, 0, false, job_control },
	{ TIOCVHANGUP, 0, false, hang_up },
	{ TIOCGETD, 0, false, get_discipline },
	{ TIOCSETD, sizeof(int), true, set_discipline },
	{ TIOCGDEV, 0, false, get_device },
	{ TIOCGPTN, 0, false, pty_requests },
	{ TIOCSPTLCK, sizeof(int), false, pty_requests },
	{ TIOCGPTLCK, 0, false, pty_requests },
};

#define REQUESTS (sizeof(requests) / sizeof(requests[0]))

bool control_changes_terminal(uint32_t request)
{
	for (unsigned i = 0; i < REQUESTS; i++)
		if (requests[i].request == request)
			return requests[i].changes;
	return false;
}

kern_return_t terminal_control(struct control_request *c)
{
	char padded[sizeof(struct termios2)] = { 0 };

	for (unsigned i = 0; i < REQUESTS; i++) {
		if (requests[i].request != c->request)
			continue;
		/* An argument by value may be longer than what is used of it. */
		if (c->in_length < requests[i].in_length)
			return MASIX_E_INVALID;
		memcpy(padded, c->in, requests[i].in_length);
		c->in = padded;
		c->in_length = requests[i].in_length;
		return requests[i].handle(c);
	}
	return MASIX_E_NOT_TTY;
}
