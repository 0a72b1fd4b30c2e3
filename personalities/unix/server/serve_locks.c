/* process.defs: record locks. */
#include "serve_locks.h"

#include <mach.h>
#include <mach/mig_errors.h>
#include <mach_port.h>
#include <stdlib.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <process_server.h>

#include "answer.h"
#include "handed.h"
#include "record_locks.h"
#include "recover.h"
#include "server.h"

/* Table lock. */
struct lock_state {
	struct record_locks locks;
	struct record_wait *answers; /* to be sent */
};
static struct lock_state *state;

void locks_init(void)
{
	state = kept_root(ROOT_RECORDS, sizeof(*state));
}

static void finish(struct record_wait *w, kern_return_t result)
{
	w->result = result;
	w->next = state->answers;
	state->answers = w;
}

bool locks_have_answers(void)
{
	return state->answers != NULL;
}

void locks_take_answers(void)
{
	*kept_outbox(OUTBOX_RECORDS) = state->answers;
	state->answers = NULL;
}

void locks_send_answers(void)
{
	void **box = kept_outbox(OUTBOX_RECORDS);

	while (*box != NULL) {
		struct record_wait *w = *box;

		answer_records(w->reply, w->result);
		*box = w->next;
		free(w);
	}
}

/* Something became free. */
static void grant(void)
{
	struct record_wait *w;
	int result;

	while ((w = records_granted(&state->locks, &result)) != NULL)
		finish(w, result);
}

/* Which file it is that a program wants to lock like that. */
static kern_return_t identify(mach_port_t file, uint32_t mount, int how, masix_stat_t *stat)
{
	struct handed handed;
	int needed = how == MASIX_LOCK_SHARED	   ? MASIX_OPEN_READ
		     : how == MASIX_LOCK_EXCLUSIVE ? MASIX_OPEN_WRITE
						   : 0;

	handed_identify(file, mount, &handed);
	if (handed.maker == HANDED_STRANGE)
		return MASIX_E_INVALID;
	if (handed.maker == HANDED_FILE && (needed & ~handed.rights) != 0)
		return MASIX_E_ACCESS;
	*stat = handed.stat;
	return KERN_SUCCESS;
}

kern_return_t S_process_lock_records(mach_port_t proc, mach_port_t reply,
	mach_msg_type_name_t reply_type, uint32_t token, int io_flags, uint32_t mount,
	mach_port_t file, int how, int64_t start, int64_t end)
{
	masix_stat_t stat;
	struct caller caller;
	kern_return_t kr = reply_check(reply, reply_type);

	if (kr == KERN_SUCCESS)
		kr = identify(file, mount, how, &stat);
	if (kr == KERN_SUCCESS)
		kr = caller_enter(proc, &caller);
	if (kr != KERN_SUCCESS)
		return kr;
	const struct record want = { caller.process->pid, how, start, end };
	const uint32_t dev = stat.dev;
	const uint64_t ino = stat.ino;

	kr = records_lock(&state->locks, dev, ino, &want);
	if (kr == KERN_SUCCESS) {
		grant();
	} else if (kr == MASIX_E_WOULD_BLOCK && (io_flags & MASIX_IO_NONBLOCK) == 0) {
		kr = records_wait(&state->locks, dev, ino, &want, token, reply);
		if (kr == KERN_SUCCESS)
			kr = MIG_NO_REPLY;
	}
	caller_leave(&caller);
	if (kr == KERN_SUCCESS || kr == MIG_NO_REPLY)
		mach_port_deallocate(mach_task_self(), file);
	return kr;
}

kern_return_t S_process_test_records(mach_port_t proc, uint32_t mount, mach_port_t file, int how,
	int64_t start, int64_t end, int *found, int64_t *found_start, int64_t *found_end, int *pid)
{
	masix_stat_t stat;
	struct caller caller;
	kern_return_t kr = identify(file, mount, MASIX_LOCK_NONE, &stat);

	if (kr == KERN_SUCCESS)
		kr = caller_enter(proc, &caller);
	if (kr != KERN_SUCCESS)
		return kr;
	const struct record want = { caller.process->pid, how, start, end };
	const struct record *in_the_way =
		records_conflict(&state->locks, stat.dev, stat.ino, &want);

	*found = in_the_way != NULL ? in_the_way->how : MASIX_LOCK_NONE;
	*found_start = in_the_way != NULL ? in_the_way->start : 0;
	*found_end = in_the_way != NULL ? in_the_way->end : 0;
	*pid = in_the_way != NULL ? in_the_way->pid : 0;
	caller_leave(&caller);
	mach_port_deallocate(mach_task_self(), file);
	return KERN_SUCCESS;
}

bool locks_cancel(int pid, uint32_t token)
{
	struct record_wait *w = records_cancel(&state->locks, pid, &token);

	if (w != NULL)
		finish(w, MASIX_E_INTERRUPTED);
	return w != NULL;
}

void locks_forget_waits(int pid)
{
	struct record_wait *w;

	while ((w = records_cancel(&state->locks, pid, NULL)) != NULL)
		finish(w, MASIX_E_INTERRUPTED);
}

void locks_forget(int pid)
{
	struct record_wait *w;

	while ((w = records_forget(&state->locks, pid)) != NULL)
		finish(w, MASIX_E_INTERRUPTED);
	grant();
}

void locks_recover(void)
{
	for (struct record_file *f = state->locks.files; f != NULL; f = f->next)
		for (struct record_wait *w = f->waits; w != NULL; w = w->next)
			w->reply = claim_reply(w->reply);
	for (struct record_wait *w = state->answers; w != NULL; w = w->next)
		w->reply = claim_reply(w->reply);
}

void locks_send_unsent(void **box)
{
	struct record_wait *next;

	for (struct record_wait *w = *box; w != NULL; w = next) {
		next = w->next;
		w->reply = claim_unsent(w->reply);
		if (w->reply != MACH_PORT_NULL)
			answer_records(w->reply, w->result);
		*box = next;
		free(w);
	}
}
