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

/* Mapping costs as much as a few messages: it is worth while from here on. */
#define MANY_READS 3u
#define LARGE_READ 0x10000u
#define NEVER UINT32_MAX /* emul_file.reads: the file cannot be mapped */

_Static_assert(WINDOW_BASE + WINDOWS * WINDOW_SIZE <= EMUL_MEMORY, "room for the windows");

struct window {
	uint32_t users; /* reads under way; it stays as it is meanwhile */
	uint32_t is_mapped;
	uint32_t dev;
	uint64_t ino;
	int64_t start;	    /* in the file; a multiple of WINDOW_SIZE */
	int64_t size;	    /* of the file, when it was asked for */
	struct trust trust; /* in that */
	uint32_t used;	    /* clock of the last use */
};

/* Everything here is guarded by the lock; it is not held while anything is read. */
static struct {
	struct emul_lock lock;
	uint32_t clock;
	struct window windows[WINDOWS];
} set;

volatile uint32_t trust_epoch;

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
static int map(struct window *window, struct emul_file *file, int64_t start)
{
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
			(vm_offset_t)start, FALSE, VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE);
	port_drop(object);
	if (kr != KERN_SUCCESS)
		return 0;
	window->size = size;
	window->trust = trust;
	window->dev = file->stat.dev;
	window->ino = file->stat.ino;
	window->start = start;
	return 1;
}

/* A window with one more user, or NULL. */
static struct window *acquire(struct emul_file *file, int64_t start)
{
	struct window *window;
	int found, ok = 1;

	emul_lock(&set.lock);
	window = find(file, start, &found);
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
	ok = map(window, file, start);
	emul_lock(&set.lock);
	window->is_mapped = (uint32_t)ok;
	if (!ok)
		window->users--;
	emul_unlock(&set.lock);
	if (!ok)
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
	struct window *window = acquire(file, start);
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

void window_forget(void)
{
	if (set.lock.word == 0 && set.clock == 0)
		return;
	memset(&set, 0, sizeof set);
}
