#include "rounds.h"

#include <mach/mig_errors.h>
#include <masix/mach.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mach_port.h"
#include "message.h"
#include "random.h"

/* Far more than any answer takes; who needs it hangs. */
#define PATIENCE_MS 10000

static void note(struct findings *found, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void note(struct findings *found, const char *format, ...)
{
	size_t used = strlen(found->wrong);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(found->wrong + used, sizeof found->wrong - used, format, arguments);
	va_end(arguments);
}

static int send_to(
	struct request *r, const struct target *target, unsigned wait_ms, struct findings *found)
{
	surroundings.target_is_own = target->is_own;
	surroundings.target_is_kernel = target->is_kernel;

	int code = request_send(r, target->port, wait_ms);

	found->sent += code != NOT_SENT;
	found->answered += code != NOT_SENT && code != NO_ANSWER;
	return code;
}

/* These are not asked well (send.c): that they are refused shows that they are there. */
static int is_refused_always(const struct routine *routine)
{
	return (surroundings.is_root && strncmp(routine->name, "io_set_", 7) == 0) ||
	       strcmp(routine->name, "process_set_ids") == 0 ||
	       strcmp(routine->name, "acs_halt") == 0 || strcmp(routine->name, "acs_kill") == 0 ||
	       strcmp(routine->name, "fs_shutdown") == 0 ||
	       strcmp(routine->name, "process_reboot") == 0 ||
	       strcmp(routine->name, "process_exit") == 0 ||
	       strcmp(routine->name, "process_stop") == 0 ||
	       strcmp(routine->name, "store_crash") == 0;
}

/* An object of the round's own may end by what it was asked before, while the next request lies in its queue. */
static int has_ended(const struct target *target, int code)
{
	mach_port_type_t type;

	return code == NO_ANSWER && target->is_own &&
	       mach_port_type(mach_task_self(), target->port, &type) == KERN_SUCCESS &&
	       (type & MACH_PORT_TYPE_DEAD_NAME) != 0;
}

static void try_one(const struct target *target, unsigned index, struct findings *found)
{
	const struct routine *routine = &routines[index];
	struct request r;
	int code;

	request_build(&r, routine, 0);
	/* Those that need none are answered too if there is somewhere to answer to. */
	r.reply_type = MACH_MSG_TYPE_MAKE_SEND_ONCE;
	code = send_to(&r, target, PATIENCE_MS, found);
	if (code == NOT_SENT || has_ended(target, code))
		return; /* a right that could not be sent, or a port that is gone */
	if (code == NO_ANSWER)
		note(found, "%s: %s: no answer\n", target->label, routine->name);
	else if (code == MIG_BAD_ARGUMENTS && !is_refused_always(routine))
		note(found, "%s: %s: the well-formed request was refused\n", target->label,
			routine->name);
	else if (code != MIG_BAD_ID)
		found->understood[index] = 1;
}

void try_well_formed(const struct target *targets, unsigned count, struct findings *found)
{
	for (unsigned t = 0; t < count; t++)
		for (unsigned i = 0; i < routine_count; i++)
			try_one(&targets[t], i, found);
}

/* With `number` for the count of the array; the bytes are `size`. */
static void try_array(const struct target *target, const struct routine *routine, unsigned argument,
	unsigned number, size_t size, struct findings *found)
{
	static char bytes[MESSAGE_MAX];
	struct request r;
	int code;

	request_build(&r, routine, 0);
	r.parts[argument].number = number;
	r.parts[argument].size = size;
	r.parts[argument].data = bytes;
	r.reply_type = MACH_MSG_TYPE_MAKE_SEND_ONCE;
	code = send_to(&r, target, PATIENCE_MS, found);
	if (code != MIG_BAD_ARGUMENTS && code != MIG_BAD_ID && code != NOT_SENT &&
		!has_ended(target, code))
		note(found, "%s: %s: %s: count %#x was not refused (%#x)\n", target->label,
			routine->name, routine->arguments[argument].name, number, (unsigned)code);
}

void try_long_arrays(const struct target *targets, unsigned count, struct findings *found)
{
	for (unsigned t = 0; t < count; t++)
		for (unsigned i = 0; i < routine_count; i++)
			for (unsigned a = 0; a < routines[i].argument_count; a++) {
				const struct argument *argument = &routines[i].arguments[a];
				unsigned item = argument->kind == ARGUMENT_WORDS ? 4 : 1;

				if (argument->kind != ARGUMENT_WORDS &&
					argument->kind != ARGUMENT_BYTES)
					continue;
				try_array(&targets[t], &routines[i], a, argument->size + 1,
					(argument->size + 1) * item, found);
				/* Rounded up to words, nothing is left of it. */
				if (argument->size > 4095)
					try_array(&targets[t], &routines[i], a, 0xffffffff - any(3),
						0, found);
			}
}

/* A right may have gone with a message, and its name to a port of our own. */
static int is_lost(mach_port_t port)
{
	mach_port_type_t type;

	return mach_port_type(mach_task_self(), port, &type) != KERN_SUCCESS ||
	       (type & MACH_PORT_TYPE_RECEIVE) || !(type & MACH_PORT_TYPE_SEND);
}

void try_spoilt(
	const struct target *targets, unsigned count, unsigned messages, struct findings *found)
{
	unsigned char lost[TARGETS_MAX] = { 0 };
	struct request r;

	surroundings.is_busy = 1;
	for (unsigned i = 0; i < messages; i++) {
		if (any(12) == 0)
			request_forge(&r);
		else
			request_build(&r, &routines[any(routine_count)], 1);
		/* The rest has only wrong values. */
		if (any(3) != 0)
			request_spoil(&r);

		unsigned t = any(count);

		if (!lost[t] && send_to(&r, &targets[t], 0, found) == NOT_SENT)
			lost[t] = is_lost(targets[t].port);
	}
}

void print_findings(const struct findings *found, char *text, unsigned room)
{
	unsigned used = (unsigned)snprintf(text, room, "%s", found->wrong);

	for (unsigned i = 0; i < routine_count && used < room; i++)
		if (!found->understood[i])
			used += (unsigned)snprintf(text + used, room - used,
				"%s: nobody understood it\n", routines[i].name);
	if (used < room)
		(void)snprintf(text + used, room - used, "%u requests, %u answers\n", found->sent,
			found->answered);
}
