/* Pages of the memory file system. */
#include "memory_private.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

static void **slot_of(struct memory_node *node, uint32_t page)
{
	unsigned chunk = page / MEMORY_CHUNK;

	if (chunk >= node->chunk_count || !node->chunks[chunk])
		return NULL;
	return &node->chunks[chunk]->pages[page % MEMORY_CHUNK];
}

static void *page_of(struct memory_node *node, uint32_t page)
{
	void **slot = slot_of(node, page);

	return slot ? *slot : NULL;
}

/* Make sure that the slot of `page` exists. */
static int grow(struct memory_node *node, uint32_t page)
{
	struct undo *undo = node->node.volume->undo;
	unsigned chunk = page / MEMORY_CHUNK;

	node_change(&node->node);
	if (chunk >= node->chunk_count) {
		struct memory_chunk **chunks = undo_alloc(undo, (chunk + 1) * sizeof(*chunks));

		if (!chunks)
			return MASIX_E_NO_SPACE;
		if (node->chunks)
			memcpy(chunks, node->chunks, node->chunk_count * sizeof(*chunks));
		undo_free(undo, node->chunks, node->chunk_count * sizeof(*chunks));
		node->chunks = chunks;
		node->chunk_count = chunk + 1;
	}
	if (!node->chunks[chunk]) {
		UNDO_NOTE(undo, node->chunks[chunk]);
		node->chunks[chunk] = undo_alloc(undo, sizeof(*node->chunks[chunk]));
	}
	return node->chunks[chunk] ? 0 : MASIX_E_NO_SPACE;
}

static int add_page(struct memory_node *node, uint32_t page)
{
	struct memory_volume *volume = memory_volume_of(&node->node);
	int error;

	if (page_of(node, page))
		return 0;
	error = grow(node, page);
	if (!error)
		error = memory_charge(volume, PAGE_SIZE_);
	if (error)
		return error;
	UNDO_NOTE(volume->volume.undo, *slot_of(node, page));
	*slot_of(node, page) = memory_page_take(volume);
	if (!*slot_of(node, page)) {
		memory_refund(volume, PAGE_SIZE_);
		return MASIX_E_NO_SPACE;
	}
	node->node.stat.blocks += PAGE_SIZE_ / 512;
	return 0;
}

int memory_reserve(struct node *node, uint64_t offset, uint64_t *length, bool privileged)
{
	uint64_t end = offset + *length;
	uint32_t page = (uint32_t)(offset / PAGE_SIZE_);
	int error = 0;

	(void)privileged;
	if (node->volume->read_only)
		return MASIX_E_READ_ONLY;
	for (; (uint64_t)page * PAGE_SIZE_ < end; page++) {
		error = add_page(memory_node_of(node), page);
		if (error)
			break;
	}
	if (!error)
		return 0;
	if ((uint64_t)page * PAGE_SIZE_ <= offset)
		return error;
	*length = (uint64_t)page * PAGE_SIZE_ - offset;
	return 0;
}

/* Give the pages of a chunk back from slot `first` on. */
static void drop_pages(struct memory_node *node, struct memory_chunk *chunk, unsigned first)
{
	struct memory_volume *volume = memory_volume_of(&node->node);
	uint64_t bytes = 0;

	for (unsigned i = first; i < MEMORY_CHUNK; i++)
		if (chunk->pages[i]) {
			memory_page_give(volume, chunk->pages[i]);
			bytes += PAGE_SIZE_;
		}
	if (bytes == 0)
		return;
	node->node.stat.blocks -= bytes / 512;
	memory_refund(volume, bytes);
}

static void cut_chunk(struct memory_node *node, unsigned chunk, unsigned first)
{
	struct undo *undo = node->node.volume->undo;
	struct memory_chunk *whole = node->chunks[chunk];

	drop_pages(node, whole, first);
	if (first == 0) {
		UNDO_NOTE(undo, node->chunks[chunk]);
		undo_free(undo, whole, sizeof(*whole));
		node->chunks[chunk] = NULL;
		return;
	}
	undo_note(undo, whole->pages + first, (MEMORY_CHUNK - first) * sizeof(void *));
	memset(whole->pages + first, 0, (MEMORY_CHUNK - first) * sizeof(void *));
}

