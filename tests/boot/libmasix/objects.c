/* The pool serving itself: calls, no-senders, dead names, deferred replies, hostile messages. */
#include "boot.h"

#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <masix/error.h>
#include <masix/object.h>
#include <masix/types.h>

#include "console.h"
#include "console_reply.h"
#include "console_server.h"
#include "io.h"
#include "io_server.h"
#include "mach.h"
#include "mach_port.h"

struct thing {
	struct masix_object object;
	char data[MASIX_INLINE_MAX];
	unsigned size;
};

static atomic_int destroyed, without_senders, dead_names, slow_calls, let_go;
static mach_port_t parked;
static mach_msg_type_name_t parked_type;
static void (*finished)(void);

static void thing_destroy(struct masix_object *object)
{
	atomic_fetch_add(&destroyed, 1);
	free(object);
}

static void thing_no_senders(struct masix_object *object)
{
	(void)object;
	atomic_fetch_add(&without_senders, 1);
}

static const struct masix_class thing_class = {
	.name = "thing",
	.destroy = thing_destroy,
	.no_senders = thing_no_senders,
};

static const struct masix_class reusing_class = {
	.name = "reusing thing",
	.destroy = thing_destroy,
	.no_senders = thing_no_senders,
	.reuses_ports = 1,
};

static void wait_for(atomic_int *counter, int value)
{
	int i;

	for (i = 0; i < 200 && atomic_load(counter) < value; i++)
		usleep(5000);
	CHECK(atomic_load(counter) == value);
}

static struct thing *make_thing(const struct masix_class *class)
{
	struct thing *thing = calloc(1, sizeof *thing);

	CHECK(thing != NULL);
	CHECK(masix_object_init(&thing->object, class) == KERN_SUCCESS);
	return thing;
}

/* The thing that is given out again, with a reference. */
static struct thing *kept;

static void forget_kept(void)
{
	if (kept == NULL)
		return;
	masix_object_let_go(&kept->object);
	masix_object_put(&kept->object);
	kept = NULL;
}

static void find_kept(void)
{
	if (kept != NULL && !masix_object_is_idle(&kept->object))
		forget_kept();
	if (kept == NULL) {
		kept = make_thing(&reusing_class);
		masix_object_keep(&kept->object);
	}
}

/* The console contract serves as the factory: its ports open things; 3: the kept one, 4: nothing, and it goes. */
kern_return_t S_console_open(mach_port_t port, int channel, mach_port_t *object)
{
	struct thing *thing;
	kern_return_t result;

	(void)port;
	*object = MACH_PORT_NULL;
	if (channel == 4) {
		forget_kept();
		return KERN_SUCCESS;
	}
	if (channel == 3) {
		find_kept();
		return masix_object_send_right(&kept->object, object);
	}
	if (channel != 1 && channel != 2)
		return MASIX_E_NO_DEVICE;
	thing = make_thing(channel == 1 ? &thing_class : &reusing_class);
	result = masix_object_send_right(&thing->object, object);
	masix_object_put(&thing->object);
	return result;
}

kern_return_t S_console_window(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, uint32_t serial, uint32_t *current, int *rows, int *columns)
{
	(void)port, (void)token, (void)serial, (void)current, (void)rows, (void)columns;
	parked_type = reply_type;
	parked = reply;
	return MIG_NO_REPLY;
}

kern_return_t S_console_log(mach_port_t port, const masix_name_t text, mach_msg_type_number_t size)
{
	(void)port, (void)text, (void)size;
	if (parked != MACH_PORT_NULL) {
		mach_port_t reply = parked;

		parked = MACH_PORT_NULL;
		CHECK(console_window_reply(reply, parked_type, KERN_SUCCESS, 1, 24, 80) ==
			KERN_SUCCESS);
	}
	return KERN_SUCCESS;
}

kern_return_t S_console_read_log(mach_port_t port, int64_t offset, int64_t *start,
	masix_inline_t data, mach_msg_type_number_t *size)
{
	(void)port;
	memset(data, 'x', MASIX_INLINE_MAX);
	*start = offset;
	*size = MASIX_INLINE_MAX;
	return KERN_SUCCESS;
}

kern_return_t S_io_write(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, const masix_inline_t data,
	mach_msg_type_number_t size, uint32_t *written, int64_t *end)
{
	struct masix_object *object = masix_object_get(io, &thing_class);
	struct thing *thing = (struct thing *)object;

	(void)reply, (void)reply_type, (void)token, (void)flags;
	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	if (size > sizeof thing->data) {
		masix_object_put(object);
		return MASIX_E_TOO_BIG;
	}
	memcpy(thing->data, data, size);
	thing->size = size;
	*written = size;
	*end = offset + size;
	masix_object_put(object);
	return KERN_SUCCESS;
}

