#include "pager.h"

#include <mach/memory_object.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdlib.h>

#include "mach.h"
#include "mach_port.h"
#include "memory_object_server.h"
#include "window.h"
#include "wire.h"

/* Each set has one thread, so that the messages of one object are taken in order: a page that
 * the kernel returned is on the disk before it is asked for again. */
#define SETS 3
#define READ_AHEAD 16u		/* pages */
#define CHUNK (1u << 20)	/* bytes cleaned at once: the kernel copies what it returns */
#define PAGERS_MAX 256u		/* more are retired when idle */

static struct {
	struct masix_set *sets[SETS];
	pthread_mutex_t lock;		/* after a volume's lock; nothing is done under it */
	struct pager *oldest, *newest;
	unsigned count;
} pagers = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void list_remove(struct pager *pager)
{
	*(pager->older ? &pager->older->newer : &pagers.oldest) = pager->newer;
	*(pager->newer ? &pager->newer->older : &pagers.newest) = pager->older;
	pagers.count--;
}

static void list_add(struct pager *pager)
{
	pager->older = pagers.newest;
	pager->newer = NULL;
	*(pagers.newest ? &pagers.newest->newer : &pagers.oldest) = pager;
	pagers.newest = pager;
	pagers.count++;
}

static void destroy(struct masix_object *object)
{
	struct pager *pager = (struct pager *)object;

	pthread_mutex_lock(&pagers.lock);
	list_remove(pager);
	pthread_mutex_unlock(&pagers.lock);
	node_release(pager->node);
	free(pager);
}

/* No one maps it any more, and the kernel's terminate message has been handled. */
static void no_senders(struct masix_object *object)
{
	struct pager *pager = (struct pager *)object;

	volume_lock(pager->node->volume);
	if (pager->node->pager == pager) {
		pager->node->pager = NULL;
		pager->node->given = false;
		pager->node->shared = false;
	}
	volume_unlock(pager->node->volume);
}

static const struct masix_class pager_class = {
	.name = "memory object",
	.destroy = destroy,
	.no_senders = no_senders,
};

static struct pager *pager_of(mach_port_t port)
{
	return (struct pager *)masix_object_get(port, &pager_class);
}

void pager_put(struct pager *pager)
{
	masix_object_put(&pager->object);
}

/* --- the kernel's requests --- */

static void drop(mach_port_t right)
{
	if (MACH_PORT_VALID(right))
		(void)mach_port_deallocate(mach_task_self(), right);
}

kern_return_t memory_object_init(mach_port_t port, mach_port_t control, mach_port_t name,
	vm_size_t page_size)
{
	struct pager *pager = pager_of(port);
	boolean_t keep;
	mach_port_t old;

	(void)page_size;
	if (!pager)
		return KERN_INVALID_ARGUMENT;
	volume_lock(pager->node->volume);
	old = pager->control;
	pager->control = control;
	pager->node->orphan = false;
	/* The kernel keeps the pages of files that may be used again. */
	keep = !pager->node->volume->ops->direct && pager->node->stat.nlink > 0;
	volume_unlock(pager->node->volume);
	drop(old);
	drop(name);
	if (memory_object_ready(control, keep, MEMORY_OBJECT_COPY_DELAY) != KERN_SUCCESS)
		masix_log("%s: the kernel refused a memory object", pager->node->volume->name);
	pager_put(pager);
	return KERN_SUCCESS;
}

/* `control` and `name` are receive rights: the kernel gives up its side. */
kern_return_t memory_object_terminate(mach_port_t port, mach_port_t control, mach_port_t name)
{
	struct pager *pager = pager_of(port);
	mach_port_t old = MACH_PORT_NULL;

	if (pager) {
		volume_lock(pager->node->volume);
		old = pager->control;
		pager->control = MACH_PORT_NULL;
		/* Lock requests that met the object's end are never completed. */
		pager->pending = 0;
		pthread_cond_broadcast(&pager->node->volume->changed);
		volume_unlock(pager->node->volume);
	}
	/* The names stay dead while another thread is about to use them. */
	(void)mach_port_mod_refs(mach_task_self(), control, MACH_PORT_RIGHT_RECEIVE, -1);
	(void)mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_RECEIVE, -1);
	drop(old);
	if (pager)
		pager_put(pager);
	return KERN_SUCCESS;
}