int memory_truncate(struct node *base, uint64_t size)
{
	struct memory_node *node = memory_node_of(base);
	struct undo *undo = base->volume->undo;
	uint32_t first = (uint32_t)((size + PAGE_SIZE_ - 1) / PAGE_SIZE_);
	void *last;

	node_change(base);
	for (unsigned chunk = first / MEMORY_CHUNK; chunk < node->chunk_count; chunk++)
		if (node->chunks[chunk])
			cut_chunk(node, chunk,
				chunk == first / MEMORY_CHUNK ? first % MEMORY_CHUNK : 0);
	/* Not noted: whoever cuts will go on with it (node->cut). */
	last = size % PAGE_SIZE_ ? page_of(node, (uint32_t)(size / PAGE_SIZE_)) : NULL;
	if (last)
		memset((char *)last + size % PAGE_SIZE_, 0, PAGE_SIZE_ - size % PAGE_SIZE_);
	if (size == 0 && node->chunks) {
		undo_free(undo, node->chunks, node->chunk_count * sizeof(*node->chunks));
		node->chunks = NULL;
		node->chunk_count = 0;
	}
	return 0;
}

void memory_copy(struct node *base, uint64_t offset, uint32_t length, void *buffer, bool write)
{
	struct memory_node *node = memory_node_of(base);
	char *other = buffer;

	while (length > 0) {
		uint32_t inside = (uint32_t)(offset % PAGE_SIZE_), amount = PAGE_SIZE_ - inside;
		char *page = page_of(node, (uint32_t)(offset / PAGE_SIZE_));

		if (amount > length)
			amount = length;
		if (write)
			memcpy(page + inside, other, amount);
		else if (page)
			memcpy(other, page + inside, amount);
		else
			memset(other, 0, amount);
		other += amount;
		offset += amount;
		length -= amount;
	}
}

bool memory_adopt_pages(struct memory_node *node)
{
	struct arena *arena = undo_arena(node->node.volume->undo);
	struct memory_volume *volume = memory_volume_of(&node->node);

	if (!node->chunks)
		return node->chunk_count == 0;
	if (node->chunk_count > UINT16_MAX ||
		!arena_mark(arena, node->chunks, node->chunk_count * sizeof(*node->chunks)))
		return false;
	for (unsigned i = 0; i < node->chunk_count; i++) {
		struct memory_chunk *chunk = node->chunks[i];

		if (!chunk)
			continue;
		if (!arena_mark(arena, chunk, sizeof(*chunk)))
			return false;
		for (unsigned j = 0; j < MEMORY_CHUNK; j++)
			if (chunk->pages[j] && !memory_page_mark(volume, chunk->pages[j]))
				return false;
	}
	return true;
}

int memory_page_in(struct node *base, uint32_t page, unsigned *count, void **data)
{
	struct memory_node *node = memory_node_of(base);
	uint64_t offset = (uint64_t)page * PAGE_SIZE_;
	int error = 0;
	void *from;

	*data = NULL;
	*count = 1;
	volume_lock(base->volume);
	from = page_of(node, page);
	if (offset >= base->stat.size) {
		error = MASIX_E_INVALID;
	} else if (from) {
		*data = aligned_alloc(PAGE_SIZE_, PAGE_SIZE_);
		if (*data)
			memcpy(*data, from, PAGE_SIZE_);
		else
			error = MASIX_E_LIMIT;
	}
	volume_unlock(base->volume);
	return error;
}

int memory_page_out(struct node *base, uint32_t page, unsigned count, void *data)
{
	struct memory_node *node = memory_node_of(base);
	int error = 0;

	volume_lock(base->volume);
	for (unsigned i = 0; i < count && !error; i++) {
		uint64_t offset = (uint64_t)(page + i) * PAGE_SIZE_, left;

		if (offset >= base->stat.size)
			break;
		error = add_page(node, page + i);
		if (error)
			break;
		left = base->stat.size - offset;
		memcpy(page_of(node, page + i), (char *)data + i * PAGE_SIZE_,
			left < PAGE_SIZE_ ? (size_t)left : PAGE_SIZE_);
	}
	if (error) {
		node_change(base);
		base->error = error;
	}
	volume_unlock(base->volume);
	return error;
}
