#include "pager.h"

#include <mach/memory_object.h>
#include <masix/error.h>
#include <masix/mach.h>

#include "kept.h"
#include "mach.h"
#include "mach_port.h"
#include "memory_object_server.h"
#include "reuse.h"
#include "scarcity.h"
#include "window.h"

/* Each set has one thread, so that the messages of one object are taken in order: a page that
 * the kernel returned is on the disk before it is asked for again. */
#define SETS 3
/* Bytes cleaned at once: the kernel copies what it returns, unless it is to forget it. */
#define CHUNK (1u << 20)
#define NO_PAGE UINT32_MAX
#define PAGERS_MAX 256u /* more are retired when idle */

static struct {
	struct masix_set *sets[SETS];
	pthread_mutex_t lock; /* after a volume's lock; nothing is done under it */
	struct pager *oldest, *newest;
	unsigned count;
} pagers = { .lock = PTHREAD_MUTEX_INITIALIZER };

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
	arena_free(&kept_arena, pager, sizeof(*pager));
}

/* No one maps it any more, and the kernel's terminate message has been handled. */
static void no_senders(struct masix_object *object)
{
	struct pager *pager = (struct pager *)object;

	volume_lock(pager->node->volume);
	if (pager->node->pager == pager) {
		node_change(pager->node);
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

struct pager *pager_lookup(mach_port_t port)
{
	return (struct pager *)masix_object_get(port, &pager_class);
}

void pager_put(struct pager *pager)
{
	masix_object_put(&pager->object);
}

kern_return_t pager_make_sets(void)
{
	for (unsigned i = 0; i < SETS; i++) {
		pagers.sets[i] = masix_set_create();
		if (!pagers.sets[i])
			return KERN_RESOURCE_SHORTAGE;
	}
	return KERN_SUCCESS;
}

kern_return_t pager_start(void)
{
	static const masix_demux_t demux[] = { memory_object_server_routine, NULL };
	const struct masix_pool_options options = {
		.demux = demux, .workers = 1, .name = "pager", .memory = kept_pager_memory
	};

	for (unsigned i = 0; i < SETS; i++) {
		kern_return_t result = masix_set_start(pagers.sets[i], &options);

		if (result != KERN_SUCCESS)
			return result;
	}
	return serve_pager_start();
}

static struct masix_set *set_of(const struct node *node)
{
	return pagers.sets[node->stat.ino % SETS];
}

static struct pager *make(struct node *node)
{
	struct pager *pager = arena_alloc(&kept_arena, sizeof(*pager));

	if (!pager)
		return NULL;
	pager->node = node;
	if (masix_object_init_in(&pager->object, &pager_class, set_of(node)) != KERN_SUCCESS) {
		arena_free(&kept_arena, pager, sizeof(*pager));
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
		else if (!node->pager) {
			node_change(node);
			node->pager = made;
		}
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
		if (node->pager == pager) {
			node_change(node);
			node->pager = NULL;
		}
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

static void drop(mach_port_t right)
{
	if (MACH_PORT_VALID(right))
		(void)mach_port_deallocate(mach_task_self(), right);
}

void pager_note_failed(struct pager *pager, uint32_t page)
{
	struct volume *volume = pager->node->volume;

	volume_lock(volume);
	while (pager->locking > 0)
		pthread_cond_wait(&volume->changed, &volume->lock);
	/* The oldest makes room: its mark is gone as soon as the thread that waited has run. */
	pager->failed[pager->failed_count++ % PAGER_FAILED] = page;
	volume_unlock(volume);
}

void pager_forget_failed(struct pager *pager, uint32_t page, unsigned pages)
{
	if (pager->failed_count == 0)
		return;
	volume_lock(pager->node->volume);
	for (unsigned i = 0; i < PAGER_FAILED; i++)
		if (pager->failed[i] - page < pages)
			pager->failed[i] = NO_PAGE;
	volume_unlock(pager->node->volume);
}

/* Volume locked: the first page from `page` on that has failed, or `end`. */
static uint32_t next_failed(const struct pager *pager, uint32_t page, uint32_t end)
{
	for (unsigned i = 0; i < PAGER_FAILED && i < pager->failed_count; i++)
		if (pager->failed[i] >= page && pager->failed[i] < end)
			end = pager->failed[i];
	return end;
}

/* Volume locked, and let go of for each call: the kernel may wait in it for a page that is being written. */
static void send_lock_requests(struct pager *pager, mach_port_t control, uint32_t page,
	uint32_t end, memory_object_return_t give_back, boolean_t flush)
{
	struct volume *volume = pager->node->volume;

	pager->locking++;
	while (page < end) {
		uint32_t stop = next_failed(pager, page, end);
		kern_return_t result = KERN_SUCCESS;

		if (stop > page) {
			pager->pending++;
			volume_unlock(volume);
			result = memory_object_lock_request(control, page * PAGE_SIZE_,
				(stop - page) * PAGE_SIZE_, give_back, flush, VM_PROT_NO_CHANGE,
				pager->object.port);
			volume_lock(volume);
		}
		if (result != KERN_SUCCESS && pager->pending > 0)
			pager->pending--;
		page = stop + 1;
	}
	pager->locking--;
	pthread_cond_broadcast(&volume->changed);
}

/* Lock requests for all of it, and their completion, which follows all the pages returned for them. */
static void lock_request(struct pager *pager, mach_port_t control, uint32_t offset, uint32_t length,
	memory_object_return_t give_back, boolean_t flush)
{
	struct volume *volume = pager->node->volume;

	volume_lock(volume);
	send_lock_requests(pager, control, offset / PAGE_SIZE_,
		(uint32_t)(((uint64_t)offset + length + PAGE_SIZE_ - 1) / PAGE_SIZE_), give_back,
		flush);
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
	if (end > FILE_MAPPED_MAX)
		end = FILE_MAPPED_MAX;
	volume_unlock(node->volume);
	offset -= offset % PAGE_SIZE_;
	while (offset < end) {
		uint64_t chunk = end - offset < CHUNK ? end - offset : CHUNK;

		lock_request(pager, control, (uint32_t)offset, (uint32_t)chunk,
			MEMORY_OBJECT_RETURN_DIRTY,
			scarcity_is_near((unsigned)(chunk / PAGE_SIZE_)));
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
	if (end > FILE_MAPPED_MAX)
		end = FILE_MAPPED_MAX;
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
	(void)memory_object_change_attributes(
		control, FALSE, MEMORY_OBJECT_COPY_DELAY, MACH_PORT_NULL);
	drop(control);
	pager_put(pager);
}

void pager_reap(struct volume *volume)
{
	struct node *node;

	/* Who adds one looks after it. */
	if (!volume->orphans)
		return;
	while ((node = volume_take_orphan(volume))) {
		uint64_t size;
		bool given, reused;

		volume_lock(volume);
		given = node->given;
		size = node->stat.size;
		reused = node->reused;
		node->reused = false;
		if (reused)
			node->orphan = false; /* it becomes one when the last user is gone */
		volume_unlock(volume);
		if (reused) {
			reuse_forget(node);
			node_release(node);
			continue;
		}
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
		pager_clean(pager->node, 0, FILE_MAPPED_MAX);
		pager_retire(pager->node);
		pager_put(pager);
	}
}

/* --- after the last owner's death --- */

bool pager_recover(struct volume *volume)
{
	for (unsigned i = 0; i < NODE_BUCKETS; i++)
		for (struct node *node = volume->table[i]; node; node = node->next) {
			if (!node->pager)
				continue;
			if (!arena_mark(&kept_arena, node->pager, sizeof(*node->pager)) ||
				node->pager->node != node)
				return false;
			node->references++;
		}
	return true;
}

/* Nobody holds the memory object any more, or ever did. */
static void forget(struct pager *pager)
{
	struct node *node = pager->node;

	node_change(node);
	node->pager = NULL;
	node->given = node->shared = false;
	node->references--;
	undo_free(node->volume->undo, pager, sizeof(*pager));
}

static int adopt(struct pager *pager, struct masix_estate *estate)
{
	const mach_port_t port = pager->object.port;

	if (!masix_estate_take(estate, port, MACH_PORT_TYPE_RECEIVE)) {
		forget(pager);
		return 0;
	}
	/* A terminated one has become ours to receive from. */
	if (masix_estate_has(estate, pager->control, MACH_PORT_TYPE_RECEIVE) ||
		!masix_estate_take(estate, pager->control, MACH_PORT_TYPE_SEND))
		pager->control = MACH_PORT_NULL;
	pager->pending = 0;
	pager->locking = 0;
	if (masix_object_adopt_in(&pager->object, &pager_class, set_of(pager->node), port) !=
		KERN_SUCCESS)
		return MASIX_E_LIMIT;
	list_add(pager);
	masix_object_put(&pager->object);
	return 0;
}

int pager_adopt(struct volume *volume, struct masix_estate *estate)
{
	int error = 0;

	volume_lock(volume);
	for (unsigned i = 0; i < NODE_BUCKETS; i++)
		for (struct node *node = volume->table[i]; node && !error; node = node->next)
			if (node->pager)
				error = adopt(node->pager, estate);
	volume_unlock(volume);
	return error;
}

bool pager_is_known(const struct pager *pager)
{
	const struct pager *other = pagers.oldest;

	while (other && other != pager)
		other = other->newer;
	return other != NULL;
}
