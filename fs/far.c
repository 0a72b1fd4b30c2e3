#include "far.h"

#include <string.h>

#include <masix/copy.h>

struct far_page {
	uint32_t number;
	char bytes[PAGE_SIZE_];
};

static int load(struct node *node, uint64_t offset, struct far_page *page)
{
	unsigned count = 1;
	void *data;
	int error;

	page->number = (uint32_t)(offset / PAGE_SIZE_);
	error = node->volume->ops->page_in(node, page->number, &count, &data);
	if (error)
		return error;
	if (data) {
		memcpy(page->bytes, data, PAGE_SIZE_);
		node->volume->release(node->volume, data, PAGE_SIZE_);
	} else {
		memset(page->bytes, 0, PAGE_SIZE_);
	}
	return 0;
}

int far_read(struct node *node, uint64_t offset, char *to, size_t amount)
{
	struct far_page page;

	while (amount > 0) {
		uint32_t inside = (uint32_t)(offset % PAGE_SIZE_);
		size_t part = PAGE_SIZE_ - inside < amount ? PAGE_SIZE_ - inside : amount;
		int error = load(node, offset, &page);

		if (error)
			return error;
		memcpy(to, page.bytes + inside, part);
		to += part;
		offset += part;
		amount -= part;
	}
	return 0;
}

int far_write(struct node *node, uint64_t offset, const char *from, size_t amount)
{
	struct far_page page;

	while (amount > 0) {
		uint32_t inside = (uint32_t)(offset % PAGE_SIZE_);
		size_t part = PAGE_SIZE_ - inside < amount ? PAGE_SIZE_ - inside : amount;
		int error = load(node, offset, &page);

		if (!error)
			error = masix_copy(page.bytes + inside, from, part);
		if (!error)
			error = node->volume->ops->page_out(node, page.number, 1, page.bytes);
		if (error)
			return error;
		from += part;
		offset += part;
		amount -= part;
	}
	return 0;
}

int far_clear_tail(struct node *node)
{
	struct far_page page;
	int error = load(node, node->stat.size, &page);

	/* page_in and page_out both clear it. */
	if (!error)
		error = node->volume->ops->page_out(node, page.number, 1, page.bytes);
	return error;
}
