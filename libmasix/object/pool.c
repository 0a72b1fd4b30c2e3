/* The workers of a port set. */
#include <masix/object.h>

#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <masix/server.h>

#include "mach/mig_support.h"
#include "mach_port.h"
#include "object/set.h"

/* The largest inline request (io_write: 16 KiB of data) and reply, with room. */
#define MESSAGE_MAX 32768
#define WORKER_STACK (256 * 1024)

union buffer {
	mach_msg_header_t header;
	mig_reply_header_t reply;
	char bytes[MESSAGE_MAX];
};

/* What a worker is about, for its server's successor.  While it waits for a message, the header of a buffer with a local port is
 * one that has come; what it had served has none any more. */
enum stage { WAITING, SERVING, ANSWERING };

struct worker {
	struct masix_set *set;
	struct masix_pool_options options;
	volatile enum stage stage;
	union buffer *in, *out; /* each one of the two below; they change places */
	union buffer buffers[2];
};

static struct masix_set *main_set;

static void make_main_set(void)
{
	struct masix_set *set = masix_set_create();

	if (set == NULL)
		return;
	if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &set->notify) !=
			KERN_SUCCESS ||
		mach_port_move_member(mach_task_self(), set->notify, set->set) != KERN_SUCCESS) {
		masix_log("no notification port");
		return;
	}
	main_set = set;
}

struct masix_set *set_main(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_main_set);
	return main_set;
}

struct masix_set *masix_set_create(void)
{
	struct masix_set *set = calloc(1, sizeof *set);

	if (set == NULL)
		return NULL;
	if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set->set) !=
		KERN_SUCCESS) {
		free(set);
		return NULL;
	}
	return set;
}

kern_return_t masix_watch_dead(mach_port_t name)
{
	struct masix_set *set = set_main();
	mach_port_t previous = MACH_PORT_NULL;
	kern_return_t result;

	if (set == NULL)
		return KERN_RESOURCE_SHORTAGE;
	/* Count 1: also when it is dead already. */
	result = mach_port_request_notification(mach_task_self(), name, MACH_NOTIFY_DEAD_NAME, 1,
		set->notify, MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);
	if (result == KERN_SUCCESS && MACH_PORT_VALID(previous))
		(void)mach_port_deallocate(mach_task_self(), previous);
	return result;
}

static void no_senders(const mach_msg_header_t *header)
{
	const mach_no_senders_notification_t *message = (const void *)header;

	if (header->msgh_size == sizeof *message)
		object_no_senders(header->msgh_local_port, message->not_count);
}

static void dead_name(const struct worker *worker, const mach_msg_header_t *header)
{
	const mach_dead_name_notification_t *message = (const void *)header;

	if (header->msgh_size != sizeof *message || worker->set->notify == MACH_PORT_NULL ||
		header->msgh_local_port != worker->set->notify)
		return;
	if (worker->options.dead_name != NULL)
		worker->options.dead_name(message->not_port);
	/* The notification carried a reference to the dead name. */
	(void)mach_port_deallocate(mach_task_self(), message->not_port);
}

/* 1 if the message was a notification.  The kernel uses a send-once right; clients hold only
 * send rights to objects, so theirs cannot pass for one. */
static int notification(struct worker *worker)
{
	mach_msg_header_t *header = &worker->in->header;

	if (header->msgh_id < MACH_NOTIFY_FIRST || header->msgh_id > MACH_NOTIFY_LAST)
		return 0;
	if (MACH_MSGH_BITS_LOCAL(header->msgh_bits) != MACH_MSG_TYPE_PORT_SEND_ONCE) {
		masix_msg_destroy(header, 0);
		return 1;
	}
	switch (header->msgh_id) {
	case MACH_NOTIFY_NO_SENDERS:
		no_senders(header);
		break;
	case MACH_NOTIFY_DEAD_NAME:
		dead_name(worker, header);
		break;
	default: /* the last send-once right of a cancelled request, and the like */
		masix_msg_destroy(header, 0);
		break;
	}
	return 1;
}

