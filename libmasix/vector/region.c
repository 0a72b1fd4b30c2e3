#include "vector/region.h"

#include <asm-generic/errno-base.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>
#include <masix/mach.h>

#include "mach.h"
#include "mach/mig_support.h"
#include "mach/traps.h"
#include "vector/thread.h"

#define LARGE_UNMAP (128 * 1024u) /* from here on it pays to look for a shrunk tail */

static uint32_t page_up(uint32_t size)
{
	return (size + REGION_PAGE - 1) & ~(REGION_PAGE - 1);
}

static int aligned(uint32_t address)
{
	return (address & (REGION_PAGE - 1)) == 0;
}

/* A range of pages for programs: not empty, no wrap-around, below the limit. */
static int good_range(const struct region_space *space, uint32_t address, uint32_t length)
{
	uint32_t size = page_up(length);

	return aligned(address) && size != 0 && address < space->limit &&
	       size <= space->limit - address;
}

/* i386 pages are readable whenever they can be used at all. */
static vm_prot_t kernel_protection(int protection)
{
	vm_prot_t result = protection & (VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE);

	return result != 0 ? result | VM_PROT_READ : VM_PROT_NONE;
}

static int error_of(kern_return_t result)
{
	switch (result) {
	case KERN_SUCCESS:
		return 0;
	case KERN_PROTECTION_FAILURE:
	case KERN_NO_ACCESS:
		return -EACCES;
	case KERN_INVALID_ARGUMENT:
		return -EINVAL;
	default:
		return -ENOMEM;
	}
}

static kern_return_t map_anonymous(
	uint32_t address, uint32_t size, vm_prot_t protection, vm_inherit_t inheritance)
{
	return trap_vm_map(vector_task.task, &address, size, 0, FALSE, MACH_PORT_NULL, 0, FALSE,
		protection, VM_PROT_ALL, inheritance);
}

static int is_backed(const struct region_space *space, uint32_t address, uint32_t size)
{
	return space->backed != NULL && space->backed(address, size);
}

static void unmap(uint32_t address, uint32_t size)
{
	/* Fails only for a bad task or a range that wraps around; neither can be. */
	(void)trap_vm_deallocate(vector_task.task, address, size);
}

int region_find(uint32_t address, struct region_entry *entry)
{
	vm_address_t found = address;
	vm_size_t size;
	vm_prot_t protection, max_protection;
	vm_inherit_t inheritance;
	boolean_t shared;
	mach_port_t name;
	vm_offset_t offset;

	if (vm_region(vector_task.task, &found, &size, &protection, &max_protection, &inheritance,
		    &shared, &name, &offset) != KERN_SUCCESS)
		return 0;
	entry->address = found;
	entry->size = size;
	entry->protection = protection;
	entry->inheritance = inheritance;
	if (MACH_PORT_VALID(name))
		(void)trap_port_deallocate(vector_task.task, name);
	return 1;
}

/* Unmapping the tail of an object frees no page as long as its head lives.  Mapping the same
 * range again makes the kernel extend the head's object and drop the stale pages. */
static void unmap_tail(
	uint32_t address, uint32_t size, vm_prot_t protection, vm_inherit_t inheritance)
{
	unmap(address, size);
	if (map_anonymous(address, size, protection, inheritance) == KERN_SUCCESS)
		unmap(address, size);
}

static uint32_t next_boundary(const struct region_space *space, uint32_t address)
{
	return (address & ~(space->object_size - 1)) + space->object_size;
}

/* Lock held.  The range was just mapped with VM_INHERIT_NONE: give each piece of object_size an
 * object of its own.  The kernel joins equal neighbours unless both have an object, and makes the
 * object at the first touch; so neighbours differ in inheritance until each is touched. */