static void supply(struct pager *pager, mach_port_t control, vm_offset_t offset, void *data,
	unsigned pages)
{
	struct volume *volume = pager->node->volume;
	boolean_t give = !volume->ops->direct;
	kern_return_t result;

	result = memory_object_data_supply(control, offset, (vm_offset_t)data,
		pages * PAGE_SIZE_, give, VM_PROT_NONE, FALSE, MACH_PORT_NULL);
	if (!give || result != KERN_SUCCESS)
		volume->release(volume, data, pages * PAGE_SIZE_);
}

kern_return_t memory_object_data_request(mach_port_t port, mach_port_t control, vm_offset_t offset,
	vm_size_t length, vm_prot_t access)
{
	struct pager *pager = pager_of(port);
	unsigned pages = READ_AHEAD;
	void *data;
	int error;

	(void)access;
	wire_thread();
	if (!pager)
		return KERN_INVALID_ARGUMENT;
	error = pager->node->volume->ops->page_in(pager->node, (uint32_t)(offset / PAGE_SIZE_),
		&pages, &data);
	/* The results of these tell of an object that is gone, and nobody waits then. */
	if (error)
		(void)memory_object_data_error(control, offset, length, error);
	else if (data)
		supply(pager, control, offset, data, pages);
	else
		(void)memory_object_data_unavailable(control, offset, length);
	drop(control);
	pager_put(pager);
	return KERN_SUCCESS;
}

kern_return_t memory_object_data_return(mach_port_t port, mach_port_t control, vm_offset_t offset,
	vm_offset_t data, mach_msg_type_number_t size, boolean_t dirty, boolean_t kernel_copy)
{
	struct pager *pager = pager_of(port);
	int error = 0;

	(void)kernel_copy;
	wire_thread();
	if (!pager)
		return KERN_INVALID_ARGUMENT;
	if (dirty)
		error = pager->node->volume->ops->page_out(pager->node,
			(uint32_t)(offset / PAGE_SIZE_), size / PAGE_SIZE_, (void *)data);
	if (error)
		masix_log("%s: inode %llu: pages at %u were lost: %s", pager->node->volume->name,
			(unsigned long long)pager->node->stat.ino, (unsigned)offset,
			masix_strerror(error));
	(void)vm_deallocate(mach_task_self(), data, size);
	drop(control);
	pager_put(pager);
	return KERN_SUCCESS;
}

kern_return_t memory_object_lock_completed(mach_port_t port, mach_port_t control,
	vm_offset_t offset, vm_size_t length)
{
	struct pager *pager = pager_of(port);

	(void)offset;
	(void)length;
	if (!pager)
		return KERN_INVALID_ARGUMENT;
	volume_lock(pager->node->volume);
	if (pager->pending > 0)
		pager->pending--;
	pthread_cond_broadcast(&pager->node->volume->changed);
	volume_unlock(pager->node->volume);
	drop(control);
	pager_put(pager);
	return KERN_SUCCESS;
}

/* Pages are never locked, so the kernel has no reason to ask; let it go on. */
kern_return_t memory_object_data_unlock(mach_port_t port, mach_port_t control, vm_offset_t offset,
	vm_size_t length, vm_prot_t access)
{
	(void)port;
	(void)access;
	(void)memory_object_lock_request(control, offset, length, MEMORY_OBJECT_RETURN_NONE, FALSE,
		VM_PROT_NONE, MACH_PORT_NULL);
	drop(control);
	return KERN_SUCCESS;
}

