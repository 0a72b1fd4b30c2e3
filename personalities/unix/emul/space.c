/* mmap and relatives, and the library's own memory. */
#include <asm/errno.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#include "calls.h"
#include "files.h"
#include "kernel.h"
#include "mach.h"
#include "mach/traps.h"
#include "mach_port.h"
#include "mappings.h"
#include "process.h"
#include "space.h"
#include "view.h"

#define MAP_SHARED 1u
#define MAP_PRIVATE 2u
#define MAP_TYPE 0xfu
#define MAP_SHARED_VALIDATE 3u
#define MAP_FIXED 0x10u
#define MAP_ANONYMOUS 0x20u
#define MAP_FIXED_NOREPLACE 0x100000u
#define RLIMIT_DATA 2
#define RLIMIT_AS 9
#define STACK_COUNTED (132u << 10) /* of the main stack, which lies there in full size */
#define MADV_DONTNEED 4
#define MADV_FREE 8
#define MADV_LAST 25
#define MS_ASYNC 1
#define MS_SYNC 4

/* Which pages of the program map a file, since the kernel does not tell: a bit each.  Pages of
 * the map that were never written are skipped when it is cleared. */
#define MAP_BYTES (EMUL_BASE / SPACE_PAGE / 8)
static uint8_t file_map[MAP_BYTES];
static uint8_t file_map_used[MAP_BYTES / SPACE_PAGE + 1];

static int is_file_page(uint32_t page)
{
	return file_map[page / 8] >> (page % 8) & 1;
}

static int any_file_page(uint32_t address, uint32_t size)
{
	uint32_t page = address / SPACE_PAGE, end = (address + size - 1) / SPACE_PAGE;

	for (; page <= end; page++)
		if (is_file_page(page))
			return 1;
	return 0;
}

void space_mark(uint32_t address, uint32_t size, int is_file)
{
	uint32_t page = address / SPACE_PAGE, end = page + page_up(size) / SPACE_PAGE;

	for (; page < end && page < MAP_BYTES * 8; page++) {
		if (is_file_page(page) == is_file)
			continue;
		file_map[page / 8] ^= (uint8_t)(1u << page % 8);
		file_map_used[page / 8 / SPACE_PAGE] = 1;
	}
}

static void clear_marks(void)
{
	uint32_t i;

	for (i = 0; i < sizeof file_map_used; i++) {
		uint32_t start = i * SPACE_PAGE;

		if (!file_map_used[i])
			continue;
		file_map_used[i] = 0;
		memset(file_map + start, 0,
			MAP_BYTES - start < SPACE_PAGE ? MAP_BYTES - start : SPACE_PAGE);
	}
}

/* Mappings that are shared with every child, as far as one fork has to know them. */
#define SHARED_MAX 64
static int has_shared; /* since the last exec */
static struct {
	int active; /* all of the program's memory will be shared with the next child */
	unsigned count;
	struct region_entry entries[SHARED_MAX];
} sharing;

struct region_space space = {
	.low = SPACE_MMAP,
	.limit = EMUL_BASE,
	.object_size = 1u << 20,
	.backed = any_file_page,
};

/* The library's own memory: neither exec nor the program reaches it. */
static struct region_space own = {
	.low = EMUL_MEMORY,
	.limit = EMUL_END,
};

/* Those that stay shared when the rest no longer is. */
static int find_shared(void)
{
	struct region_entry entry;
	uint32_t at = 0;

	sharing.count = 0;
	while (has_shared && region_find(at, &entry) && entry.address < EMUL_BASE) {
		at = entry.address + entry.size;
		if (entry.inheritance != VM_INHERIT_SHARE)
			continue;
		if (sharing.count == SHARED_MAX)
			return 0;
		sharing.entries[sharing.count++] = entry;
	}
	return 1;
}

int space_begin_sharing(void)
{
	space_end_sharing();
	if (!find_shared() || vm_inherit(EMUL_PORT_TASK, 0, EMUL_BASE, VM_INHERIT_SHARE))
		return -ENOMEM;
	sharing.active = 1;
	return 0;
}

void space_end_sharing(void)
{
	if (!sharing.active)
		return;
	sharing.active = 0;
	/* These ranges are the program's, so nothing can be wrong with them. */
	(void)vm_inherit(EMUL_PORT_TASK, 0, EMUL_BASE, VM_INHERIT_COPY);
	for (unsigned i = 0; i < sharing.count; i++)
		(void)vm_inherit(EMUL_PORT_TASK, sharing.entries[i].address,
			sharing.entries[i].size, VM_INHERIT_SHARE);
}

