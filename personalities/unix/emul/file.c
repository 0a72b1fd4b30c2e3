/* Records of open files: use counts, positions, sharing over fork. */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "epoll.h"
#include "files.h"
#include "io.h"
#include "kernel.h"
#include "mach.h"
#include "pass.h"
#include "socket.h"
#include "take.h"
#include "window.h"

#define DYING 0x80000000u /* uses: the last one is being dropped */
#define MOVED INT64_MIN	  /* own.offset: look at file->position again */
#define PAGE 4096u
#define POSITIONS_A_PAGE (PAGE / sizeof(struct emul_position))
#define POSITION_PAGES (EMUL_FILES / POSITIONS_A_PAGE)

struct emul_lock files_lock;

static struct emul_file files[EMUL_FILES];
static volatile uint32_t files_high;			     /* no file in use at or above it */
static struct emul_position *position_pages[POSITION_PAGES]; /* files lock */

static void raise_high(uint32_t index)
{
	uint32_t high = files_high;

	while (high <= index && !__sync_bool_compare_and_swap(&files_high, high, index + 1))
		high = files_high;
}

static struct emul_file *find_free(void)
{
	for (uint32_t i = 0; i < EMUL_FILES; i++) {
		if (files[i].uses == 0 && __sync_bool_compare_and_swap(&files[i].uses, 0, 1)) {
			raise_high(i);
			return &files[i];
		}
	}
	return NULL;
}

struct emul_file *file_create(uint32_t kind, mach_port_t port, uint32_t flags, uint32_t mount,
	const struct masix_stat *stat)
{
	struct emul_file *file = find_free();

	if (file == NULL) {
		port_drop(port);
		return NULL;
	}
	file->kind = kind;
	file->port = port;
	file->mount = mount;
	file->own.offset = 0;
	file->own.flags = flags;
	file->position = &file->own;
	file->reads = 0;
	file->writes = 0;
	file->epoll = NULL;
	/* The call that opens it is over before anyone can ask; what it was told still stands. */
	file->trust = trust_begin();
	file->trust.epoch++;
	if (stat != NULL)
		file->stat = *stat;
	else
		memset(&file->stat, 0, sizeof file->stat);
	return file;
}

void file_use(struct emul_file *file)
{
	__sync_fetch_and_add(&file->uses, 1);
}

/* A use of a file that may be on its way out, or another one by now. */
int file_use_if_live(struct emul_file *file)
{
	uint32_t uses = file->uses;

	while (uses != 0 && uses != DYING) {
		uint32_t seen = __sync_val_compare_and_swap(&file->uses, uses, uses + 1);

		if (seen == uses)
			return 1;
		uses = seen;
	}
	return 0;
}

/* Give up a shared position; was this the last process that holds the file? */
static int is_last_holder(struct emul_file *file)
{
	return file->position == &file->own ||
	       __sync_fetch_and_sub(&file->position->references, 1) == 1;
}

static void destroy(struct emul_file *file)
{
	uint32_t flags = file->position->flags;

	int is_last = is_last_holder(file);

	/* The server frees a lock, and closes a socket, when the last right is gone, but only some time after. */
	if (is_last && (flags & FILE_LOCKED))
		(void)io_lock(file->port, 0, MASIX_IO_NONBLOCK, MASIX_LOCK_NONE);
	if (is_last && file->kind == EMUL_FILE_SOCKET)
		(void)socket_close(file->port);
	epoll_forget(file);
	window_close(file);
	port_drop(file->port);
	file->kind = EMUL_FILE_NONE;
	file->port = MACH_PORT_NULL;
	__sync_synchronize();
	file->uses = 0;
}

void file_drop(struct emul_file *file)
{
	for (;;) {
		uint32_t uses = file->uses;

		if (uses == 1) {
			if (__sync_bool_compare_and_swap(&file->uses, 1, DYING)) {
				destroy(file);
				return;
			}
		} else if (__sync_bool_compare_and_swap(&file->uses, uses, uses - 1)) {
			return;
		}
	}
}

/* Records are never freed, so a stale pointer is still one to a record: take a use first,
 * then see whether the slot still means that file. */
struct emul_file *file_get(const volatile uint32_t *slot)
{
	for (;;) {
		uint32_t word = *slot & ~EMUL_SLOT_MASK;
		struct emul_file *file = (struct emul_file *)word;

		if (file == NULL)
			return NULL;
		if (!file_use_if_live(file))
			continue;
		if ((*slot & ~EMUL_SLOT_MASK) == word)
			return file;
		file_drop(file);
	}
}

