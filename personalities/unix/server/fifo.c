#include "fifo.h"

#include <mach.h>
#include <mach/mig_errors.h>
#include <mach_port.h>
#include <pthread.h>
#include <stdlib.h>

#include <masix/error.h>

#include "answer.h"
#include "pipe_end.h"

/* An open that waits for the other side; its end counts already. */
struct waiting_open {
	struct waiting_open *next;
	struct fifo_request request;
	struct pipe_end *end;
};

struct fifo {
	struct fifo *next;
	struct pipe_channel *channel; /* a reference; gone when we hold the only one */
	struct waiting_open *waiting;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static struct fifo *fifos;

/* Drop the fifos that nobody has open. */
static void sweep(void)
{
	for (struct fifo **link = &fifos; *link != NULL;) {
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
	for (struct fifo *f = fifos; f != NULL; f = f->next)
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
	f->next = fifos;
	fifos = f;
	return f;
}

static void count_ends(struct fifo *f, unsigned *readers, unsigned *writers)
{
	pthread_mutex_lock(&f->channel->lock);
	*readers = f->channel->pipe.readers;
	*writers = f->channel->pipe.writers;
	pthread_mutex_unlock(&f->channel->lock);
}

/* Answer a waiting open; frees it. */
static void finish(struct waiting_open *w, kern_return_t result)
{
	mach_port_t right = MACH_PORT_NULL;

	if (result == KERN_SUCCESS)
		result = pipe_end_send_right(w->end, &right);
	answer_fifo(w->request.reply, result, right);
	if (result == KERN_SUCCESS)
		pipe_end_put(w->end);
	else
		pipe_end_abandon(w->end);
	free(w);
}

/* Unlink the waiting opens that `wanted` names; the caller finishes them without the lock. */
static struct waiting_open *take(struct fifo *f,
	bool (*wanted)(const struct waiting_open *w, const void *about), const void *about)
{
	struct waiting_open *taken = NULL;

	for (struct waiting_open **link = &f->waiting; *link != NULL;) {
		struct waiting_open *w = *link;

		if (!wanted(w, about)) {
			link = &w->next;
			continue;
		}
		*link = w->next;
		w->next = taken;
		taken = w;
	}
	return taken;
}

static void finish_all(struct waiting_open *list, kern_return_t result)
{
	while (list != NULL) {
		struct waiting_open *next = list->next;

		finish(list, result);
		list = next;
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
	struct waiting_open *waiting = NULL, *woken = NULL;
	struct pipe_end *end = NULL;
	unsigned readers, writers;
	kern_return_t kr = KERN_RESOURCE_SHORTAGE;

	pthread_mutex_lock(&lock);
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
	woken = take(f, waits_for, request);
	if (wait) {
		*waiting = (struct waiting_open){
			.next = f->waiting, .request = *request, .end = end
		};
		f->waiting = waiting;
		kr = MIG_NO_REPLY;
	}
out:
	pthread_mutex_unlock(&lock);
	finish_all(woken, KERN_SUCCESS);
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

bool fifo_cancel(int pid, uint32_t token)
{
	const struct fifo_request request = { .pid = pid, .token = token };
	struct waiting_open *found = NULL;

	pthread_mutex_lock(&lock);
	for (struct fifo *f = fifos; f != NULL && found == NULL; f = f->next)
		found = take(f, is_call, &request);
	pthread_mutex_unlock(&lock);
	if (found == NULL)
		return false;
	finish_all(found, MASIX_E_INTERRUPTED);
	return true;
}

void fifo_forget(int pid)
{
	struct waiting_open *found;

	do {
		found = NULL;
		pthread_mutex_lock(&lock);
		for (struct fifo *f = fifos; f != NULL && found == NULL; f = f->next)
			found = take(f, is_of_process, &pid);
		pthread_mutex_unlock(&lock);
		finish_all(found, MASIX_E_NO_PROCESS);
	} while (found != NULL);
}
