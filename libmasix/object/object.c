/* Objects, their ports and references. */
#include <masix/object.h>

#include <mach/notify.h>
#include <pthread.h>
#include <stddef.h>

#include <masix/error.h>

#include "mach/traps.h"
#include "mach_port.h"
#include "object/set.h"
#include "object/table.h"

#define SPARES 64

/* A port that has no senders and waits in the main set for an object. */
struct spare {
	mach_port_t port;
	unsigned made;		 /* masix_object.made goes on counting */
	mach_port_seqno_t first; /* messages before this one were for its last object */
};

static struct table table;	    /* table_lock */
static struct spare spares[SPARES]; /* table_lock */
static unsigned spare_count;	    /* table_lock */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

_Thread_local const mach_msg_header_t *object_message;

static void destroy_receive_right(mach_port_t port)
{
	(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
}

/* Give the object a spare port if there is one: nobody has a right to it yet, so no message comes
 * before masix_object_send_right. */
static int take_spare(struct masix_object *object)
{
	const struct spare *spare;

	pthread_mutex_lock(&table_lock);
	spare = spare_count > 0 ? &spares[--spare_count] : NULL;
	if (spare != NULL) {
		object->port = spare->port;
		object->made = spare->made;
		object->first = spare->first;
		table_add(&table, object);
	}
	pthread_mutex_unlock(&table_lock);
	return spare != NULL;
}

/* The port has no senders and no object any more, and message `first` will be the first one after all those of its
 * senders. */
static void keep_spare(mach_port_t port, unsigned made, mach_port_seqno_t first)
{
	int kept;

	pthread_mutex_lock(&table_lock);
	kept = spare_count < SPARES;
	if (kept)
		spares[spare_count++] = (struct spare){ port, made, first };
	pthread_mutex_unlock(&table_lock);
	if (!kept)
		destroy_receive_right(port);
}

static void begin(struct masix_object *object, const struct masix_class *class)
{
	object->class = class;
	object->next = NULL;
	object->made = 0;
	object->adopted = 0;
	object->armed = 0;
	object->first = 0;
	atomic_store(&object->references, 2);
}

/* Put the object and its receive right `port` into the table and the set; on failure the right is still there. */
static kern_return_t enter(struct masix_object *object, struct masix_set *set, mach_port_t port)
{
	kern_return_t result;

	object->port = port;
	pthread_mutex_lock(&table_lock);
	table_add(&table, object);
	pthread_mutex_unlock(&table_lock);

	/* Last: from here on messages can arrive. */
	result = mach_port_move_member(mach_task_self(), port, set->set);
	if (result != KERN_SUCCESS) {
		pthread_mutex_lock(&table_lock);
		(void)table_remove(&table, object);
		pthread_mutex_unlock(&table_lock);
		object->port = MACH_PORT_NULL;
		atomic_store(&object->references, 1);
	}
	return result;
}

kern_return_t masix_object_init_in(
	struct masix_object *object, const struct masix_class *class, struct masix_set *set)
{
	mach_port_t port;
	kern_return_t result;

	begin(object, class);
	if (class->reuses_ports && set == set_main() && take_spare(object))
		return KERN_SUCCESS;

	result = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);
	if (result != KERN_SUCCESS) {
		atomic_store(&object->references, 1);
		return result;
	}
	result = enter(object, set, port);
	if (result != KERN_SUCCESS)
		destroy_receive_right(port);
	return result;
}

kern_return_t masix_object_init(struct masix_object *object, const struct masix_class *class)
{
	struct masix_set *set = set_main();

	if (set == NULL)
		return KERN_RESOURCE_SHORTAGE;
	return masix_object_init_in(object, class, set);
}

/* Is the message being served one that was sent to an earlier object of this port?  A thread may be
 * slow to look at it; the notification that the senders are gone came later, and was served first. */
static int is_late(const struct masix_object *object)
{
	const mach_msg_header_t *message = object_message;

	return message != NULL && message->msgh_local_port == object->port &&
	       (int)(message->msgh_seqno - object->first) < 0;
}

struct masix_object *masix_object_get(mach_port_t port, const struct masix_class *class)
{
	struct masix_object *object;

	pthread_mutex_lock(&table_lock);
	object = table_find(&table, port);
	if (object != NULL && ((class != NULL && object->class != class) || is_late(object)))
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
	int arm;
	kern_return_t result;

	/* Counted before it is made: object_no_senders then knows that one is on its way. */
	pthread_mutex_lock(&table_lock);
	port = object->port;
	made = ++object->made;
	arm = !object->armed;
	object->armed = 1;
	pthread_mutex_unlock(&table_lock);
	if (port == MACH_PORT_NULL)
		return MASIX_E_DEAD;
	result = trap_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
	if (result == KERN_SUCCESS && arm) {
		result = arm_no_senders(port, made);
		if (result != KERN_SUCCESS)
			(void)mach_port_deallocate(mach_task_self(), port);
	}
	if (result == KERN_SUCCESS) {
		*right = port;
	} else {
		/* Else the table would wait for ever for a right that was never made. */
		pthread_mutex_lock(&table_lock);
		object->made--;
		if (arm)
			object->armed = 0;
		pthread_mutex_unlock(&table_lock);
	}
	return result;
}