kern_return_t S_io_read(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, uint32_t amount, masix_inline_t data,
	mach_msg_type_number_t *size)
{
	struct masix_object *object = masix_object_get(io, &thing_class);
	struct thing *thing = (struct thing *)object;

	(void)reply, (void)reply_type, (void)token, (void)flags, (void)offset;
	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	*size = thing->size < amount ? thing->size : amount;
	memcpy(data, thing->data, *size);
	masix_object_put(object);
	return KERN_SUCCESS;
}

/* Looks for its object late: not before let_go. */
kern_return_t S_io_sync(mach_port_t io)
{
	struct masix_object *object;

	atomic_fetch_add(&slow_calls, 1);
	wait_for(&let_go, 1);
	object = masix_object_get(io, NULL);
	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	masix_object_put(object);
	return KERN_SUCCESS;
}

static void dead_name(mach_port_t name)
{
	(void)name;
	atomic_fetch_add(&dead_names, 1);
}

static mach_msg_type_number_t port_names(void)
{
	mach_port_name_t *names;
	mach_port_type_t *types;
	mach_msg_type_number_t n = 0, m = 0;

	CHECK(mach_port_names(mach_task_self(), &names, &n, &types, &m) == KERN_SUCCESS);
	CHECK(vm_deallocate(mach_task_self(), (vm_address_t)names, n * sizeof *names) == 0);
	CHECK(vm_deallocate(mach_task_self(), (vm_address_t)types, n * sizeof *types) == 0);
	return n;
}

static void use_things(mach_port_t factory, int rounds)
{
	static char data[MASIX_INLINE_MAX], back[MASIX_INLINE_MAX];
	int64_t end;
	uint32_t written;
	int i;

	for (i = 0; i < rounds; i++) {
		mach_port_t thing;
		mach_msg_type_number_t size = sizeof back;

		memset(data, i, sizeof data);
		CHECK(console_open(factory, 1, &thing) == KERN_SUCCESS);
		CHECK(io_write(thing, 0, 0, 0, data, sizeof data, &written, &end) == KERN_SUCCESS);
		CHECK(written == sizeof data && end == sizeof data);
		CHECK(io_read(thing, 0, 0, 0, sizeof back, back, &size) == KERN_SUCCESS);
		CHECK(size == sizeof data && memcmp(data, back, size) == 0);
		CHECK(mach_port_deallocate(mach_task_self(), thing) == KERN_SUCCESS);
	}
	CHECK(console_open(factory, 5, &factory) == MASIX_E_NO_DEVICE);
}

static void test_hostile(mach_port_t factory)
{
	static struct {
		mach_msg_header_t header;
		char bytes[40000];
	} message;
	mach_port_t reply = mach_reply_port();
	int i;

	/* An unknown id, an oversized message, a forged notification, a reply port that is a send right. */
	for (i = 0; i < 4; i++) {
		memset(&message, 0xa5, sizeof message);
		message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
			i == 3 ? MACH_MSG_TYPE_MAKE_SEND : MACH_MSG_TYPE_MAKE_SEND_ONCE);
		message.header.msgh_remote_port = factory;
		message.header.msgh_local_port = reply;
		message.header.msgh_id = i == 2 ? MACH_NOTIFY_NO_SENDERS : 500899 + i;
		message.header.msgh_size = i == 1 ? sizeof message : 64;
		CHECK(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG | MACH_RCV_TIMEOUT,
			      message.header.msgh_size, sizeof message, reply, 100,
			      MACH_PORT_NULL) == (i == 3 ? MACH_RCV_TIMED_OUT : MACH_MSG_SUCCESS));
		if (i == 0)
			CHECK(((mig_reply_header_t *)&message)->RetCode == MIG_BAD_ID);
		if (i == 1 || i == 2)
			CHECK(message.header.msgh_id == MACH_NOTIFY_SEND_ONCE);
	}
	CHECK(mach_port_mod_refs(mach_task_self(), reply, MACH_PORT_RIGHT_RECEIVE, -1) ==
		KERN_SUCCESS);
}

static void *window_client(void *factory)
{
	uint32_t current = 0;
	int rows, columns;

	CHECK(console_window((mach_port_t)factory, 1, 0, &current, &rows, &columns) ==
		KERN_SUCCESS);
	CHECK(current == 1 && rows == 24 && columns == 80);
	return NULL;
}

static void test_deferred(mach_port_t factory)
{
	static const masix_name_t text = "go";
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, window_client, (void *)factory) == 0);
	usleep(30000);
	CHECK(console_log(factory, text, 2) == KERN_SUCCESS);
	CHECK(pthread_join(thread, NULL) == 0);
}

static void test_dead_name(void)
{
	mach_port_t port = mach_reply_port();

	CHECK(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS);
	CHECK(masix_watch_dead(port) == KERN_SUCCESS);
	CHECK(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1) ==
		KERN_SUCCESS);
	CHECK(mach_port_deallocate(mach_task_self(), port) == KERN_SUCCESS);
}

