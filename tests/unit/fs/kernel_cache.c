#include "kernel_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <masix/copy.h>
#include <masix/error.h>

#include "window.h"

#define PAGES 2048u

/* A page is entered last of all, and its bytes are not gone before it is known to be written. */
static struct page {
	uint64_t ino; /* 0: none */
	uint32_t number;
	bool dirty;
	unsigned char bytes[PAGE_SIZE_];
} * pages;

void cache_open(void)
{
	pages = mmap(NULL, PAGES * sizeof(*pages), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		abort();
}

void cache_clear(void)
{
	memset(pages, 0, PAGES * sizeof(*pages));
}

int masix_copy(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return 0;
}

static struct page *find(uint64_t ino, uint32_t number)
{
	unsigned start = (unsigned)(ino * 64 + number) % PAGES;

	for (unsigned i = 0; i < PAGES; i++) {
		struct page *page = &pages[(start + i) % PAGES];

		if (page->ino == ino && page->number == number)
			return page;
	}
	return NULL;
}

static struct page *take(uint64_t ino, uint32_t number)
{
	unsigned start = (unsigned)(ino * 64 + number) % PAGES;

	for (unsigned i = 0; i < PAGES; i++)
		if (pages[(start + i) % PAGES].ino == 0)
			return &pages[(start + i) % PAGES];
	abort();
}

static int page_in(struct node *node, uint32_t number, struct page **result)
{
	struct page *page = take(node->stat.ino, number);
	unsigned count = 1;
	void *data;
	int error = node->volume->ops->page_in(node, number, &count, &data);

	if (error)
		return error;
	page->number = number;
	page->dirty = false;
	memset(page->bytes, 0, PAGE_SIZE_);
	if (data) {
		memcpy(page->bytes, data, PAGE_SIZE_);
		node->volume->release(node->volume, data, count * PAGE_SIZE_);
	}
	__atomic_store_n(&page->ino, node->stat.ino, __ATOMIC_SEQ_CST);
	*result = page;
	return 0;
}

static int transfer(struct node *node, uint64_t offset, char *outside, size_t length, bool write)
{
	while (length > 0) {
		uint32_t number = (uint32_t)(offset / PAGE_SIZE_), inside = offset % PAGE_SIZE_;
		size_t part = PAGE_SIZE_ - inside < length ? PAGE_SIZE_ - inside : length;
		struct page *page = find(node->stat.ino, number);
		int error = page ? 0 : page_in(node, number, &page);

		if (error)
			return MASIX_E_IO;
		page->dirty |= write;
		if (!write)
			memcpy(outside, page->bytes + inside, part);
		else if (outside)
			memcpy(page->bytes + inside, outside, part);
		else
			memset(page->bytes + inside, 0, part);
		if (outside)
			outside += part;
		offset += part;
		length -= part;
	}
	return 0;
}

int window_read(struct node *node, uint64_t offset, void *to, size_t length)
{
	return transfer(node, offset, to, length, false);
}

int window_write(struct node *node, uint64_t offset, const void *from, size_t length)
{
	return transfer(node, offset, (char *)from, length, true);
}

int window_zero(struct node *node, uint64_t offset, size_t length)
{
	return transfer(node, offset, NULL, length, true);
}

void pager_clean(struct node *node, uint64_t offset, uint64_t length)
{
	for (unsigned i = 0; i < PAGES; i++) {
		struct page *page = &pages[i];
		uint64_t at = (uint64_t)page->number * PAGE_SIZE_;
		static unsigned char copy[PAGE_SIZE_];

		if (page->ino != node->stat.ino || !page->dirty || at + PAGE_SIZE_ <= offset ||
			at >= offset + length)
			continue;
		memcpy(copy, page->bytes, PAGE_SIZE_);
		/* The error is kept in the node. */
		(void)!node->volume->ops->page_out(node, page->number, 1, copy);
		page->dirty = false;
	}
}

void pager_discard(struct node *node, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < PAGES; i++) {
		uint64_t at = (uint64_t)pages[i].number * PAGE_SIZE_;

		if (pages[i].ino == node->stat.ino && at >= start && at < end)
			pages[i].ino = 0;
	}
}

int pager_right(struct node *node, mach_port_t *right, struct pager **pager)
{
	(void)node;
	(void)right;
	(void)pager;
	return MASIX_E_NO_DEVICE;
}