kern_return_t masix_object_adopt_in(struct masix_object *object, const struct masix_class *class,
	struct masix_set *set, mach_port_t port)
{
	kern_return_t result;

	begin(object, class);
	/* The kernel counts the rights made from 0 again for each receiver. */
	object->adopted = 1;
	object->armed = 1;
	result = arm_no_senders(port, 0);
	if (result == KERN_SUCCESS)
		result = enter(object, set, port);
	if (result != KERN_SUCCESS)
		atomic_store(&object->references, 1);
	return result;
}

kern_return_t masix_object_adopt_unused(
	struct masix_object *object, const struct masix_class *class, mach_port_t port)
{
	struct masix_set *set = set_main();
	kern_return_t result;

	if (set == NULL)
		return KERN_RESOURCE_SHORTAGE;
	begin(object, class);
	object->adopted = 1;
	result = enter(object, set, port);
	if (result != KERN_SUCCESS)
		atomic_store(&object->references, 1);
	return result;
}

kern_return_t masix_object_adopt(
	struct masix_object *object, const struct masix_class *class, mach_port_t port)
{
	struct masix_set *set = set_main();

	if (set == NULL)
		return KERN_RESOURCE_SHORTAGE;
	return masix_object_adopt_in(object, class, set, port);
}

/* What is known of a port whose last sender went: rights made so far, as the kernel counts them. */
static kern_return_t count_made(const struct masix_object *object, mach_port_t port, unsigned count,
	unsigned *made, int *senders)
{
	mach_port_status_t status;
	kern_return_t result;

	/* Made by masix_object_send_right, which counts before.  Of a port that was inherited, an old notification may
	 * still be on its way, with a count that began elsewhere. */
	*made = count;
	*senders = 0;
	if (object->class->reuses_ports && !object->adopted)
		return KERN_SUCCESS;
	/* A notification is a hint. */
	result = mach_port_get_receive_status(mach_task_self(), port, &status);
	if (result == KERN_SUCCESS) {
		*made = status.mps_mscount;
		*senders = status.mps_srights;
	}
	return result;
}

void object_no_senders(mach_port_t port, unsigned count)
{
	struct masix_object *object = masix_object_get(port, NULL);
	unsigned made, kernel_made;
	int senders, dead;

	if (object == NULL)
		return;
	if (count_made(object, port, count, &kernel_made, &senders) != KERN_SUCCESS)
		goto out;
	pthread_mutex_lock(&table_lock);
	made = object->made;
	/* More were made, or are just being made, than the kernel had seen then. */
	dead = object->port == port && !senders && (int)(made - count) <= 0 && kernel_made == count;
	if (dead) {
		(void)table_remove(&table, object);
		object->port = MACH_PORT_NULL;
	}
	pthread_mutex_unlock(&table_lock);
	if (!dead) {
		if ((int)(kernel_made - made) > 0)
			made = kernel_made;
		(void)arm_no_senders(port, made);
		goto out;
	}
	if (object->class->no_senders != NULL)
		object->class->no_senders(object);
	if (object->class->reuses_ports)
		/* The notification that is being served is the last message. */
		keep_spare(port, count, object_message->msgh_seqno + 1);
	else
		destroy_receive_right(port);
	masix_object_put(object);
out:
	masix_object_put(object);
}

/* --- objects that are given out again --- */

void masix_object_keep(struct masix_object *object)
{
	pthread_mutex_lock(&table_lock);
	object->armed = 1;
	pthread_mutex_unlock(&table_lock);
}

bool masix_object_is_idle(struct masix_object *object)
{
	mach_port_status_t status;

	if (mach_port_get_receive_status(mach_task_self(), object->port, &status) != KERN_SUCCESS ||
		status.mps_srights || status.mps_msgcount != 0)
		return false;
	/* A worker may have received a message and not have looked for the object yet. */
	pthread_mutex_lock(&table_lock);
	object->first = status.mps_seqno;
	pthread_mutex_unlock(&table_lock);
	return atomic_load(&object->references) == 2;
}

/* An idle one ends: nobody can notice. */
static void retire(struct masix_object *object)
{
	const mach_port_t port = object->port;

	pthread_mutex_lock(&table_lock);
	(void)table_remove(&table, object);
	object->port = MACH_PORT_NULL;
	pthread_mutex_unlock(&table_lock);
	if (object->class->no_senders != NULL)
		object->class->no_senders(object);
	if (object->class->reuses_ports)
		keep_spare(port, object->made, object->first);
	else
		destroy_receive_right(port);
	masix_object_put(object);
}

void masix_object_let_go(struct masix_object *object)
{
	if (masix_object_is_idle(object))
		retire(object);
	else
		(void)arm_no_senders(object->port, object->made);
}