static void split_objects(const struct region_space *space, uint32_t address, uint32_t size)
{
	uint32_t at, next, end = address + size;
	int odd = 0;

	for (at = address; at < end; at = next, odd = !odd) {
		next = next_boundary(space, at);
		if (next > end || next < at)
			next = end;
		/* Failure leaves a larger object, which is slower to fork but right. */
		if (odd)
			(void)vm_inherit(vector_task.task, at, next - at, VM_INHERIT_COPY);
	}
	for (at = address; at < end; at = next) {
		next = next_boundary(space, at);
		if (next > end || next < at)
			next = end;
		*(volatile char *)at = 0;
	}
	(void)vm_inherit(vector_task.task, address, size, VM_INHERIT_COPY);
}

struct mapping { /* vm_map's arguments, apart from the place */
	uint32_t size;
	mach_port_t object;
	uint32_t offset;
	boolean_t copy;
	vm_prot_t protection, max_protection;
	vm_inherit_t inheritance;
};

static kern_return_t map_at(uint32_t address, const struct mapping *mapping)
{
	return trap_vm_map(vector_task.task, &address, mapping->size, 0, FALSE, mapping->object,
		mapping->offset, mapping->copy, mapping->protection, mapping->max_protection,
		mapping->inheritance);
}

/* Lock held: map at the first place from `at` on that is free, noting holes that were too small. */
static kern_return_t map_from(
	struct region_space *space, uint32_t at, const struct mapping *mapping, uint32_t *address)
{
	struct region_entry entry;
	kern_return_t result;

	while (at < space->limit && mapping->size <= space->limit - at) {
		result = map_at(at, mapping);
		if (result == KERN_SUCCESS) {
			*address = at;
			space->cursor = at + mapping->size;
			return KERN_SUCCESS;
		}
		if (result != KERN_NO_SPACE || !region_find(at, &entry))
			return result;
		if (entry.address > at && entry.address - at > space->hole)
			space->hole = entry.address - at;
		at = entry.address + entry.size;
	}
	return KERN_NO_SPACE;
}

/* Lock held. */
static kern_return_t map_anywhere(
	struct region_space *space, const struct mapping *mapping, uint32_t *address)
{
	uint32_t start = space->cursor;
	kern_return_t result;

	if (start < space->low || mapping->size <= space->hole) {
		start = space->low;
		space->hole = 0;
	}
	result = map_from(space, start, mapping, address);
	if (result == KERN_NO_SPACE && start != space->low) {
		space->hole = 0;
		result = map_from(space, space->low, mapping, address);
	}
	return result;
}

/* Lock held. */
static int map_locked(
	struct region_space *space, const struct region_request *request, uint32_t *address)
{
	int fixed = request->flags & (REGION_FIXED | REGION_NO_REPLACE);
	int shared = request->flags & REGION_SHARED;
	struct mapping mapping = {
		.size = page_up(request->length),
		.object = request->object,
		.offset = request->offset,
		.copy = !shared && request->object != MACH_PORT_NULL,
		.protection = kernel_protection(request->protection),
		.max_protection = shared && request->object != MACH_PORT_NULL
					  ? request->max_protection
					  : VM_PROT_ALL,
	};
	int split = space->object_size != 0 && mapping.size > space->object_size && !shared &&
		    request->object == MACH_PORT_NULL && mapping.protection & VM_PROT_WRITE;
	kern_return_t result = KERN_NO_SPACE;

	mapping.inheritance = shared ? VM_INHERIT_SHARE : split ? VM_INHERIT_NONE : VM_INHERIT_COPY;
	if ((mapping.protection & mapping.max_protection) != mapping.protection)
		return -EACCES;
	if (request->flags & REGION_FIXED && !(request->flags & REGION_NO_REPLACE))
		unmap(request->address, mapping.size);
	*address = request->address;
	/* A hint is tried as it is. */
	if (fixed || (*address >= space->low && good_range(space, *address, mapping.size)))
		result = map_at(*address, &mapping);
	if (!fixed && result == KERN_NO_SPACE)
		result = map_anywhere(space, &mapping, address);
	if (result == KERN_NO_SPACE && request->flags & REGION_NO_REPLACE)
		return -EEXIST;
	if (result != KERN_SUCCESS)
		return error_of(result);
	if (split)
		split_objects(space, *address, mapping.size);
	return 0;
}

