#include "mappings.h"

#include <asm/errno.h>
#include <mach/vm_prot.h>
#include <masix/error.h>

#include "files.h"
#include "io.h"
#include "kernel.h"
#include "mach_port.h"
#include "space.h"
#include "view.h"

#define MAPPINGS 256
#define MAY_MOVE 1
#define TO_FIXED 2

static struct {
	struct emul_lock lock; /* nothing is locked inside */
	unsigned count;
	struct mapping entries[MAPPINGS];
} table;

/* Lock held.  The last entry takes the place of one that goes. */
static void remove(unsigned index)
{
	port_drop(table.entries[index].object);
	table.entries[index] = table.entries[--table.count];
}

/* Lock held; the right is taken over. */
static void insert(const struct mapping *mapping)
{
	for (unsigned i = 0; i < table.count; i++) {
		struct mapping *m = &table.entries[i];

		if (m->end == mapping->start && m->object == mapping->object &&
			m->offset + (m->end - m->start) == mapping->offset &&
			m->shared == mapping->shared) {
			m->end = mapping->end;
			port_drop(mapping->object);
			return;
		}
	}
	if (table.count == MAPPINGS)
		port_drop(mapping->object);
	else
		table.entries[table.count++] = *mapping;
}

static kern_return_t copy_right(mach_port_t right)
{
	return mach_port_mod_refs(EMUL_PORT_TASK, right, MACH_PORT_RIGHT_SEND, 1);
}

void mappings_add(const struct mapping *mapping)
{
	emul_lock(&table.lock);
	insert(mapping);
	emul_unlock(&table.lock);
}

/* Lock held.  What is left of an entry on both sides of the range. */
static void cut_one(unsigned index, uint32_t start, uint32_t end)
{
	struct mapping *m = &table.entries[index], rest = *m;

	rest.start = end;
	rest.offset += end - m->start;
	if (m->start < start && end < m->end) {
		m->end = start;
		if (!copy_right(rest.object))
			insert(&rest);
	} else if (m->start < start) {
		m->end = start;
	} else if (end < m->end) {
		*m = rest;
	} else {
		remove(index);
	}
}

static void cut_entries(uint32_t start, uint32_t end)
{
	emul_lock(&table.lock);
	for (unsigned i = table.count; i-- > 0;)
		if (table.entries[i].start < end && start < table.entries[i].end)
			cut_one(i, start, end);
	emul_unlock(&table.lock);
}

void mappings_cut(uint32_t start, uint32_t end)
{
	view_cut(start, end);
	cut_entries(start, end);
}

void mappings_clear(void)
{
	view_clear();
	emul_lock(&table.lock);
	while (table.count > 0)
		remove(table.count - 1);
	emul_unlock(&table.lock);
}

void mappings_fork_child(void)
{
	view_fork_child();
	table.lock.word = 0;
	if (table.count != 0)
		table.count = 0;
}

/* A copy of the entry with `start`, cut to what begins there, and a right of the caller's. */
static int take(uint32_t start, struct mapping *found)
{
	int is_there = 0;

	emul_lock(&table.lock);
	for (unsigned i = 0; i < table.count && !is_there; i++) {
		const struct mapping *m = &table.entries[i];

		if (start < m->start || start >= m->end)
			continue;
		*found = *m;
		found->offset += start - m->start;
		found->start = start;
		is_there = !copy_right(m->object);
	}
	emul_unlock(&table.lock);
	return is_there;
}

/* The memory object of what the parent mapped: of the file that has the name now, if it is the same one. */
static kern_return_t find_object(const struct emul_view_mapping *seen, mach_port_t *object)
{
	kern_return_t kr = MASIX_E_NOT_FOUND;
	struct masix_stat stat;
	mach_port_t port;
	int64_t size;
	int kind;

	if (emul_path_open(-1, seen->name, MASIX_OPEN_READ, 0, &kind, &port, &stat) != 0)
		return kr;
	if (kind == MASIX_KIND_FILE && stat.ino == seen->ino && stat.dev == seen->dev)
		kr = io_map(port, object, &size);
	port_drop(port);
	return kr;
}

/* Know again what was inherited by fork. */
static int recall(uint32_t start)
{
	struct emul_view_mapping seen;
	struct region_entry entry;
	struct mapping m;

	if (!view_find(start, &seen) || !region_find(start, &entry) || entry.address > start)
		return 0;
	m = (struct mapping){ .start = seen.start,
		.end = seen.end,
		.offset = seen.offset,
		.shared = entry.inheritance == VM_INHERIT_SHARE,
		.max_protection = VM_PROT_READ | VM_PROT_EXECUTE };
	if (find_object(&seen, &m.object) != KERN_SUCCESS)
		return 0;
	cut_entries(m.start, m.end);
	mappings_add(&m);
	return 1;
}

