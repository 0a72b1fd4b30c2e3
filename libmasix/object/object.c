/* Objects, their ports and references. */
#include <masix/object.h>

#include <mach/notify.h>
#include <pthread.h>
#include <stddef.h>

#include <masix/error.h>

#include "mach_port.h"
#include "object/set.h"
#include "object/table.h"

static struct table table; /* table_lock */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

static void destroy_receive_right(mach_port_t port)
{
	(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
}

kern_return_t masix_object_init_in(
	struct masix_object *object, const struct masix_class *class, struct masix_set *set)
{
	mach_port_t port;
	kern_return_t result;

	result = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);
	if (result != KERN_SUCCESS)
		return result;
	object->class = class;
	object->port = port;
	object->next = NULL;
	object->made = 0;
	atomic_store(&object->references, 2);

	pthread_mutex_lock(&table_lock);
	table_add(&table, object);
	pthread_mutex_unlock(&table_lock);

	/* Last: from here on messages can arrive. */
	result = mach_port_move_member(mach_task_self(), port, set->set);
	if (result != KERN_SUCCESS) {
		pthread_mutex_lock(&table_lock);
		(void)table_remove(&table, object);
		pthread_mutex_unlock(&table_lock);
		destroy_receive_right(port);
		object->port = MACH_PORT_NULL;
		atomic_store(&object->references, 1);
	}
	return result;
}

kern_return_t masix_object_init(struct masix_object *object, const struct masix_class *class)
{
	struct masix_set *set = set_main();

	if (set == NULL)
		return KERN_RESOURCE_SHORTAGE;
	return masix_object_init_in(object, class, set);
}

struct masix_object *masix_object_get(mach_port_t port, const struct masix_class *class)
{
	struct masix_object *object;

	pthread_mutex_lock(&table_lock);
	object = table_find(&table, port);
	if (object != NULL && class != NULL && object->class != class)
		object = NULL;
	if (object != NULL)
		masix_object_ref(object);
	pthread_mutex_unlock(&table_lock);
	return object;
}

void masix_object_ref(struct masix_object *object)
{
	atomic_fetch_add(&object->references, 1);
}

void masix_object_put(struct masix_object *object)
{
	if (atomic_fetch_sub(&object->references, 1) == 1)
		object->class->destroy(object);
}

void masix_object_kill(struct masix_object *object)
{
	mach_port_t port;
	int present;

	pthread_mutex_lock(&table_lock);
	port = object->port;
	present = port != MACH_PORT_NULL && table_remove(&table, object);
	if (present)
		object->port = MACH_PORT_NULL;
	pthread_mutex_unlock(&table_lock);
	if (present) {
		destroy_receive_right(port);
		masix_object_put(object);
	}
}

/* Have the kernel tell `port` itself when no send right is left and at least `count` were made. */
static kern_return_t arm_no_senders(mach_port_t port, unsigned count)
{
	mach_port_t previous = MACH_PORT_NULL;
	kern_return_t result;

	result = mach_port_request_notification(mach_task_self(), port, MACH_NOTIFY_NO_SENDERS,
		count, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);
	if (result == KERN_SUCCESS && MACH_PORT_VALID(previous))
		(void)mach_port_deallocate(mach_task_self(), previous);
	return result;
}

kern_return_t masix_object_send_right(struct masix_object *object, mach_port_t *right)
{
	mach_port_t port;
	unsigned made;
	kern_return_t result;

	/* Counted before it is made: object_no_senders then knows that one is on its way. */
	pthread_mutex_lock(&table_lock);
	port = object->port;
	made = ++object->made;
	pthread_mutex_unlock(&table_lock);
	if (port == MACH_PORT_NULL)
		return MASIX_E_DEAD;
	result = mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
	if (result == KERN_SUCCESS && made == 1) {
		result = arm_no_senders(port, 1);
		if (result != KERN_SUCCESS)
			(void)mach_port_deallocate(mach_task_self(), port);
	}
	if (result == KERN_SUCCESS) {
		*right = port;
	} else {
		/* Else the table would wait for ever for a right that was never made. */
		pthread_mutex_lock(&table_lock);
		object->made--;
		pthread_mutex_unlock(&table_lock);
	}
	return result;
}

void object_no_senders(mach_port_t port, unsigned count)
{
	struct masix_object *object;
	mach_port_status_t status;
	unsigned made;
	int dead = 0;

	/* A notification is a hint. */
	if (mach_port_get_receive_status(mach_task_self(), port, &status) != KERN_SUCCESS)
		return;
	pthread_mutex_lock(&table_lock);
	object = table_find(&table, port);
	if (object != NULL) {
		made = object->made;
		/* More were made, or are just being made, than the kernel had seen then. */
		dead = !status.mps_srights && (int)(made - count) <= 0 &&
		       status.mps_mscount == count;
		if (dead) {
			(void)table_remove(&table, object);
			object->port = MACH_PORT_NULL;
		}
	}
	pthread_mutex_unlock(&table_lock);
	if (object == NULL)
		return;
	if (!dead) {
		if ((int)(status.mps_mscount - made) > 0)
			made = status.mps_mscount;
		(void)arm_no_senders(port, made);
		return;
	}
	if (object->class->no_senders != NULL)
		object->class->no_senders(object);
	destroy_receive_right(port);
	masix_object_put(object);
}