int region_map(struct region_space *space, const struct region_request *request, uint32_t *address)
{
	uint32_t size = page_up(request->length);
	int result;

	if (request->length == 0)
		return -EINVAL;
	if (size == 0 || size > space->limit)
		return -ENOMEM;
	if (!aligned(request->offset))
		return -EINVAL;
	if (request->flags & (REGION_FIXED | REGION_NO_REPLACE)) {
		if (!aligned(request->address))
			return -EINVAL;
		if (!good_range(space, request->address, size))
			return -ENOMEM;
	}
	vector_lock(&space->lock);
	result = map_locked(space, request, address);
	vector_unlock(&space->lock);
	return result;
}

/* Lock held. */
static void unmap_locked(struct region_space *space, uint32_t address, uint32_t size)
{
	struct region_entry entry;

	if (address < space->cursor)
		space->cursor = address;
	if (size >= LARGE_UNMAP && !is_backed(space, address - 1, 1) &&
		region_find(address, &entry) && entry.address < address &&
		entry.address + entry.size <= address + size)
		unmap_tail(address, size, entry.protection, entry.inheritance);
	else
		unmap(address, size);
}

int region_unmap(struct region_space *space, uint32_t address, uint32_t length)
{
	if (!good_range(space, address, length))
		return -EINVAL;
	vector_lock(&space->lock);
	unmap_locked(space, address, page_up(length));
	vector_unlock(&space->lock);
	return 0;
}

int region_protect(struct region_space *space, uint32_t address, uint32_t length, int protection)
{
	kern_return_t result;

	if (!aligned(address))
		return -EINVAL;
	if (length == 0)
		return 0;
	if (!good_range(space, address, length))
		return -ENOMEM;
	result = vm_protect(
		vector_task.task, address, page_up(length), FALSE, kernel_protection(protection));
	return error_of(result);
}

/* Lock held: the range is one run of anonymous memory with equal attributes. */
static int is_plain(const struct region_space *space, uint32_t address, uint32_t size,
	struct region_entry *first)
{
	struct region_entry entry;
	uint32_t at = address, end = address + size;

	if (is_backed(space, address, size) || !region_find(address, first) ||
		first->address > address)
		return 0;
	for (at = first->address + first->size; at < end; at = entry.address + entry.size) {
		if (!region_find(at, &entry) || entry.address > at ||
			entry.protection != first->protection ||
			entry.inheritance != first->inheritance)
			return 0;
	}
	return 1;
}

/* Lock held: give [address, address + old) a new place of `new` bytes, both anonymous. */
static int move_locked(struct region_space *space, uint32_t address, uint32_t old, uint32_t new,
	int fixed, uint32_t wanted, uint32_t *result)
{
	struct region_entry entry;
	struct region_request request = { .address = wanted, .length = new };
	uint32_t kept = old < new ? old : new;
	int error;

	if (!is_plain(space, address, old, &entry))
		return -ENOMEM;
	/* A shared mapping cannot be duplicated by copying. */
	if (entry.inheritance != VM_INHERIT_COPY)
		return -ENOMEM;
	request.protection = VM_PROT_READ | VM_PROT_WRITE;
	request.flags = fixed ? REGION_FIXED : 0;
	error = map_locked(space, &request, result);
	if (error != 0)
		return error;
	if (!(entry.protection & VM_PROT_READ) ||
		vm_copy(vector_task.task, address, kept, *result) == KERN_SUCCESS) {
		if (entry.protection != (VM_PROT_READ | VM_PROT_WRITE))
			error = error_of(vm_protect(
				vector_task.task, *result, new, FALSE, entry.protection));
	} else {
		error = -ENOMEM;
	}
	if (error != 0)
		unmap_locked(space, *result, new);
	else
		unmap_locked(space, address, old);
	return error;
}