/* Map a part of the file where `request` says; the right stays the caller's. */
static long map(const struct mapping *from, struct region_request *request, uint32_t *address)
{
	struct mapping made = *from;
	long result;

	request->object = from->object;
	request->max_protection = from->max_protection;
	request->flags |= from->shared ? REGION_SHARED : 0;
	result = region_map(&space, request, address);
	if (result)
		return result;
	made.start = *address;
	made.end = *address + page_up(request->length);
	made.offset = request->offset;
	/* Before the names at its place are forgotten: the same file may be mapped there anew. */
	view_move(from->start, made.start, made.end - made.start, made.offset);
	if (request->flags & REGION_FIXED)
		cut_entries(made.start, made.end);
	space_mark(made.start, made.end - made.start, 1);
	if (!copy_right(made.object))
		mappings_add(&made);
	return 0;
}

/* The mapping at a new place: private pages are copied, since some may have been changed. */
static long move(const struct mapping *from, uint32_t old, struct region_request *request)
{
	const int protection = request->protection;
	uint32_t address;
	long result;

	if (!from->shared)
		request->protection |= VM_PROT_WRITE;
	result = map(from, request, &address);
	if (result)
		return result;
	/* Behind the file's end there is nothing to be copied. */
	if (!from->shared)
		(void)emul_copy((void *)address, (const void *)from->start, old);
	if (!from->shared && !(protection & VM_PROT_WRITE))
		result = region_protect(&space, address, request->length, protection);
	if (!result)
		result = region_unmap(&space, from->start, old);
	mappings_cut(from->start, from->start + old);
	space_mark(from->start, old, 0);
	return result ? result : (long)address;
}

static long grow(const struct mapping *m, uint32_t old, uint32_t new, int flags, uint32_t wanted)
{
	struct region_entry entry;
	struct region_request request = { 0 };
	uint32_t address;

	if (m->end - m->start < old || !region_find(m->start, &entry))
		return -ENOMEM;
	request.protection = entry.protection;
	if (flags & TO_FIXED && wanted < m->start + old && m->start < wanted + new)
		return -EINVAL;
	if (!(flags & TO_FIXED)) {
		request.address = m->start + old;
		request.length = new - old;
		request.offset = m->offset + old;
		request.flags = REGION_NO_REPLACE;
		if (!map(m, &request, &address))
			return (long)m->start;
	}
	if (!(flags & MAY_MOVE))
		return -ENOMEM;
	request.address = flags & TO_FIXED ? wanted : 0;
	request.length = new;
	request.offset = m->offset;
	request.flags = flags & TO_FIXED ? REGION_FIXED : 0;
	return move(m, old, &request);
}

long mappings_grow(uint32_t address, uint32_t old, uint32_t new, int flags, uint32_t wanted)
{
	struct mapping m;
	long result;

	if (!take(address, &m) && !(recall(address) && take(address, &m)))
		return -ENOMEM;
	result = grow(&m, page_up(old), page_up(new), flags, wanted);
	port_drop(m.object);
	return result;
}

/* Map the part of a private mapping that has one protection anew; it ends at *part_end. */
static long refresh_part(const struct mapping *m, uint32_t end, uint32_t *part_end)
{
	struct region_entry entry;
	struct region_request request = { .address = m->start, .flags = REGION_FIXED };
	uint32_t address;

	if (end > m->end)
		end = m->end;
	*part_end = end;
	if (m->shared || !region_find(m->start, &entry) || entry.address > m->start)
		return 0;
	if (end > entry.address + entry.size)
		end = entry.address + entry.size;
	*part_end = end;
	request.length = end - m->start;
	request.offset = m->offset;
	request.protection = entry.protection;
	return map(m, &request, &address);
}

/* Where the first entry behind `start` begins, at most `end`. */
static uint32_t next_start(uint32_t start, uint32_t end)
{
	end = view_next(start, end);
	emul_lock(&table.lock);
	for (unsigned i = 0; i < table.count; i++)
		if (table.entries[i].start > start && table.entries[i].start < end)
			end = table.entries[i].start;
	emul_unlock(&table.lock);
	return end;
}

long mappings_refresh(uint32_t start, uint32_t end)
{
	long result = 0;

	while (start < end && !result) {
		struct mapping m;

		if (!take(start, &m) && !(recall(start) && take(start, &m))) {
			start = next_start(start, end);
			continue;
		}
		result = refresh_part(&m, end, &start);
		port_drop(m.object);
	}
	return result;
}