void space_clear(void)
{
	has_shared = sharing.active = 0;
	(void)trap_vm_deallocate(EMUL_PORT_TASK, 0, EMUL_BASE);
	mappings_clear();
	space.heap = space.brk = 0;
	space.cursor = space.hole = 0;
	clear_marks();
}

void space_set_heap(uint32_t heap)
{
	space.heap = space.brk = page_up(heap);
}

void space_fork_prepare(void)
{
	vector_lock(&space.lock);
	vector_lock(&own.lock);
}

void space_fork_parent(void)
{
	vector_unlock(&own.lock);
	vector_unlock(&space.lock);
}

void space_fork_child(void)
{
	space.lock.state = 0;
	own.lock.state = 0;
	mappings_fork_child();
}

void *emul_memory_allocate(uint32_t size, int shared)
{
	struct region_request request = {
		.length = size,
		.protection = VM_PROT_READ | VM_PROT_WRITE,
		.flags = shared ? REGION_SHARED : 0,
		.max_protection = VM_PROT_ALL,
	};
	uint32_t address;

	return region_map(&own, &request, &address) ? NULL : (void *)address;
}

void emul_memory_free(void *memory, uint32_t size)
{
	(void)region_unmap(&own, (uint32_t)memory, size);
}

/* What backs the mapping: 0 with request->object (a right we own) or null for anonymous; *mapped (may be NULL) is to be
 * released. */
static long find_object(
	struct region_request *request, uint32_t flags, int fd, struct emul_file **mapped)
{
	int want_write = (flags & MAP_TYPE) != MAP_PRIVATE && (request->protection & VM_PROT_WRITE);
	struct emul_file *file = NULL;
	uint64_t size;
	long result;

	*mapped = NULL;
	request->object = MACH_PORT_NULL;
	request->max_protection = VM_PROT_ALL;
	if (flags & MAP_ANONYMOUS)
		return 0;
	result = emul_fd_map(fd, want_write, &request->object, &size, &file);
	if (result)
		return result;
	if (file) {
		if (!file_writable(file))
			request->max_protection = VM_PROT_READ | VM_PROT_EXECUTE;
		*mapped = file;
	}
	return 0;
}

/* RLIMIT_AS: 0, or -ENOMEM. */
static long check_size(uint32_t more)
{
	uint64_t limit = emul_process.limits[RLIMIT_AS][0], size = page_up(more);
	struct region_entry entry;
	uint32_t at = 0;

	if (limit == ~0ull)
		return 0;
	for (; region_find(at, &entry) && entry.address < EMUL_BASE;
		at = entry.address + entry.size)
		size += entry.address + entry.size == EMUL_BASE && entry.size > STACK_COUNTED
				? STACK_COUNTED
				: entry.size;
	return size <= limit ? 0 : -ENOMEM;
}

/* The right goes to the table. */
static void note_mapping(
	const struct region_request *request, uint32_t address, struct emul_file *file)
{
	const struct mapping made = {
		.start = address,
		.end = address + page_up(request->length),
		.offset = request->offset,
		.object = request->object,
		.shared = request->flags & REGION_SHARED,
		.max_protection = request->max_protection,
	};

	if (request->flags & REGION_FIXED)
		mappings_cut(made.start, made.end);
	if (made.object != MACH_PORT_NULL)
		mappings_add(&made);
	if (file)
		view_map(made.start, made.end, made.offset, file);
}

static long map(const uint32_t *a, uint32_t page_offset)
{
	uint32_t flags = a[3], type = flags & MAP_TYPE, address;
	struct emul_file *file;
	struct region_request request = {
		.address = a[0],
		.length = a[1],
		.protection = (int)(a[2] & 7),
	};
	long result;

	if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (page_offset >= 1u << 20)
		return -EOVERFLOW;
	request.offset = page_offset * SPACE_PAGE;
	if (flags & MAP_FIXED_NOREPLACE)
		request.flags = REGION_NO_REPLACE;
	else if (flags & MAP_FIXED)
		request.flags = REGION_FIXED;
	if (type != MAP_PRIVATE)
		request.flags |= REGION_SHARED;
	result = check_size(request.length);
	if (!result)
		result = find_object(&request, flags, (int)a[4], &file);
	if (result)
		return result;
	if (request.object == MACH_PORT_NULL)
		request.offset = 0;
	if (request.flags & REGION_SHARED)
		has_shared = 1;
	result = region_map(&space, &request, &address);
	if (result) {
		port_drop(request.object);
	} else {
		space_mark(address, request.length, request.object != MACH_PORT_NULL);
		note_mapping(&request, address, file);
		result = (long)address;
	}
	if (file)
		file_release(file);
	return result;
}