void file_replace_port(struct emul_file *file, mach_port_t port)
{
	mach_port_t old = file->port;

	file->port = port;
	port_drop(old);
}

long file_adopt(struct emul_file *file)
{
	struct emul_thread *self = emul_self();

	for (unsigned i = 0; i < sizeof self->held / sizeof self->held[0]; i++) {
		if (self->held[i] == NULL) {
			self->held[i] = file;
			return 0;
		}
	}
	/* A call that holds more is a bug of this library; refuse rather than leak. */
	emul_log("a call holds too many files", file->kind);
	file_drop(file);
	return -ENFILE;
}

struct emul_file *file_hold(const volatile uint32_t *slot)
{
	struct emul_file *file = file_get(slot);

	return file != NULL && file_adopt(file) == 0 ? file : NULL;
}

void file_release(struct emul_file *file)
{
	struct emul_thread *self = emul_self();

	for (unsigned i = 0; i < sizeof self->held / sizeof self->held[0]; i++) {
		if (self->held[i] == file) {
			self->held[i] = NULL;
			file_drop(file);
			return;
		}
	}
}

static int64_t load(volatile int64_t *from)
{
	return __sync_val_compare_and_swap(from, 0, 0);
}

/* One atomic step of the offset, from what it is to offset + add, or to `set`. */
static int64_t move(struct emul_file *file, int relative, int64_t operand)
{
	for (;;) {
		volatile int64_t *offset = &file->position->offset;
		int64_t old = load(offset);

		/* In a shared one it can only be a relative's damage. */
		if (old == MOVED && offset == &file->own.offset)
			continue;
		if (__sync_bool_compare_and_swap(offset, old, relative ? old + operand : operand))
			return old;
	}
}

int64_t file_offset(struct emul_file *file)
{
	return move(file, 1, 0);
}

void file_set_offset(struct emul_file *file, int64_t offset)
{
	move(file, 0, offset);
}

int64_t file_take(struct emul_file *file, uint32_t n)
{
	return move(file, 1, n);
}

void file_give_back(struct emul_file *file, int64_t start, uint32_t taken, uint32_t used)
{
	if (taken == used)
		return;
	/* When the position has just become a shared one the old place refuses: once more. */
	for (int attempt = 0; attempt < 2; attempt++)
		if (__sync_bool_compare_and_swap(
			    &file->position->offset, start + taken, start + used))
			return;
}

uint32_t file_flags(struct emul_file *file)
{
	/* How it was opened is private: no relative can make a file unreadable. */
	return (file->own.flags & ~FILE_CHANGEABLE) | (file->position->flags & FILE_CHANGEABLE);
}

void file_set_flags(struct emul_file *file, uint32_t mask, uint32_t flags)
{
	struct emul_position *position;

	emul_lock(&files_lock);
	position = file->position;
	position->flags = (position->flags & ~mask) | (flags & mask);
	emul_unlock(&files_lock);
}

int file_readable(struct emul_file *file)
{
	uint32_t flags = file_flags(file);

	return !(flags & O_PATH) &&
	       ((flags & O_ACCMODE) == O_RDONLY || (flags & O_ACCMODE) == O_RDWR);
}

