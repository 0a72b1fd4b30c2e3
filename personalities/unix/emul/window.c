/* A few windows of one size at fixed addresses, least recently used first out. */
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#include "io.h"
#include "kernel.h"
#include "trust.h"
#include "window.h"

#define WINDOWS 4
#define WINDOW_SIZE 0x100000u
#define WINDOW_BASE 0xbf400000u /* above the library's image, below its memory */

#define PAGE 4096u
#define PAGES (WINDOW_SIZE / PAGE)

/* Mapping costs as much as a few messages, and each first touch of a page as half of one: it is worth
 * while from here on. */
#define MANY_READS 3u
#define LARGE_READ 0x10000u
#define MANY_WRITES 8u
#define NEVER UINT32_MAX /* emul_file.reads, writes: the file cannot be mapped for that */

_Static_assert(WINDOW_BASE + WINDOWS * WINDOW_SIZE <= EMUL_MEMORY, "room for the windows");

struct window {
	uint32_t users; /* reads under way; it stays as it is meanwhile */
	uint32_t is_mapped;
	uint32_t is_writable;
	uint32_t dev;
	uint64_t ino;
	int64_t start;		  /* in the file; a multiple of WINDOW_SIZE */
	int64_t size;		  /* of the file, when it was asked for */
	struct trust trust;	  /* in that */
	uint32_t used;		  /* clock of the last use */
	struct trust own_since;	  /* the first message of those below */
	uint32_t own[PAGES / 32]; /* pages that this process has written by message: bits */
};

/* Everything here is guarded by the lock; it is not held while anything is read. */
static struct {
	struct emul_lock lock;
	uint32_t clock;
	struct window windows[WINDOWS];
} set;

volatile uint32_t trust_epoch, trust_news;

static uint32_t address_of(const struct window *window)
{
	return WINDOW_BASE + (uint32_t)(window - set.windows) * WINDOW_SIZE;
}

/* Lock held: the window on that part of the file, else the best one to give up, or NULL. */
static struct window *find(const struct emul_file *file, int64_t start, int *found)
{
	struct window *oldest = NULL;

	*found = 0;
	for (unsigned i = 0; i < WINDOWS; i++) {
		struct window *window = &set.windows[i];

		if (window->is_mapped && window->ino == file->stat.ino &&
			window->dev == file->stat.dev && window->start == start) {
			*found = 1;
			return window;
		}
		if (window->users == 0 && (oldest == NULL || window->used < oldest->used))
			oldest = window;
	}
	return oldest;
}

/* Map that part of the file; the caller is the window's only user. */
static int map(struct window *window, struct emul_file *file, int64_t start, int writable)
{
	vm_prot_t protection = writable ? VM_PROT_READ | VM_PROT_WRITE : VM_PROT_READ;
	vm_address_t address = address_of(window);
	mach_port_t object = MACH_PORT_NULL;
	int64_t size;
	struct trust trust = trust_begin();
	kern_return_t kr;

	if (window->is_mapped)
		(void)trap_vm_deallocate(EMUL_PORT_TASK, address, WINDOW_SIZE);
	window->is_mapped = 0;
	kr = io_map(file->port, &object, &size);
	if (kr == KERN_SUCCESS)
		kr = trap_vm_map(EMUL_PORT_TASK, &address, WINDOW_SIZE, 0, FALSE, object,
			(vm_offset_t)start, FALSE, protection, protection, VM_INHERIT_NONE);
	port_drop(object);
	if (kr != KERN_SUCCESS)
		return 0;
	window->size = size;
	window->trust = trust;
	window->dev = file->stat.dev;
	window->ino = file->stat.ino;
	window->start = start;
	window->is_writable = (uint32_t)writable;
	memset(window->own, 0, sizeof window->own);
	return 1;
}

/* A window with one more user, mapped if need be, or NULL. */
static struct window *acquire(struct emul_file *file, int64_t start, int writable)
{
	struct window *window;
	int found, ok = 1;

	emul_lock(&set.lock);
	window = find(file, start, &found);
	if (window != NULL && found && writable && !window->is_writable) {
		/* It must be mapped anew, which needs it for ourselves. */
		found = 0;
		if (window->users > 0)
			window = NULL;
	}
	if (window != NULL) {
		window->users++;
		window->used = ++set.clock;
		if (!found) {
			/* Nobody else finds it before it is mapped. */
			window->ino = 0;
			window->start = -1;
		}
	}
	emul_unlock(&set.lock);
	if (window == NULL || found)
		return window;
	ok = map(window, file, start, writable);
	emul_lock(&set.lock);
	window->is_mapped = (uint32_t)ok;
	if (!ok)
		window->users--;
	emul_unlock(&set.lock);
	if (!ok && writable)
		file->writes = NEVER;
	else if (!ok)
		file->reads = NEVER;
	return ok ? window : NULL;
}

static void release(struct window *window)
{
	emul_lock(&set.lock);
	window->users--;
	emul_unlock(&set.lock);
}