static void begin_reply(struct worker *worker)
{
	static const mach_msg_type_t return_code_type = {
		.msgt_name = MACH_MSG_TYPE_INTEGER_32,
		.msgt_size = 32,
		.msgt_number = 1,
		.msgt_inline = TRUE,
	};
	const mach_msg_header_t *in = &worker->in->header;
	mig_reply_header_t *out = &worker->out->reply;

	out->Head.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(in->msgh_bits), 0);
	out->Head.msgh_size = sizeof *out;
	out->Head.msgh_remote_port = in->msgh_remote_port;
	out->Head.msgh_local_port = MACH_PORT_NULL;
	out->Head.msgh_seqno = 0;
	out->Head.msgh_id = in->msgh_id + 100;
	out->RetCodeType = return_code_type;
	out->RetCode = MIG_BAD_ID;
}

static masix_routine_t find_routine(const struct worker *worker)
{
	const masix_demux_t *demux;
	masix_routine_t routine = NULL;

	for (demux = worker->options.demux; *demux != NULL && routine == NULL; demux++)
		routine = (*demux)(&worker->in->header);
	return routine;
}

/* Handle the request in worker->in; 1 if worker->out is to be sent. */
static int serve(struct worker *worker)
{
	mach_msg_header_t *in = &worker->in->header;
	mig_reply_header_t *out = &worker->out->reply;
	masix_routine_t routine;

	if (notification(worker))
		return 0;
	/* Replies must never block a worker, also those sent later: only a send-once right
	 * promises that, and every MIG client gives one. */
	if (in->msgh_remote_port != MACH_PORT_NULL &&
		MACH_MSGH_BITS_REMOTE(in->msgh_bits) != MACH_MSG_TYPE_PORT_SEND_ONCE) {
		masix_msg_destroy(in, 0);
		return 0;
	}
	begin_reply(worker);
	routine = find_routine(worker);
	worker->stage = SERVING;
	if (routine != NULL)
		routine(in, &out->Head);
	if (out->RetCode == MIG_NO_REPLY)
		return 0;
	/* Success consumed what the request carried; any error left it to us. */
	if (out->RetCode != KERN_SUCCESS) {
		masix_msg_destroy(in, 1);
		out->Head.msgh_bits &= ~MACH_MSGH_BITS_COMPLEX;
		out->Head.msgh_size = sizeof *out;
	}
	if (out->Head.msgh_remote_port == MACH_PORT_NULL) {
		masix_msg_destroy(&out->Head, 0);
		return 0;
	}
	return 1;
}

/* The request has been served; one order of the stores counts. */
static void end_stage(struct worker *worker, int reply)
{
	*(volatile mach_port_t *)&worker->in->header.msgh_local_port = MACH_PORT_NULL;
	worker->stage = reply ? ANSWERING : WAITING;
}

void masix_worker_left(const void *memory, struct masix_left *left)
{
	const struct worker *worker = memory;
	unsigned i;

	*left = (struct masix_left){ .begun = worker->stage == SERVING };
	if (left->begun) {
		left->request = &worker->in->header;
		return;
	}
	for (i = 0; i < 2; i++)
		if (worker->buffers[i].header.msgh_local_port != MACH_PORT_NULL)
			left->request = &worker->buffers[i].header;
	if (worker->stage == ANSWERING && left->request == NULL)
		left->answered = &worker->in->header;
}

/* After these a message that was not sent still holds all that it carried. */
static int gave_back(mach_msg_return_t result)
{
	return result == MACH_SEND_INVALID_DEST || result == MACH_SEND_TIMED_OUT ||
	       result == MACH_SEND_INTERRUPTED;
}

/* What has not been received goes to the other workers. */
static void retire(struct worker *worker, int reply) __attribute__((noreturn));
static void retire(struct worker *worker, int reply)
{
	mach_msg_header_t *out = &worker->out->header;

	if (reply && gave_back(mach_msg(out, MACH_SEND_MSG, out->msgh_size, 0, MACH_PORT_NULL, 0,
			     MACH_PORT_NULL)))
		masix_msg_destroy(out, 0);
	if (worker->options.memory == NULL)
		(void)munmap(worker, sizeof *worker);
	pthread_exit(NULL);
}

