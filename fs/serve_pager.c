/* memory_object.defs: the kernel's requests to the pager.  Each is answered: a thread that waits for
 * a page waits for ever if it is not. */
#include <mach/memory_object.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdlib.h>

#include "kept.h"
#include "mach.h"
#include "mach_port.h"
#include "memory_object_server.h"
#include "pager.h"
#include "scarcity.h"
#include "wire.h"

/* Pages read at once: as many as exec likes; more and more for those who read in order. */
#define READ_AHEAD 16u
#define READ_AHEAD_MAX 64u

static void drop(mach_port_t right)
{
	if (MACH_PORT_VALID(right))
		(void)mach_port_deallocate(mach_task_self(), right);
}

kern_return_t memory_object_init(
	mach_port_t port, mach_port_t control, mach_port_t name, vm_size_t page_size)
{
	struct pager *pager = pager_lookup(port);
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
	struct pager *pager = pager_lookup(port);
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

static void supply(
	struct pager *pager, mach_port_t control, vm_offset_t offset, void *data, unsigned pages)
{
	struct volume *volume = pager->node->volume;
	boolean_t give = !volume->ops->direct;
	kern_return_t result;

	result = memory_object_data_supply(control, offset, (vm_offset_t)data, pages * PAGE_SIZE_,
		give, VM_PROT_NONE, FALSE, MACH_PORT_NULL);
	if (!give || result != KERN_SUCCESS)
		volume->release(volume, data, pages * PAGE_SIZE_);
}

/* Pages of zeros: one the kernel makes itself, several come as memory that no one has touched. */
static void supply_zeros(mach_port_t control, vm_offset_t offset, unsigned pages)
{
	vm_address_t zeros = 0;

	if (pages > 1 &&
		vm_allocate(mach_task_self(), &zeros, pages * PAGE_SIZE_, TRUE) == KERN_SUCCESS) {
		if (memory_object_data_supply(control, offset, zeros, pages * PAGE_SIZE_, TRUE,
			    VM_PROT_NONE, FALSE, MACH_PORT_NULL) != KERN_SUCCESS)
			(void)vm_deallocate(mach_task_self(), zeros, pages * PAGE_SIZE_);
		return;
	}
	/* Tells of an object that is gone, and nobody waits then. */
	(void)memory_object_data_unavailable(control, offset, PAGE_SIZE_);
}

/* A page that the kernel asked for. */
struct page_request {
	struct page_request *next;
	struct pager *pager; /* a reference */
	mach_port_t control; /* a send right */
	vm_offset_t offset;
	vm_size_t length;
	unsigned pages;		   /* that may be delivered at once; then: that were there */
	struct kept_request *kept; /* of one that was put off */
};

static void fulfil(struct page_request *request)
{
	struct pager *pager = request->pager;
	uint32_t page = (uint32_t)(request->offset / PAGE_SIZE_);
	void *data;
	int error;

	error = pager->node->volume->ops->page_in(pager->node, page, &request->pages, &data);
	/* The results of these tell of an object that is gone, and nobody waits then. */
	if (error) {
		pager_note_failed(pager, page);
		(void)memory_object_data_error(
			request->control, request->offset, request->length, error);
	} else {
		pager_forget_failed(pager, page, request->pages);
		if (data)
			supply(pager, request->control, request->offset, data, request->pages);
		else
			supply_zeros(request->control, request->offset, request->pages);
	}
	drop(request->control);
	pager_put(pager);
}

/* Requests that wait until the kernel has memory for everybody again.  What it returns meanwhile goes past them: so
 * it gets memory. */
static struct {
	pthread_mutex_t lock; /* nothing is done under it */
	pthread_cond_t added;
	struct page_request *first, **last;
} postponed = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.added = PTHREAD_COND_INITIALIZER,
	.last = &postponed.first };