static void *late_client(void *thing)
{
	/* The port is another object's by the time the request is served. */
	CHECK(io_sync((mach_port_t)thing) == KERN_INVALID_ARGUMENT);
	return NULL;
}

/* The port of an object whose senders are gone serves the next one, which sees nothing of the
 * requests to the first. */
static void test_reuse(mach_port_t factory)
{
	int died = atomic_load(&destroyed);
	mach_port_t first, second;
	pthread_t thread;

	CHECK(console_open(factory, 2, &first) == KERN_SUCCESS);
	CHECK(pthread_create(&thread, NULL, late_client, (void *)first) == 0);
	wait_for(&slow_calls, 1);
	CHECK(mach_port_deallocate(mach_task_self(), first) == KERN_SUCCESS);
	wait_for(&destroyed, died + 1);

	CHECK(console_open(factory, 2, &second) == KERN_SUCCESS);
	CHECK(second == first);
	atomic_store(&let_go, 1);
	CHECK(pthread_join(thread, NULL) == 0);
	/* One that is sent now is the new object's. */
	CHECK(io_sync(second) == KERN_SUCCESS);
	CHECK(mach_port_deallocate(mach_task_self(), second) == KERN_SUCCESS);
	wait_for(&destroyed, died + 2);
	atomic_store(&let_go, 0);
	atomic_store(&slow_calls, 0);
}

/* A kept object is given out again when nobody has it, and sees nothing of the requests of those who had it. */
static void test_kept(mach_port_t factory)
{
	int died = atomic_load(&destroyed);
	mach_port_t first, second, third, none;
	pthread_t thread;

	CHECK(console_open(factory, 3, &first) == KERN_SUCCESS);
	CHECK(console_open(factory, 3, &second) == KERN_SUCCESS);
	CHECK(second != first && atomic_load(&destroyed) == died);
	CHECK(mach_port_deallocate(mach_task_self(), first) == KERN_SUCCESS);
	wait_for(&destroyed, died + 1);

	CHECK(pthread_create(&thread, NULL, late_client, (void *)second) == 0);
	wait_for(&slow_calls, 1);
	CHECK(mach_port_deallocate(mach_task_self(), second) == KERN_SUCCESS);
	CHECK(console_open(factory, 3, &third) == KERN_SUCCESS);
	CHECK(third == second && atomic_load(&destroyed) == died + 1);
	atomic_store(&let_go, 1);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(io_sync(third) == KERN_SUCCESS);
	CHECK(mach_port_deallocate(mach_task_self(), third) == KERN_SUCCESS);
	CHECK(console_open(factory, 4, &none) == KERN_SUCCESS);
	CHECK(atomic_load(&destroyed) == died + 2);
	atomic_store(&let_go, 0);
	atomic_store(&slow_calls, 0);
}

static void time_calls(mach_port_t factory)
{
	uint64_t before = masix_monotonic_ns();
	mach_port_t none;
	int i;

	for (i = 0; i < 5000; i++)
		(void)console_open(factory, 5, &none);
	masix_log("a call through the pool: %llu ns", (masix_monotonic_ns() - before) / 5000);
}

/* Everything once; run twice, the second time must not leave a name behind. */
static void use_pool(mach_port_t factory, int rounds)
{
	int made = atomic_load(&destroyed) + rounds + 4, died = atomic_load(&dead_names) + 1;

	test_reuse(factory);
	test_kept(factory);
	use_things(factory, rounds);
	wait_for(&destroyed, made);
	CHECK(atomic_load(&without_senders) == made);
	test_hostile(factory);
	test_deferred(factory);
	test_dead_name();
	wait_for(&dead_names, died);
	usleep(50000);
}

static void *client(void *argument)
{
	struct thing *root = argument;
	mach_msg_type_number_t before;
	mach_port_t factory;

	CHECK(masix_object_send_right(&root->object, &factory) == KERN_SUCCESS);
	use_pool(factory, 50);
	before = port_names();
	use_pool(factory, 300);
	masix_log("port names: %u before, %u after", before, port_names());
	CHECK(port_names() == before);
	time_calls(factory);

	masix_object_kill(&root->object);
	CHECK(console_open(factory, 1, &factory) == MACH_SEND_INVALID_DEST);
	CHECK(mach_port_deallocate(mach_task_self(), factory) == KERN_SUCCESS);
	CHECK(atomic_load(&destroyed) == 358);
	masix_object_put(&root->object);
	CHECK(atomic_load(&destroyed) == 359);
	masix_log("objects done");
	finished();
	return NULL;
}

void test_objects(void (*done)(void))
{
	static const masix_demux_t demux[] = { console_server_routine, io_server_routine, NULL };
	static const struct masix_pool_options options = {
		.demux = demux,
		.workers = 4,
		.name = "test",
		.dead_name = dead_name,
	};
	pthread_t thread;

	finished = done;
	CHECK(pthread_create(&thread, NULL, client, make_thing(&thing_class)) == 0);
	masix_pool_run(&options);
}