static void work(struct worker *worker) __attribute__((noreturn));
static void work(struct worker *worker)
{
	int reply = 0;

	/* Now, not with the first call: leak checks count port names. */
	(void)mig_get_reply_port();
	for (;;) {
		union buffer *buffer = reply ? worker->out : worker->in;
		mach_msg_return_t result;

		/* Without MACH_RCV_LARGE the kernel destroys a message that is too large. */
		result = mach_msg(&buffer->header, MACH_RCV_MSG | (reply ? MACH_SEND_MSG : 0),
			reply ? buffer->header.msgh_size : 0, sizeof *buffer, worker->set->set, 0,
			MACH_PORT_NULL);
		if (result != MACH_MSG_SUCCESS) {
			/* A reply that could not be sent, or a request whose body could not be
			 * delivered whole, still holds rights; other errors leave none. */
			if (gave_back(result) || (result & ~MACH_MSG_MASK) == MACH_RCV_BODY_ERROR)
				masix_msg_destroy(&buffer->header, 0);
			worker->in = buffer;
			worker->out = buffer == &worker->buffers[0] ? &worker->buffers[1]
								    : &worker->buffers[0];
			reply = 0;
			end_stage(worker, reply);
			continue;
		}
		/* The request arrived where the reply had been. */
		worker->out = buffer == worker->in ? worker->out : worker->in;
		worker->in = buffer;
		object_message = &buffer->header;
		if (worker->options.begin != NULL)
			worker->options.begin(&buffer->header);
		reply = serve(worker);
		if (worker->options.finish != NULL &&
			worker->options.finish(reply ? &worker->out->header : NULL))
			reply = 0;
		end_stage(worker, reply);
		object_message = NULL;
		if (worker->options.surplus != NULL && worker->options.surplus())
			retire(worker, reply);
	}
}

static struct worker *make_worker(struct masix_set *set, const struct masix_pool_options *options)
{
	struct worker *worker;

	if (options->memory != NULL)
		worker = options->memory(sizeof *worker);
	else
		worker = mmap(NULL, sizeof *worker, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (worker == NULL || worker == MAP_FAILED)
		return NULL;
	worker->set = set;
	worker->options = *options;
	worker->in = &worker->buffers[0];
	worker->out = &worker->buffers[1];
	return worker;
}

static void *worker_thread(void *argument)
{
	work(argument);
}

static kern_return_t start_worker(struct masix_set *set, const struct masix_pool_options *options)
{
	struct worker *worker = make_worker(set, options);
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	if (worker == NULL)
		return KERN_RESOURCE_SHORTAGE;
	error = pthread_attr_init(&attributes);
	if (error == 0) {
		error = pthread_attr_setstacksize(&attributes, WORKER_STACK);
		if (error == 0)
			error = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
		if (error == 0)
			error = pthread_create(&thread, &attributes, worker_thread, worker);
		(void)pthread_attr_destroy(&attributes);
	}
	if (error != 0) {
		(void)munmap(worker, sizeof *worker);
		return KERN_RESOURCE_SHORTAGE;
	}
	return KERN_SUCCESS;
}

kern_return_t masix_set_start(struct masix_set *set, const struct masix_pool_options *options)
{
	kern_return_t result = KERN_SUCCESS;
	unsigned i;

	for (i = 0; i < options->workers && result == KERN_SUCCESS; i++)
		result = start_worker(set, options);
	return result;
}

void masix_pool_run(const struct masix_pool_options *options)
{
	struct masix_pool_options others = *options;
	struct masix_set *set = set_main();
	struct worker *worker;

	if (set == NULL)
		masix_fatal("%s: no port set", options->name);
	worker = make_worker(set, options);
	if (worker == NULL)
		masix_fatal("%s: no memory for a worker", options->name);
	if (others.workers > 0)
		others.workers--;
	if (masix_set_start(set, &others) != KERN_SUCCESS)
		masix_fatal("%s: cannot start %u workers", options->name, options->workers);
	work(worker);
}

bool masix_worker_met(const void *memory, mach_port_t reply)
{
	const struct worker *worker = memory;

	return worker->buffers[0].header.msgh_remote_port == reply ||
	       worker->buffers[1].header.msgh_remote_port == reply;
}
