/* The keeper: a server that can die at any instruction, and whose clients do not notice.  What has to outlive it is in
 * its kept pages: the numbers, and the names of the ports behind which they are. */
#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/estate.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "keeper_reply.h"
#include "keeper_server.h"
#include "mach_port.h"

#define COUNTERS 256
#define KEPT_SIZE 8192u
#define KEPT_MAGIC 0x6b656570

enum keeper_end {
	KEEPER_STUCK_HEIR = -1,
	KEEPER_NULL_WRITE,
	KEEPER_ABORT,
	KEEPER_EXIT,
	KEEPER_HEIR_TOO
};

struct kept {
	uint32_t magic; /* last of all: the rest is in order */
	mach_port_t port;
	struct {
		mach_port_t port; /* null: free */
		int total;
	} counters[COUNTERS];
	/* Exactly once: a number that was changed for an answer that has not been sent is changed back, since the caller
	 * will ask again. */
	struct {
		mach_port_t reply; /* null: nothing to undo */
		unsigned at;
		int before;
	} undo;
	uint32_t doomed; /* as many of its heirs die before they are ready */
	uint32_t stuck;	 /* the next heir never gets ready */
	int outlived;	 /* deaths so far, by keeper_outlive */
};

struct counter {
	struct masix_object object; /* first */
	unsigned at;		    /* in kept->counters */
};

_Static_assert(sizeof(struct kept) <= KEPT_SIZE, "it fits");

static struct kept *const kept = (struct kept *)MASIX_KEEP_BASE;
static struct masix_object keeper;

static void counter_destroy(struct masix_object *object)
{
	free(object);
}

static void counter_unused(struct masix_object *object)
{
	struct counter *counter = (struct counter *)object;

	kept->counters[counter->at].total = 0;
	kept->counters[counter->at].port = MACH_PORT_NULL;
}

static const struct masix_class keeper_class = { .name = "keeper" };
static const struct masix_class counter_class = {
	.name = "counter",
	.destroy = counter_destroy,
	.no_senders = counter_unused,
};

static struct counter *new_counter(unsigned at)
{
	struct counter *counter = calloc(1, sizeof *counter);

	if (counter != NULL)
		counter->at = at;
	return counter;
}