int file_writable(struct emul_file *file)
{
	uint32_t flags = file_flags(file);

	return !(flags & O_PATH) &&
	       ((flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR);
}

/* A free shared position with one reference.  Relatives look in the same pages: the
 * reference count decides whose it is. */
static struct emul_position *find_position(void)
{
	for (unsigned page = 0; page < POSITION_PAGES; page++) {
		struct emul_position *positions = position_pages[page];

		if (positions == NULL) {
			positions = emul_memory_allocate(PAGE, 1);
			if (positions == NULL)
				return NULL;
			position_pages[page] = positions;
		}
		for (unsigned i = 0; i < POSITIONS_A_PAGE; i++)
			if (positions[i].references == 0 &&
				__sync_bool_compare_and_swap(&positions[i].references, 0, 1))
				return &positions[i];
	}
	return NULL;
}

int file_share(struct emul_file *file)
{
	struct emul_position *shared = file->position;

	if (shared == &file->own) {
		int64_t offset;

		shared = find_position();
		if (shared == NULL)
			return -ENOMEM;
		do
			offset = load(&file->own.offset);
		while (!__sync_bool_compare_and_swap(&file->own.offset, offset, MOVED));
		shared->offset = offset;
		shared->flags = file->own.flags;
		file->position = shared;
	}
	__sync_fetch_and_add(&shared->references, 1);
	return 0;
}

void file_unshare(struct emul_file *file)
{
	__sync_fetch_and_sub(&file->position->references, 1);
}

/* A position that the process before shared with its relatives, any of whom may lie about where: only pages
 * that came shared with the task hold some, and this library has made none of its own yet. */
static struct emul_position *shared_position(uint32_t address)
{
	vm_address_t start = address;
	vm_prot_t protection, max_protection;
	vm_inherit_t inheritance;
	boolean_t is_shared;
	mach_port_t name;
	vm_offset_t offset;
	vm_size_t size;

	if (address % sizeof(struct emul_position) || address < EMUL_MEMORY ||
		address >= EMUL_END ||
		vm_region(EMUL_PORT_TASK, &start, &size, &protection, &max_protection, &inheritance,
			&is_shared, &name, &offset))
		return NULL;
	port_drop(name);
	return start <= address && inheritance == VM_INHERIT_SHARE && (protection & VM_PROT_WRITE)
		       ? (struct emul_position *)address
		       : NULL;
}

void file_release_position(uint32_t position)
{
	struct emul_position *shared = shared_position(position);

	if (shared != NULL)
		__sync_fetch_and_sub(&shared->references, 1);
}

void file_pass(const struct emul_file *file, struct takeover_file *to)
{
	to->kind = file->kind;
	to->port = file->port;
	to->mount = file->mount;
	to->flags = file->own.flags;
	to->offset = file->own.offset;
	to->position = file->position != &file->own ? (uint32_t)file->position : 0;
}

uint32_t file_shared_others(const uint16_t *places, uint32_t *positions)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < files_high; i++)
		if (places[i] == 0 && files[i].uses != 0 && files[i].position != &files[i].own)
			positions[count++] = (uint32_t)files[i].position;
	return count;
}

/* May a file with such a port be of this kind?  What nobody knows can only be read and written. */
static int is_possible(uint32_t kind, uint32_t origin)
{
	switch (kind) {
	case EMUL_FILE_NULL:
	case EMUL_FILE_ZERO:
	case EMUL_FILE_FULL:
	case EMUL_FILE_RANDOM:
	case EMUL_FILE_DESCRIPTORS:
	case EMUL_FILE_SIGNALS:
	case EMUL_FILE_EPOLL:
		return origin == TAKEOVER_NO_PORT;
	case EMUL_FILE_PATH:
		return origin != TAKEOVER_UNKNOWN;
	case EMUL_FILE_STREAM:
		return origin != TAKEOVER_NO_PORT;
	case EMUL_FILE_TTY:
	case EMUL_FILE_EVENT:
		return origin == TAKEOVER_SERVER;
	case EMUL_FILE_SOCKET:
		return origin == TAKEOVER_SERVER || origin == TAKEOVER_NETWORK;
	case EMUL_FILE_REGULAR:
	case EMUL_FILE_DIRECTORY:
		return origin == TAKEOVER_SERVER || origin == TAKEOVER_FILE;
	default:
		return 0;
	}
}

struct emul_file *file_restore(const struct takeover_file *from)
{
	mach_port_t port = from->origin != TAKEOVER_NO_PORT ? from->port : MACH_PORT_NULL;
	struct emul_file *file;

	if (!is_possible(from->kind, from->origin)) {
		port_drop(port);
		return NULL;
	}
	file = file_create(from->kind, port, from->flags, from->mount, &from->stat);
	if (file == NULL)
		return NULL;
	file->own.offset = from->offset != MOVED ? from->offset : 0;
	if (from->position != 0) {
		struct emul_position *shared = shared_position(from->position);

		if (shared != NULL)
			file->position = shared;
	}
	return file;
}

unsigned file_index(const struct emul_file *file)
{
	return (unsigned)(file - files);
}

unsigned file_count(void)
{
	return files_high;
}

void file_fork_child(const uint16_t *counts)
{
	/* Written only where it changes: every page touched here is copied. */
	for (unsigned i = 0; i < files_high; i++)
		if (files[i].uses != counts[i])
			files[i].uses = counts[i];
}

/* The task goes, and its rights with it: only the counts in shared memory need care. */
void emul_files_exit(void)
{
	static volatile uint32_t done;

	if (!__sync_bool_compare_and_swap(&done, 0, 1))
		return;
	for (unsigned i = 0; i < files_high; i++)
		if (files[i].uses != 0 && files[i].position != &files[i].own)
			__sync_fetch_and_sub(&files[i].position->references, 1);
}

void emul_files_unwind(void)
{
	struct emul_thread *self = emul_self();

	for (unsigned i = 0; i < sizeof self->held / sizeof self->held[0]; i++) {
		if (self->held[i] != NULL) {
			file_drop(self->held[i]);
			self->held[i] = NULL;
		}
	}
	emul_wait_end();
}
