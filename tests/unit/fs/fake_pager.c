#include "fake_pager.h"

#include <stdlib.h>
#include <string.h>

#include <masix/copy.h>
#include <masix/error.h>

#include "pager.h"
#include "window.h"

struct page {
	struct node *node;
	uint32_t number;
	bool dirty;
	unsigned char bytes[PAGE_SIZE_];
	struct page *next;
};

static struct page *pages;
static unsigned random_state = 1;

void fake_seed(unsigned seed)
{
	random_state = seed;
}

unsigned fake_random(unsigned limit)
{
	random_state = random_state * 1103515245u + 12345u;
	return (random_state >> 8) % limit;
}

int64_t fake_now(void)
{
	static int64_t now = 1700000000000000000;

	return now += 1000000;
}

int masix_copy(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return 0;
}

static struct page *find(struct node *node, uint32_t number)
{
	struct page *page = pages;

	while (page && (page->node != node || page->number != number))
		page = page->next;
	return page;
}

/* As a pager does, cached pages keep their node. */
static void hold(struct node *node)
{
	volume_lock(node->volume);
	if (!node->pager) {
		node_ref(node);
		node->pager = (struct pager *)node;
	}
	volume_unlock(node->volume);
}

static void let_go(struct node *node)
{
	volume_lock(node->volume);
	if (node->pager) {
		node->pager = NULL;
		node->shared = false;
		node->orphan = false;
		node_put(node);
	}
	volume_unlock(node->volume);
}

void fake_reap(struct volume *volume)
{
	struct node *node;

	while ((node = volume_take_orphan(volume))) {
		pager_discard(node, 0, UINT64_MAX);
		let_go(node);
		node_release(node);
	}
}

static int page_in(struct node *node, uint32_t number)
{
	unsigned count = 1 + fake_random(16);
	void *data;
	int error = node->volume->ops->page_in(node, number, &count, &data);

	if (error)
		return error;
	hold(node);
	for (unsigned i = 0; i < (data ? count : 1); i++) {
		struct page *page;

		if (find(node, number + i))
			continue;
		page = calloc(1, sizeof(*page));
		page->node = node;
		page->number = number + i;
		if (data)
			memcpy(page->bytes, (char *)data + i * PAGE_SIZE_, PAGE_SIZE_);
		page->next = pages;
		pages = page;
	}
	if (data)
		node->volume->release(node->volume, data, count * PAGE_SIZE_);
	return 0;
}

/* Write the run of dirty pages that begins with this one. */
static int page_out(struct page *first)
{
	unsigned count = 0;
	char *data = malloc(32 * PAGE_SIZE_);
	struct page *page = first;
	int error;

	while (page && page->dirty && count < 32) {
		memcpy(data + count * PAGE_SIZE_, page->bytes, PAGE_SIZE_);
		page->dirty = false;
		count++;
		page = find(first->node, first->number + count);
	}
	error = first->node->volume->ops->page_out(first->node, first->number, count, data);
	free(data);
	return error;
}

static int access_pages(struct node *node, uint64_t offset, char *outside, size_t length, int mode)
{
	while (length > 0) {
		uint32_t number = (uint32_t)(offset / PAGE_SIZE_), inside = offset % PAGE_SIZE_;
		size_t part = PAGE_SIZE_ - inside < length ? PAGE_SIZE_ - inside : length;
		struct page *page = find(node, number);

		if (!page) {
			int error = page_in(node, number);

			if (error)
				return MASIX_E_IO;
			page = find(node, number);
		}
		if (mode == 0)
			memcpy(outside, page->bytes + inside, part);
		else if (mode == 1)
			memcpy(page->bytes + inside, outside, part);
		else
			memset(page->bytes + inside, 0, part);
		page->dirty |= mode != 0;
		if (outside)
			outside += part;
		offset += part;
		length -= part;
	}
	return 0;
}

int window_read(struct node *node, uint64_t offset, void *to, size_t length)
{
	return access_pages(node, offset, to, length, 0);
}

int window_write(struct node *node, uint64_t offset, const void *from, size_t length)
{
	return access_pages(node, offset, (char *)from, length, 1);
}

int window_zero(struct node *node, uint64_t offset, size_t length)
{
	return access_pages(node, offset, NULL, length, 2);
}

int fake_touch(struct node *node, uint64_t offset, const void *from, size_t length)
{
	node->shared = true;
	return access_pages(node, offset, (char *)from, length, 1);
}

void pager_clean(struct node *node, uint64_t offset, uint64_t length)
{
	for (struct page *page = pages; page; page = page->next) {
		uint64_t at = (uint64_t)page->number * PAGE_SIZE_;

		/* The error is kept in the node. */
		if (page->node == node && page->dirty && at + PAGE_SIZE_ > offset &&
			at < offset + length && page_out(page))
			page->dirty = false;
	}
}

static void drop(struct page **link)
{
	struct page *page = *link;

	*link = page->next;
	free(page);
}

void pager_discard(struct node *node, uint64_t start, uint64_t end)
{
	struct page **link = &pages;

	while (*link) {
		uint64_t at = (uint64_t)(*link)->number * PAGE_SIZE_;

		if ((*link)->node == node && at >= start && at < end)
			drop(link);
		else
			link = &(*link)->next;
	}
}

int pager_right(struct node *node, mach_port_t *right, struct pager **pager)
{
	(void)node;
	(void)right;
	(void)pager;
	return MASIX_E_NO_DEVICE;
}

void fake_evict(unsigned chance)
{
	struct page **link = &pages;

	while (*link) {
		if (fake_random(chance) != 0) {
			link = &(*link)->next;
			continue;
		}
		if ((*link)->dirty && page_out(*link))
			(*link)->dirty = false;
		drop(link);
	}
}

void fake_forget(void)
{
	while (pages) {
		struct node *node = pages->node;

		pager_discard(node, 0, UINT64_MAX);
		let_go(node);
	}
}
