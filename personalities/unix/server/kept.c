#include "kept.h"

#include <mach.h>
#include <stdlib.h>

#include <masix/error.h>
#include <masix/estate.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "kept_region.h"

#undef memcpy
#undef malloc
#undef free

_Static_assert(MASIX_KEEP_BASE == KEPT_BASE && KEPT_BASE + KEPT_SIZE <= MASIX_KEEP_LIMIT, "room");
_Static_assert(KEPT_SLOTS_AT + KEPT_SLOTS * sizeof(struct kept_slot) <= KEPT_HEAP, "slots");
_Static_assert(KEPT_MAP + KEPT_PAGES * sizeof(uint32_t) <= KEPT_SLOTS_AT, "map");

/* --- Memory --- */

static void *fresh(void *at, size_t size)
{
	const struct kept_span span = { at, size };

	if (at != NULL)
		log_fresh(&span);
	return at;
}

static void release(const struct kept_span *span)
{
	if (!log_free_later(span))
		heap_free(span);
}

void *kept_malloc(size_t size)
{
	return fresh(heap_allocate(size, false, false), 0);
}

void *kept_calloc(size_t count, size_t size)
{
	return size == 0 || count <= SIZE_MAX / size
		       ? fresh(heap_allocate(count * size, false, true), 0)
		       : NULL;
}

void *kept_object(size_t size)
{
	return fresh(heap_allocate(size, true, true), 0);
}

void kept_free(void *block)
{
	const struct kept_span span = { .at = block };

	if (block != NULL && is_kept(block))
		release(&span);
	else
		free(block); /* the C library's own */
}

KEPT_RAW static void *copy_of(const void *from, size_t size, size_t room)
{
	void *copy = kept_malloc(room);

	if (copy != NULL)
		memcpy(copy, from, size);
	return copy;
}

KEPT_RAW void *kept_realloc(void *block, size_t size)
{
	size_t had = block != NULL ? heap_size_of(block) : 0;
	void *new;

	if (had >= size && block != NULL)
		return block;
	new = block != NULL ? copy_of(block, had, size) : kept_malloc(size);
	if (new != NULL)
		kept_free(block);
	return new;
}

KEPT_RAW char *kept_strndup(const char *text, size_t most)
{
	size_t length = strnlen(text, most);
	char *copy = copy_of(text, length, length + 1);

	if (copy != NULL)
		copy[length] = '\0';
	return copy;
}

char *kept_strdup(const char *text)
{
	return kept_strndup(text, SIZE_MAX);
}

void *kept_pages(size_t size)
{
	return fresh(heap_allocate_pages(size), size);
}

void kept_pages_release(void *pages, size_t size)
{
	const struct kept_span span = { pages, size };

	if (size > 0)
		release(&span);
}

void *kept_pages_copy(const void *pages, size_t size)
{
	const size_t skip = (uintptr_t)pages % KEPT_PAGE;
	mach_msg_type_number_t copied;
	vm_address_t copy;

	return vm_read(mach_task_self(), (uintptr_t)pages - skip, skip + size, &copy, &copied) ==
			       KERN_SUCCESS
		       ? (char *)copy + skip
		       : NULL;
}

static void discard(vm_address_t at, size_t size)
{
	kern_return_t ignored = vm_deallocate(mach_task_self(), at, size);

	(void)ignored;
}

bool pages_map(void *address, size_t size)
{
	vm_address_t at = (vm_address_t)address;

	discard(at, size);
	return vm_allocate(mach_task_self(), &at, size, FALSE) == KERN_SUCCESS;
}

bool pages_reserve(void *address, size_t size)
{
	vm_address_t at = (vm_address_t)address;

	discard(at, size);
	return vm_map(mach_task_self(), &at, size, 0, FALSE, MACH_PORT_NULL, 0, FALSE, VM_PROT_NONE,
		       VM_PROT_ALL, VM_INHERIT_SHARE) == KERN_SUCCESS;
}

KEPT_RAW void *kept_root(enum kept_root which, size_t size)
{
	struct kept_header *header = kept_header();

	if (header->roots[which] == NULL)
		header->roots[which] = heap_allocate(size, false, true);
	if (header->roots[which] == NULL)
		masix_fatal("no memory");
	return header->roots[which];
}

/* --- Beginning --- */

KEPT_RAW bool kept_begin(void)
{
	struct kept_header *header = kept_header();
	bool successor = false;
	kern_return_t kr = masix_keep(KEPT_BASE, KEPT_SIZE, &successor);

	if (kr != KERN_SUCCESS)
		masix_fatal("kept pages: %s", masix_strerror(kr));
	if (successor && header->magic == KEPT_MAGIC) {
		header->incarnation++;
		heap_close_holes();
		return true;
	}
	/* Large runs are mapped one by one, so that each gives back its memory.  All else is reserved. */
	if (!pages_reserve((void *)(KEPT_BASE + KEPT_LARGE), KEPT_SIZE - KEPT_LARGE))
		masix_fatal("the kept pages cannot be used");
	header->incarnation = 1;
	return false;
}

KEPT_RAW void kept_ready(void)
{
	kept_header()->magic = KEPT_MAGIC;
}

/* One thread's unfinished transaction. */
KEPT_RAW static void recover_slot(struct kept_slot *slot, bool (*was_answered)(mach_port_t reply))
{
	if (slot->phase == KEPT_ANSWERING && was_answered(slot->reply))
		slot->phase = KEPT_DONE;
	if (slot->phase == KEPT_OPEN || slot->phase == KEPT_ANSWERING) {
		log_undo(slot);
		for (uint32_t i = 0; i < slot->fresh_count; i++)
			heap_free(&slot->fresh[i]);
		slot->free_count = 0;
	}
	log_end(slot);
}

KEPT_RAW void kept_recover(bool (*was_answered)(mach_port_t reply))
{
	heap_rebuild();
	for (unsigned i = 0; i < KEPT_SLOTS; i++)
		if (kept_slot(i)->log != NULL)
			recover_slot(kept_slot(i), was_answered);
}

void kept_visit_unsent(void (*visit)(void **outbox))
{
	for (unsigned i = 0; i < KEPT_SLOTS; i++)
		if (kept_slot(i)->log != NULL)
			visit(kept_slot(i)->outbox);
}