/* Not sent with MEMORY_OBJECT_COPY_DELAY. */
kern_return_t memory_object_copy(mach_port_t port, mach_port_t control, vm_offset_t offset,
	vm_size_t length, mach_port_t copy)
{
	(void)port;
	(void)control;
	(void)offset;
	(void)length;
	(void)copy;
	return KERN_INVALID_ARGUMENT;
}

/* Not asked for. */
kern_return_t memory_object_supply_completed(mach_port_t port, mach_port_t control,
	vm_offset_t offset, vm_size_t length, kern_return_t result, vm_offset_t error_offset)
{
	(void)port;
	(void)control;
	(void)offset;
	(void)length;
	(void)result;
	(void)error_offset;
	return KERN_INVALID_ARGUMENT;
}

kern_return_t memory_object_change_completed(mach_port_t port, boolean_t may_cache,
	memory_object_copy_strategy_t strategy)
{
	(void)port;
	(void)may_cache;
	(void)strategy;
	return KERN_SUCCESS;
}

/* --- ours --- */

kern_return_t pager_start(void)
{
	static const masix_demux_t demux[] = {memory_object_server_routine, NULL};
	const struct masix_pool_options options = {.demux = demux, .workers = 1, .name = "pager"};

	for (unsigned i = 0; i < SETS; i++) {
		kern_return_t result;

		pagers.sets[i] = masix_set_create();
		if (!pagers.sets[i])
			return KERN_RESOURCE_SHORTAGE;
		result = masix_set_start(pagers.sets[i], &options);
		if (result != KERN_SUCCESS)
			return result;
	}
	return KERN_SUCCESS;
}

static struct pager *make(struct node *node)
{
	struct pager *pager = calloc(1, sizeof(*pager));

	if (!pager)
		return NULL;
	pager->node = node;
	if (masix_object_init_in(&pager->object, &pager_class,
		    pagers.sets[node->stat.ino % SETS]) != KERN_SUCCESS) {
		free(pager);
		return NULL;
	}
	pthread_mutex_lock(&pagers.lock);
	list_add(pager);
	pthread_mutex_unlock(&pagers.lock);
	return pager;
}

int pager_get(struct node *node, struct pager **result)
{
	struct pager *pager, *made = NULL;

	volume_lock(node->volume);
	if (!node->pager) {
		/* The port is made without the lock; someone may be faster. */
		node_ref(node);
		volume_unlock(node->volume);
		made = make(node);
		volume_lock(node->volume);
		if (!made)
			node_put(node);
		else if (!node->pager)
			node->pager = made;
	}
	pager = node->pager;
	if (pager)
		masix_object_ref(&pager->object);
	volume_unlock(node->volume);
	if (made) {
		if (made != pager)
			masix_object_kill(&made->object);
		masix_object_put(&made->object);
	}
	*result = pager;
	return pager ? 0 : MASIX_E_LIMIT;
}

int pager_right(struct node *node, mach_port_t *right, struct pager **result)
{
	for (;;) {
		struct pager *pager;
		kern_return_t error = pager_get(node, &pager);

		if (error)
			return error;
		error = masix_object_send_right(&pager->object, right);
		if (error == KERN_SUCCESS) {
			pthread_mutex_lock(&pagers.lock);
			list_remove(pager);
			list_add(pager);
			pthread_mutex_unlock(&pagers.lock);
			if (result)
				*result = pager;
			else
				pager_put(pager);
			return 0;
		}
		/* It died between the two; the node forgets it in no_senders. */
		volume_lock(node->volume);
		if (node->pager == pager)
			node->pager = NULL;
		volume_unlock(node->volume);
		pager_put(pager);
		if (error != MASIX_E_DEAD)
			return MASIX_E_LIMIT;
	}
}

/* The pager and a reference of our own to its control port, if the kernel holds the object. */
static struct pager *active(struct node *node, mach_port_t *control)
{
	struct pager *pager = NULL;

