#include "window.h"

#include <masix/copy.h>
#include <masix/error.h>
#include <masix/mach.h>

#include "mach.h"
#include "mach_port.h"

#define WINDOW_SIZE (256u << 10)
#define WINDOWS 256u
#define BUCKETS 256u /* a power of two */

struct window {
	struct pager *pager; /* a reference; NULL: this slot is free */
	uint32_t index;	     /* position in the file in windows */
	unsigned pins;	     /* those who copy just now */
	vm_address_t address;
	struct window *next;	      /* of the bucket, or of the free list */
	struct window *older, *newer; /* by last use */
};

static struct {
	pthread_mutex_t lock; /* last of all; nothing blocks under it */
	struct window slots[WINDOWS];
	struct window *buckets[BUCKETS];
	struct window *oldest, *newest;
	struct window *free;
	unsigned used; /* slots that were ever used */
} windows = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct window **bucket_of(const struct pager *pager, uint32_t index)
{
	return &windows.buckets[((uintptr_t)pager / sizeof(*pager) + index) & (BUCKETS - 1)];
}

static void list_remove(struct window *window)
{
	*(window->older ? &window->older->newer : &windows.oldest) = window->newer;
	*(window->newer ? &window->newer->older : &windows.newest) = window->older;
}

static void list_add(struct window *window)
{
	window->older = windows.newest;
	window->newer = NULL;
	*(windows.newest ? &windows.newest->newer : &windows.oldest) = window;
	windows.newest = window;
}

static struct window *find(const struct pager *pager, uint32_t index)
{
	struct window *window = *bucket_of(pager, index);

	while (window && (window->pager != pager || window->index != index))
		window = window->next;
	return window;
}

/* What a slot held, to be let go of without the lock. */
struct remains {
	struct pager *pager;
	vm_address_t address;
};

static struct remains empty_slot(struct window *window)
{
	struct remains remains = { window->pager, window->address };
	struct window **link = bucket_of(window->pager, window->index);

	while (*link != window)
		link = &(*link)->next;
	*link = window->next;
	list_remove(window);
	window->pager = NULL;
	return remains;
}

static void bury(struct remains remains)
{
	if (!remains.pager)
		return;
	(void)vm_deallocate(mach_task_self(), remains.address, WINDOW_SIZE);
	pager_put(remains.pager);
}

/* A free slot, if need be the least recently used one.  NULL: all are in use. */
static struct window *take_slot(struct remains *remains)
{
	struct window *window;

	remains->pager = NULL;
	window = windows.free;
	if (window) {
		windows.free = window->next;
		return window;
	}
	if (windows.used < WINDOWS)
		return &windows.slots[windows.used++];
	for (window = windows.oldest; window; window = window->newer)
		if (window->pins == 0) {
			*remains = empty_slot(window);
			return window;
		}
	return NULL;
}

static int map(struct node *node, uint32_t index, struct pager **pager, vm_address_t *address)
{
	mach_port_t right;
	kern_return_t result;
	int error;

	error = pager_right(node, &right, pager);
	if (error)
		return error;
	*address = 0;
	result = vm_map(mach_task_self(), address, WINDOW_SIZE, 0, TRUE, right,
		(vm_offset_t)index * WINDOW_SIZE, FALSE, VM_PROT_READ | VM_PROT_WRITE,
		VM_PROT_READ | VM_PROT_WRITE, VM_INHERIT_NONE);
	/* The mapping has a right of its own now. */
	(void)mach_port_deallocate(mach_task_self(), right);
	if (result == KERN_SUCCESS)
		return 0;
	pager_put(*pager);
	return MASIX_E_LIMIT;
}

/* Enter the mapping (whose pager reference it takes over) as a pinned window, or use one that
 * another thread was faster to enter. */
static int enter(struct pager *pager, uint32_t index, vm_address_t address, struct window **result)
{
	struct remains old = { NULL, 0 };
	struct window *window;

	pthread_mutex_lock(&windows.lock);
	window = find(pager, index);
	if (window) {
		old = (struct remains){ pager, address };
	} else {
		window = take_slot(&old);
		if (window) {
			window->pager = pager;
			window->index = index;
			window->address = address;
			window->pins = 0;
			window->next = *bucket_of(pager, index);
			*bucket_of(pager, index) = window;
			list_add(window);
		}
	}
	if (window)
		window->pins++;
	pthread_mutex_unlock(&windows.lock);
	bury(old);
	if (!window) {
		bury((struct remains){ pager, address });
		return MASIX_E_LIMIT;
	}
	*result = window;
	return 0;
}

static struct window *find_pinned(const struct pager *pager, uint32_t index)
{
	struct window *window;

	pthread_mutex_lock(&windows.lock);
	window = find(pager, index);
	if (window) {
		window->pins++;
		list_remove(window);
		list_add(window);
	}
	pthread_mutex_unlock(&windows.lock);
	return window;
}

static int pin(struct node *node, uint32_t index, struct window **result)
{
	struct pager *pager;
	vm_address_t address;
	int error;

	volume_lock(node->volume);
	pager = node->pager;
	if (pager)
		masix_object_ref(&pager->object);
	volume_unlock(node->volume);
	if (pager) {
		struct window *window = find_pinned(pager, index);

		pager_put(pager);
		if (window) {
			*result = window;
			return 0;
		}
	}
	error = map(node, index, &pager, &address);
	if (error)
		return error;
	return enter(pager, index, address, result);
}

static void unpin(struct window *window)
{
	pthread_mutex_lock(&windows.lock);
	window->pins--;
	pthread_mutex_unlock(&windows.lock);
}

enum direction { READ, WRITE };

static int transfer(
	struct node *node, uint64_t offset, char *outside, size_t length, enum direction direction)
{
	while (length > 0) {
		uint32_t at = (uint32_t)(offset % WINDOW_SIZE);
		size_t amount = WINDOW_SIZE - at < length ? WINDOW_SIZE - at : length;
		struct window *window;
		char *inside;
		int error;

		error = pin(node, (uint32_t)(offset / WINDOW_SIZE), &window);
		if (error)
			return error;
		inside = (char *)window->address + at;
		error = direction == READ ? masix_copy(outside, inside, amount)
					  : masix_copy(inside, outside, amount);
		unpin(window);
		if (error)
			return error;
		outside += amount;
		offset += amount;
		length -= amount;
	}
	return 0;
}

int window_read(struct node *node, uint64_t offset, void *to, size_t length)
{
	return transfer(node, offset, to, length, READ);
}

int window_write(struct node *node, uint64_t offset, const void *from, size_t length)
{
	return transfer(node, offset, (char *)from, length, WRITE);
}

int window_zero(struct node *node, uint64_t offset, size_t length)
{
	static const char zeros[PAGE_SIZE_];
	int error = 0;

	while (length > 0 && !error) {
		size_t amount = length < sizeof(zeros) ? length : sizeof(zeros);

		error = window_write(node, offset, zeros, amount);
		offset += amount;
		length -= amount;
	}
	return error;
}

void window_drop(struct pager *pager)
{
	for (unsigned i = 0; i < WINDOWS; i++) {
		struct window *window = &windows.slots[i];
		struct remains remains = { NULL, 0 };

		pthread_mutex_lock(&windows.lock);
		if (window->pager == pager && window->pins == 0) {
			remains = empty_slot(window);
			window->next = windows.free;
			windows.free = window;
		}
		pthread_mutex_unlock(&windows.lock);
		bury(remains);
	}
}