/* The file's size as far as it can be known without a message, else asked for; -1: an error. */
static int64_t trusted_size(struct window *window, struct emul_file *file)
{
	struct trust trust = trust_begin();
	struct masix_stat stat;

	if (trust_holds(&window->trust))
		return window->size;
	if (io_stat(file->port, &stat) != KERN_SUCCESS)
		return -1;
	emul_lock(&set.lock);
	window->size = (int64_t)stat.size;
	window->trust = trust;
	emul_unlock(&set.lock);
	return (int64_t)stat.size;
}

/* As much of the n bytes as one window has. */
static uint32_t read_window(struct emul_file *file, struct cursor *to, uint32_t n, int64_t offset)
{
	int64_t start = offset - offset % WINDOW_SIZE, size;
	struct window *window = acquire(file, start, 0);
	uint32_t done = 0;

	if (window == NULL)
		return 0;
	size = trusted_size(window, file);
	if (offset < size) {
		uint32_t part = WINDOW_SIZE - (uint32_t)(offset - start);

		if (part > n)
			part = n;
		if (part > size - offset)
			part = (uint32_t)(size - offset);
		/* A page that is gone meanwhile ends the copy, like a bad buffer. */
		done = cursor_put(to, (const char *)address_of(window) + (offset - start), part);
	}
	release(window);
	return done;
}

uint32_t window_read(struct emul_file *file, struct cursor *to, uint32_t n, int64_t offset)
{
	uint32_t done = 0;

	if (file->reads == NEVER || offset + n > UINT32_MAX)
		return 0;
	if (file->reads < MANY_READS && n < LARGE_READ) {
		file->reads++;
		return 0;
	}
	while (done < n) {
		uint32_t part = read_window(file, to, n - done, offset + done);

		if (part == 0)
			break;
		done += part;
	}
	return done;
}

/* The pages that lie wholly in the range. */
static uint32_t first_page(int64_t offset)
{
	return ((uint32_t)(offset % WINDOW_SIZE) + PAGE - 1) / PAGE;
}

static uint32_t end_page(int64_t offset, uint32_t n)
{
	return ((uint32_t)(offset % WINDOW_SIZE) + n) / PAGE;
}

static int in_one_window(int64_t offset, uint32_t n)
{
	return offset + n <= UINT32_MAX && offset % WINDOW_SIZE + n <= WINDOW_SIZE;
}

/* Lock held: does the window's mapping hold all of the range as this process wrote it? */
static int may_overwrite(const struct window *window, uint32_t n, int64_t offset)
{
	uint32_t page = (uint32_t)(offset % WINDOW_SIZE) / PAGE;
	uint32_t end = ((uint32_t)(offset % WINDOW_SIZE) + n - 1) / PAGE;

	if (!window->is_writable || !trust_holds_but_for_writes(&window->own_since))
		return 0;
	for (; page <= end; page++)
		if ((window->own[page / 32] >> page % 32 & 1) == 0)
			return 0;
	return 1;
}

uint32_t window_write(struct emul_file *file, struct cursor *from, uint32_t n, int64_t offset)
{
	struct window *window;
	struct cursor start;
	uint32_t done;
	int found;

	if (file->writes < MANY_WRITES || file->writes == NEVER || !in_one_window(offset, n))
		return 0;
	emul_lock(&set.lock);
	window = find(file, offset - offset % WINDOW_SIZE, &found);
	if (!found || !may_overwrite(window, n, offset))
		window = NULL;
	if (window != NULL) {
		window->users++;
		window->used = ++set.clock;
	}
	emul_unlock(&set.lock);
	if (window == NULL)
		return 0;
	cursor_copy(&start, from);
	done = cursor_get(&start, (char *)address_of(window) + offset % WINDOW_SIZE, n);
	release(window);
	if (done < n)
		return 0; /* the message will tell why */
	cursor_skip(from, n);
	return n;
}

void window_wrote(struct emul_file *file, uint32_t n, int64_t offset)
{
	struct trust trust = trust_begin();
	struct window *window;

	if (file->writes == NEVER || !in_one_window(offset, n) ||
		first_page(offset) >= end_page(offset, n))
		return;
	if (file->writes < MANY_WRITES) {
		file->writes++;
		return;
	}
	window = acquire(file, offset - offset % WINDOW_SIZE, 1);
	if (window == NULL)
		return;
	emul_lock(&set.lock);
	/* What was written longer ago may have been cut off by another process. */
	if (!trust_holds_but_for_writes(&window->own_since)) {
		window->own_since = trust;
		memset(window->own, 0, sizeof window->own);
	}
	for (uint32_t page = first_page(offset); page < end_page(offset, n); page++)
		window->own[page / 32] |= 1u << page % 32;
	emul_unlock(&set.lock);
	release(window);
}

void window_close(struct emul_file *file)
{
	if (file->reads == 0 && file->writes == 0)
		return;
	emul_lock(&set.lock);
	for (unsigned i = 0; i < WINDOWS; i++) {
		struct window *window = &set.windows[i];

		if (window->is_mapped && window->users == 0 && window->ino == file->stat.ino &&
			window->dev == file->stat.dev) {
			window->is_mapped = 0;
			(void)trap_vm_deallocate(EMUL_PORT_TASK, address_of(window), WINDOW_SIZE);
		}
	}
	emul_unlock(&set.lock);
}

void window_forget(void)
{
	if (set.lock.word == 0 && set.clock == 0)
		return;
	memset(&set, 0, sizeof set);
}
