#include "fifo.h"

#include <mach.h>
#include <mach/mig_errors.h>
#include <mach_port.h>
#include <stdlib.h>

#include <masix/error.h>

#include "answer.h"
#include "pipe_end.h"
#include "recover.h"

/* An open that waits for the other side; its end counts already. */
struct waiting_open {
	struct waiting_open *next;
	struct fifo_request request;
	struct pipe_end *end;
	kern_return_t result; /* when it is to be answered */
};

struct fifo {
	struct fifo *next;
	struct pipe_channel *channel; /* a reference; gone when we hold the only one */
	struct waiting_open *waiting;
};

static struct kept_mutex lock; /* of all below */

static struct fifo **all(void)
{
	return kept_root(ROOT_FIFOS, sizeof(struct fifo *));
}

/* Drop the fifos that nobody has open. */
static void sweep(void)
{
	for (struct fifo **link = all(); *link != NULL;) {
		struct fifo *f = *link;

		if (atomic_load(&f->channel->references) > 1 || f->waiting != NULL) {
			link = &f->next;
			continue;
		}
		*link = f->next;
		pipe_channel_put(f->channel);
		free(f);
	}
}

static struct fifo *find(const struct fifo_request *request)
{
	sweep();
	for (struct fifo *f = *all(); f != NULL; f = f->next)
		if (f->channel->dev == request->dev && f->channel->ino == request->ino)
			return f;

	struct fifo *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->channel = pipe_channel_create(request->uid, request->gid);
	if (f->channel == NULL) {
		free(f);
		return NULL;
	}
	f->channel->dev = request->dev;
	f->channel->ino = request->ino;
	f->next = *all();
	*all() = f;
	return f;
}

static void count_ends(struct fifo *f, unsigned *readers, unsigned *writers)
{
	kept_lock(&f->channel->lock);
	*readers = f->channel->pipe.readers;
	*writers = f->channel->pipe.writers;
	kept_unlock(&f->channel->lock);
}

/* Answer a waiting open. */
static void finish(struct waiting_open *w)
{
	mach_port_t right = MACH_PORT_NULL;
	kern_return_t result = w->result;

	if (result == KERN_SUCCESS)
		result = pipe_end_send_right(w->end, &right);
	answer_fifo(w->request.reply, result, right);
	if (result == KERN_SUCCESS)
		pipe_end_put(w->end);
	else
		pipe_end_abandon(w->end);
}

/* Unlink the waiting opens that `wanted` names, to be answered by this thread without the lock: send_answers. */
static bool take(struct fifo *f, bool (*wanted)(const struct waiting_open *w, const void *about),
	const void *about, kern_return_t result)
{
	void **box = kept_outbox(OUTBOX_FIFO);
	bool found = false;

	for (struct waiting_open **link = &f->waiting; *link != NULL;) {
		struct waiting_open *w = *link;

		if (!wanted(w, about)) {
			link = &w->next;
			continue;
		}
		*link = w->next;
		w->next = *box;
		w->result = result;
		*box = w;
		found = true;
	}
	return found;
}

static void send_answers(void)
{
	void **box = kept_outbox(OUTBOX_FIFO);

	while (*box != NULL) {
		struct waiting_open *w = *box;

		finish(w);
		*box = w->next;
		free(w);
	}
}

/* Does w wait for an opener like this one? */
static bool waits_for(const struct waiting_open *w, const void *about)
{
	const struct fifo_request *opener = about;

	return (w->request.reader && opener->writer) || (w->request.writer && opener->reader);
}

kern_return_t fifo_open(const struct fifo_request *request, mach_port_t *object)
{
	struct waiting_open *waiting = NULL;
	struct pipe_end *end = NULL;
	unsigned readers, writers;
	kern_return_t kr = KERN_RESOURCE_SHORTAGE;

	kept_lock(&lock);
	struct fifo *f = find(request);

	if (f == NULL)
		goto out;
	count_ends(f, &readers, &writers);
	if (request->writer && !request->reader && request->nonblock && readers == 0) {
		kr = MASIX_E_NO_DEVICE;
		goto out;
	}
	bool wait = !request->nonblock &&
		    ((request->reader && !request->writer && writers == 0) ||
			    (request->writer && !request->reader && readers == 0));

	if (wait) {
		waiting = calloc(1, sizeof(*waiting));
		if (waiting == NULL)
			goto out;
	}
	kr = pipe_end_create(f->channel, request->reader, request->writer, &end);
	if (kr != KERN_SUCCESS) {
		free(waiting);
		goto out;
	}
	(void)take(f, waits_for, request, KERN_SUCCESS);
	if (wait) {
		*waiting = (struct waiting_open){
			.next = f->waiting, .request = *request, .end = end
		};
		f->waiting = waiting;
		kr = MIG_NO_REPLY;
	}
out:
	kept_unlock(&lock);
	send_answers();
	if (kr != KERN_SUCCESS)
		return kr;
	kr = pipe_end_send_right(end, object);
	if (kr == KERN_SUCCESS)
		pipe_end_put(end);
	else
		pipe_end_abandon(end);
	return kr;
}

static bool is_call(const struct waiting_open *w, const void *about)
{
	const struct fifo_request *request = about;

	return w->request.pid == request->pid && w->request.token == request->token;
}

static bool is_of_process(const struct waiting_open *w, const void *about)
{
	return w->request.pid == *(const int *)about;
}

/* End waiting opens; false: there were none. */
static bool end(bool (*wanted)(const struct waiting_open *w, const void *about), const void *about,
	kern_return_t result)
{
	bool found = false;

	kept_lock(&lock);
	for (struct fifo *f = *all(); f != NULL; f = f->next)
		found |= take(f, wanted, about, result);
	kept_unlock(&lock);
	send_answers();
	return found;
}

bool fifo_cancel(int pid, uint32_t token)
{
	const struct fifo_request request = { .pid = pid, .token = token };

	return end(is_call, &request, MASIX_E_INTERRUPTED);
}

void fifo_forget(int pid)
{
	(void)end(is_of_process, &pid, MASIX_E_NO_PROCESS);
}

void fifos_recover(enum recover_pass pass)
{
	for (struct fifo *f = *all(); f != NULL; f = f->next) {
		pipe_channel_recover(f->channel, pass);
		for (struct waiting_open *w = f->waiting; w != NULL && pass == REFERENCES_COUNT;
			w = w->next) {
			w->request.reply = claim_reply(w->request.reply);
			pipe_end_recover(w->end);
		}
	}
}

void fifos_send_unsent(void **box)
{
	struct waiting_open *next;

	for (struct waiting_open *w = *box; w != NULL; w = next) {
		next = w->next;
		w->request.reply = claim_unsent(w->request.reply);
		pipe_end_recover(w->end);
		if (w->request.reply == MACH_PORT_NULL)
			pipe_end_put(w->end); /* it was told */
		else
			finish(w);
		*box = next;
		free(w);
	}
}