	volume_lock(node->volume);
	if (node->pager && MACH_PORT_VALID(node->pager->control) &&
		mach_port_mod_refs(mach_task_self(), node->pager->control, MACH_PORT_RIGHT_SEND,
			1) == KERN_SUCCESS) {
		pager = node->pager;
		*control = pager->control;
		masix_object_ref(&pager->object);
	}
	volume_unlock(node->volume);
	return pager;
}

/* One lock request, and its completion, which follows all the pages returned for it. */
static void lock_request(struct pager *pager, mach_port_t control, uint32_t offset,
	uint32_t length, memory_object_return_t give_back, boolean_t flush)
{
	struct volume *volume = pager->node->volume;
	kern_return_t result;

	volume_lock(volume);
	pager->pending++;
	volume_unlock(volume);
	result = memory_object_lock_request(control, offset, length, give_back, flush,
		VM_PROT_NO_CHANGE, pager->object.port);
	volume_lock(volume);
	if (result != KERN_SUCCESS && pager->pending > 0)
		pager->pending--;
	while (pager->pending > 0)
		pthread_cond_wait(&volume->changed, &volume->lock);
	volume_unlock(volume);
}

void pager_clean(struct node *node, uint64_t offset, uint64_t length)
{
	uint64_t end = offset + length;
	mach_port_t control;
	struct pager *pager = active(node, &control);

	if (!pager)
		return;
	volume_lock(node->volume);
	if (end > node->stat.size)
		end = node->stat.size;
	volume_unlock(node->volume);
	offset -= offset % PAGE_SIZE_;
	while (offset < end) {
		uint64_t chunk = end - offset < CHUNK ? end - offset : CHUNK;

		lock_request(pager, control, (uint32_t)offset, (uint32_t)chunk,
			MEMORY_OBJECT_RETURN_DIRTY, FALSE);
		offset += chunk;
	}
	drop(control);
	pager_put(pager);
}

void pager_discard(struct node *node, uint64_t start, uint64_t end)
{
	mach_port_t control;
	struct pager *pager = active(node, &control);

	if (!pager)
		return;
	if (start < end)
		lock_request(pager, control, (uint32_t)start, (uint32_t)(end - start),
			MEMORY_OBJECT_RETURN_NONE, TRUE);
	drop(control);
	pager_put(pager);
}

void pager_retire(struct node *node)
{
	mach_port_t control;
	struct pager *pager = active(node, &control);

	if (!pager)
		return;
	window_drop(pager);
	/* Fails only if the kernel has let go already. */
	(void)memory_object_change_attributes(control, FALSE, MEMORY_OBJECT_COPY_DELAY,
		MACH_PORT_NULL);
	drop(control);
	pager_put(pager);
}

void pager_reap(struct volume *volume)
{
	struct node *node;

	while ((node = volume_take_orphan(volume))) {
		uint64_t size;
		bool given;

		volume_lock(volume);
		given = node->given;
		size = node->stat.size;
		volume_unlock(volume);
		/* What no one can see any more need not be written first. */
		if (!given)
			pager_discard(node, 0, size);
		pager_retire(node);
		node_release(node);
	}
}

/* The pager idle longest, with a reference; it becomes the newest, so that the next call finds
 * another one. */
static struct pager *take_oldest(void)
{
	struct pager *pager = NULL;

	pthread_mutex_lock(&pagers.lock);
	if (pagers.count > PAGERS_MAX) {
		pager = pagers.oldest;
		list_remove(pager);
		list_add(pager);
		/* Not one whose last reference is on its way out: destroy takes it off the list
		 * under the lock that we hold. */
		if (atomic_fetch_add(&pager->object.references, 1) == 0) {
			atomic_fetch_sub(&pager->object.references, 1);
			pager = NULL;
		}
	}
	pthread_mutex_unlock(&pagers.lock);
	return pager;
}

void pager_trim(void)
{
	for (unsigned i = 0; i < 8; i++) {
		struct pager *pager = take_oldest();

		if (!pager)
			return;
		pager_clean(pager->node, 0, FILE_SIZE_MAX);
		pager_retire(pager->node);
		pager_put(pager);
	}
}