long sys_mmap2(const uint32_t *a)
{
	return map(a, a[5]);
}

/* The six arguments lie in memory, the offset in bytes. */
long sys_old_mmap(const uint32_t *a)
{
	uint32_t copy[6];

	memcpy(copy, (const void *)a[0], sizeof copy);
	if (copy[5] % SPACE_PAGE)
		return -EINVAL;
	return map(copy, copy[5] / SPACE_PAGE);
}

/* No hole in the range?  Addresses that are not page-aligned count as their page. */
static int is_mapped(uint32_t address, uint32_t size)
{
	uint32_t at = address & ~(SPACE_PAGE - 1), end = address + page_up(size);
	struct region_entry entry;

	while (at < end) {
		if (!region_find(at, &entry) || entry.address > at)
			return 0;
		at = entry.address + entry.size;
	}
	return 1;
}

long sys_munmap(const uint32_t *a)
{
	int result = region_unmap(&space, a[0], a[1]);

	if (!result) {
		mappings_cut(a[0], a[0] + page_up(a[1]));
		space_mark(a[0], a[1], 0);
	}
	return result;
}

long sys_mprotect(const uint32_t *a)
{
	int result = region_protect(&space, a[0], a[1], (int)(a[2] & 7));

	return result || is_mapped(a[0], a[1]) ? result : -ENOMEM;
}

long sys_mremap(const uint32_t *a)
{
	uint32_t address;
	int result;

	if (a[1] && emul_user_range(a[0], a[1]) && !is_mapped(a[0], a[1]))
		return -EFAULT;
	if (a[2] > a[1] && check_size(a[2] - a[1]))
		return -ENOMEM;
	if (page_up(a[2]) > page_up(a[1]) && emul_user_range(a[0], a[1]) &&
		any_file_page(a[0], 1) && !(a[3] & ~3u) && a[0] % SPACE_PAGE == 0 && a[3] != 2)
		return mappings_grow(a[0], a[1], a[2], (int)a[3], a[4]);
	result = region_remap(&space, a[0], a[1], a[2], (int)a[3], a[4], &address);

	if (!result && page_up(a[2]) < page_up(a[1]))
		mappings_cut(a[0] + page_up(a[2]), a[0] + page_up(a[1]));
	if (!result)
		space_mark(address, a[2], any_file_page(address, 1));
	return result ? result : (long)address;
}

long sys_brk(const uint32_t *a)
{
	uint64_t limit = emul_process.limits[RLIMIT_DATA][0];

	if (a[0] > space.heap && a[0] - space.heap > limit)
		return (long)space.brk;
	if (a[0] > space.brk && check_size(a[0] - space.brk))
		return (long)space.brk;
	return (long)region_break(&space, a[0]);
}

long sys_madvise(const uint32_t *a)
{
	if (a[0] % SPACE_PAGE)
		return -EINVAL;
	if (a[2] == MADV_DONTNEED || a[2] == MADV_FREE) {
		long result = region_discard(&space, a[0], a[1]);

		return result ? result : mappings_refresh(a[0], a[0] + page_up(a[1]));
	}
	if (a[2] > MADV_LAST)
		return -EINVAL;
	return is_mapped(a[0], a[1]) ? 0 : -ENOMEM; /* advice */
}

/* Which file lies there is not recorded: write back everything. */
long sys_msync(const uint32_t *a)
{
	if (a[0] % SPACE_PAGE || (a[2] & ~7u) ||
		(a[2] & (MS_SYNC | MS_ASYNC)) == (MS_SYNC | MS_ASYNC))
		return -EINVAL;
	if (!is_mapped(a[0], a[1]))
		return -ENOMEM;
	return a[2] & MS_SYNC ? emul_result(process_sync(EMUL_PORT_PROCESS)) : 0;
}

/* Anonymous memory never leaves main memory: there is no paging space. */
long sys_mlock(const uint32_t *a)
{
	(void)a;
	return 0;
}

long sys_munlock(const uint32_t *a)
{
	(void)a;
	return 0;
}