/* For the next owner: the kernel waits for the page.  Lock held; NULL: there are too many. */
static struct kept_request *keep(const struct page_request *request)
{
	for (unsigned i = 0; i < KEPT_POSTPONED; i++) {
		struct kept_request *slot = &kept->postponed[i];

		if (slot->pager)
			continue;
		slot->offset = request->offset;
		slot->length = request->length;
		slot->pages = request->pages;
		atomic_signal_fence(memory_order_seq_cst);
		slot->pager = request->pager;
		return slot;
	}
	return NULL;
}

static bool postpone(const struct page_request *request)
{
	struct page_request *copy = malloc(sizeof(*copy));

	if (!copy)
		return false;
	*copy = *request;
	copy->next = NULL;
	pthread_mutex_lock(&postponed.lock);
	copy->kept = keep(request);
	if (!copy->kept) {
		pthread_mutex_unlock(&postponed.lock);
		free(copy);
		return false;
	}
	*postponed.last = copy;
	postponed.last = &copy->next;
	pthread_cond_signal(&postponed.added);
	pthread_mutex_unlock(&postponed.lock);
	return true;
}

static struct page_request *take_postponed(void)
{
	struct page_request *request;

	pthread_mutex_lock(&postponed.lock);
	while (!postponed.first)
		pthread_cond_wait(&postponed.added, &postponed.lock);
	request = postponed.first;
	postponed.first = request->next;
	if (!postponed.first)
		postponed.last = &postponed.first;
	pthread_mutex_unlock(&postponed.lock);
	return request;
}

static void *serve_postponed(void *unused)
{
	wire_thread();
	for (;;) {
		struct page_request *request = take_postponed();

		scarcity_wait(request->pages);
		fulfil(request);
		request->kept->pager = NULL;
		free(request);
	}
	return unused;
}

int serve_pager_start(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, serve_postponed, NULL) ? MASIX_E_LIMIT : 0;
}

void serve_pager_supply(struct pager *pager, uint32_t offset, uint32_t length, unsigned pages)
{
	struct page_request request = { .pager = pager,
		.control = pager->control,
		.offset = offset,
		.length = length,
		.pages = pages };

	/* Both go with it. */
	masix_object_ref(&pager->object);
	if (MACH_PORT_VALID(request.control))
		(void)mach_port_mod_refs(
			mach_task_self(), request.control, MACH_PORT_RIGHT_SEND, 1);
	fulfil(&request);
}

kern_return_t memory_object_data_request(mach_port_t port, mach_port_t control, vm_offset_t offset,
	vm_size_t length, vm_prot_t access)
{
	struct pager *pager = pager_lookup(port);
	uint32_t page = (uint32_t)(offset / PAGE_SIZE_);
	struct page_request request = { .control = control, .offset = offset, .length = length };
	unsigned pages;

	(void)access;
	if (!pager)
		return KERN_INVALID_ARGUMENT;
	wire_thread();
	pager_forget_failed(pager, page, 1);
	pages = page != pager->expected || page == 0 ? READ_AHEAD
		: pager->ahead < READ_AHEAD_MAX	     ? pager->ahead * 2
						     : READ_AHEAD_MAX;
	pager->ahead = pages;
	request.pager = pager;
	request.pages = pages;
	if (!scarcity_is_near(pages) || !postpone(&request))
		fulfil(&request);
	pager->expected = page + request.pages;
	return KERN_SUCCESS;
}

kern_return_t memory_object_data_return(mach_port_t port, mach_port_t control, vm_offset_t offset,
	vm_offset_t data, mach_msg_type_number_t size, boolean_t dirty, boolean_t kernel_copy)
{
	struct pager *pager = pager_lookup(port);
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

kern_return_t memory_object_lock_completed(
	mach_port_t port, mach_port_t control, vm_offset_t offset, vm_size_t length)
{
	struct pager *pager = pager_lookup(port);

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

kern_return_t memory_object_change_completed(
	mach_port_t port, boolean_t may_cache, memory_object_copy_strategy_t strategy)
{
	(void)port;
	(void)may_cache;
	(void)strategy;
	return KERN_SUCCESS;
}