kern_return_t S_keeper_open(mach_port_t port, mach_port_t *right)
{
	struct counter *counter;
	unsigned at;
	kern_return_t kr;

	if (port != keeper.port)
		return KERN_INVALID_ARGUMENT;
	counter = new_counter(0);
	if (counter == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kr = masix_object_init(&counter->object, &counter_class);
	if (kr != KERN_SUCCESS) {
		free(counter);
		return kr;
	}
	for (at = 0; at < COUNTERS && kept->counters[at].port != MACH_PORT_NULL; at++)
		;
	counter->at = at;
	if (at < COUNTERS)
		kept->counters[at].port = counter->object.port;
	kr = at < COUNTERS ? masix_object_send_right(&counter->object, right) : MASIX_E_LIMIT;
	if (kr != KERN_SUCCESS) {
		if (at < COUNTERS)
			counter_unused(&counter->object);
		masix_object_kill(&counter->object);
	}
	masix_object_put(&counter->object);
	return kr;
}

kern_return_t S_keeper_add(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	int amount, int *total)
{
	struct masix_object *object = masix_object_get(port, &counter_class);
	unsigned at;

	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	at = ((struct counter *)object)->at;
	masix_object_put(object);
	kept->undo.at = at;
	kept->undo.before = kept->counters[at].total;
	atomic_signal_fence(memory_order_seq_cst);
	kept->undo.reply = reply;
	atomic_signal_fence(memory_order_seq_cst);
	*total = kept->counters[at].total += amount;
	atomic_signal_fence(memory_order_seq_cst);
	/* There is one worker: nobody else can receive a right by this name before it is forgotten. */
	if (keeper_add_reply(reply, reply_type, KERN_SUCCESS, *total) != KERN_SUCCESS)
		(void)mach_port_deallocate(mach_task_self(), reply);
	kept->undo.reply = MACH_PORT_NULL;
	return MIG_NO_REPLY;
}

kern_return_t S_keeper_count(mach_port_t port, int *count)
{
	unsigned at;

	(void)port;
	*count = 0;
	for (at = 0; at < COUNTERS; at++)
		*count += kept->counters[at].port != MACH_PORT_NULL;
	return KERN_SUCCESS;
}

kern_return_t S_keeper_outlive(mach_port_t port, int deaths, int crash)
{
	(void)port;
	if (kept->outlived == deaths) {
		kept->outlived = 0;
		return KERN_SUCCESS;
	}
	kept->outlived++;
	if (crash)
		__builtin_trap();
	for (;;)
		(void)sleep(1000);
}

kern_return_t S_keeper_end(mach_port_t port, int how)
{
	(void)port;
	switch (how) {
	case KEEPER_NULL_WRITE:
		__asm__ volatile("movl $1, 4"); /* nothing is mapped there */
		break;
	case KEEPER_ABORT:
		abort();
	case KEEPER_EXIT:
		exit(0);
	case KEEPER_STUCK_HEIR:
		kept->stuck = 1;
		__builtin_trap();
	default:
		kept->doomed = how - KEEPER_HEIR_TOO + 1;
		__builtin_trap();
	}
	return KERN_FAILURE;
}

/* One of the counters that were inherited. */
static kern_return_t adopt(struct masix_estate *estate, unsigned at)
{
	const mach_port_t port = kept->counters[at].port;
	struct counter *counter;
	kern_return_t kr;

	if (!masix_estate_take(estate, port, MACH_PORT_TYPE_RECEIVE)) {
		kept->counters[at].port = MACH_PORT_NULL;
		return KERN_SUCCESS;
	}
	counter = new_counter(at);
	if (counter == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kr = masix_object_adopt(&counter->object, &counter_class, port);
	masix_object_put(&counter->object);
	return kr;
}

static kern_return_t go_on(struct masix_estate *estate)
{
	kern_return_t kr = MASIX_E_NOT_FOUND;
	unsigned at;

	/* The right itself goes with what nobody takes: that tells the caller. */
	if (masix_estate_has(estate, kept->undo.reply, MACH_PORT_TYPE_SEND_ONCE))
		kept->counters[kept->undo.at].total = kept->undo.before;
	kept->undo.reply = MACH_PORT_NULL;
	if (masix_estate_take(estate, kept->port, MACH_PORT_TYPE_RECEIVE))
		kr = masix_object_adopt(&keeper, &keeper_class, kept->port);
	for (at = 0; at < COUNTERS && kr == KERN_SUCCESS; at++)
		if (kept->counters[at].port != MACH_PORT_NULL)
			kr = adopt(estate, at);
	if (kr == KERN_SUCCESS && kept->stuck) {
		kept->stuck = 0;
		for (;;)
			(void)sleep(1000);
	}
	if (kr == KERN_SUCCESS && kept->doomed > 0) {
		kept->doomed--;
		__builtin_trap();
	}
	return kr;
}

static kern_return_t begin(void)
{
	kern_return_t kr = masix_object_init(&keeper, &keeper_class);

	kept->port = keeper.port;
	kept->magic = KEPT_MAGIC;
	return kr;
}

static masix_routine_t demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)keeper_server_routine(in);
}

int main(void)
{
	static const uint32_t interfaces[] = { 603000 };
	static const masix_demux_t demuxers[] = { demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 1, /* and so no lock */
		.name = "keeper",
	};
	struct masix_estate *estate = NULL;
	bool again;
	kern_return_t kr = masix_keep(MASIX_KEEP_BASE, KEPT_SIZE, &again);

	if (kr == KERN_SUCCESS && again && kept->magic == KEPT_MAGIC) {
		kr = masix_inherit(&estate);
		if (kr == KERN_SUCCESS)
			kr = go_on(estate);
	} else if (kr == KERN_SUCCESS) {
		kr = begin();
	}
	if (kr == KERN_SUCCESS)
		kr = masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, keeper.port);
	masix_estate_end(estate);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot begin: %s", masix_strerror(kr));
	masix_pool_run(&options);
}