/* Lock held: more of the same memory right behind, if there is room. */
static int grow_locked(struct region_space *space, uint32_t address, uint32_t old, uint32_t new)
{
	struct region_entry entry;

	if (!good_range(space, address, new) || !is_plain(space, address, old, &entry) ||
		entry.inheritance != VM_INHERIT_COPY)
		return 0;
	return map_anonymous(address + old, new - old, entry.protection, entry.inheritance) ==
	       KERN_SUCCESS;
}

int region_remap(struct region_space *space, uint32_t address, uint32_t old_length,
	uint32_t new_length, int flags, uint32_t wanted, uint32_t *result)
{
	const int may_move = 1, to_fixed = 2;
	uint32_t old = page_up(old_length), new = page_up(new_length);
	int error = 0;

	if (!good_range(space, address, old_length) || new == 0 || flags & ~(may_move | to_fixed) ||
		(flags & to_fixed && !(flags & may_move)))
		return -EINVAL;
	if (flags & to_fixed && (!good_range(space, wanted, new) ||
					(wanted < address + old && address < wanted + new)))
		return -EINVAL;

	vector_lock(&space->lock);
	*result = address;
	if (flags & to_fixed)
		error = move_locked(space, address, old, new, 1, wanted, result);
	else if (new < old)
		unmap_locked(space, address + new, old - new);
	else if (new > old && !grow_locked(space, address, old, new))
		error = flags & may_move ? move_locked(space, address, old, new, 0, 0, result)
					 : -ENOMEM;
	vector_unlock(&space->lock);
	return error;
}

int region_discard(struct region_space *space, uint32_t address, uint32_t length)
{
	uint32_t at = address, end = address + page_up(length);
	struct region_entry entry;
	int error = 0;

	if (length == 0)
		return 0;
	if (!good_range(space, address, length))
		return aligned(address) ? -ENOMEM : -EINVAL;
	vector_lock(&space->lock);
	while (error == 0 && at < end && region_find(at, &entry) && entry.address < end) {
		uint32_t from = entry.address > at ? entry.address : at;
		uint32_t to = entry.address + entry.size < end ? entry.address + entry.size : end;

		if (entry.address > at)
			error = -ENOMEM; /* a hole; the rest is done all the same in Linux too */
		if (!is_backed(space, from, to - from) && entry.inheritance == VM_INHERIT_COPY) {
			unmap(from, to - from);
			if (map_anonymous(from, to - from, entry.protection, entry.inheritance) !=
				KERN_SUCCESS)
				error = -ENOMEM;
		}
		at = to;
	}
	vector_unlock(&space->lock);
	return error;
}

/* Lock held: heap memory from `from` to `to`. */
static int grow_heap(const struct region_space *space, uint32_t from, uint32_t to)
{
	uint32_t middle = space->object_size != 0 ? next_boundary(space, from - 1) : to;

	if (middle > to)
		middle = to;
	if (middle > from && map_anonymous(from, middle - from, VM_PROT_READ | VM_PROT_WRITE,
				     VM_INHERIT_COPY) != KERN_SUCCESS)
		return 0;
	if (middle == to)
		return 1;
	if (map_anonymous(middle, to - middle, VM_PROT_READ | VM_PROT_WRITE, VM_INHERIT_NONE) !=
		KERN_SUCCESS) {
		if (middle > from)
			unmap(from, middle - from);
		return 0;
	}
	split_objects(space, middle, to - middle);
	return 1;
}

uint32_t region_break(struct region_space *space, uint32_t wanted)
{
	uint32_t from, to, result;

	vector_lock(&space->lock);
	from = page_up(space->brk);
	to = page_up(wanted);
	if (wanted >= space->heap && wanted < space->limit && to >= wanted &&
		(to <= from || grow_heap(space, from, to))) {
		if (to < from)
			unmap_tail(to, from - to, VM_PROT_READ | VM_PROT_WRITE, VM_INHERIT_COPY);
		space->brk = wanted;
	}
	result = space->brk;
	vector_unlock(&space->lock);
	return result;
}
