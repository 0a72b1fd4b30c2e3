/* epoll(7): the list of each epoll file, and epoll_ctl.  The list belongs to the process: a child has a copy of it,
 * where Linux's has the same. */
#include "epoll_list.h"

#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "calls.h"
#include "fd.h"

#define DEPTH 5u /* of lists in lists, as in Linux */
#define PAGE 4096u

struct emul_lock epoll_lock; /* before the files lock */
static struct epoll *first;  /* epoll lock, as all that follows */
volatile uint32_t epoll_changes;

static uint32_t room_of(const struct epoll *list)
{
	return (uint32_t)((list->size - sizeof *list) / sizeof list->entries[0]);
}

static struct epoll **link_of(const struct epoll *list)
{
	struct epoll **link = &first;

	while (*link != list)
		link = &(*link)->next;
	return link;
}

static void drop_list(struct epoll *list)
{
	*link_of(list) = list->next;
	emul_memory_free(list, list->size);
}

/* Room for one more: the list, which may move; NULL: no memory. */
static struct epoll *grown(struct emul_file *file)
{
	struct epoll *list = file->epoll, *larger;
	uint32_t size = list != NULL ? 2 * list->size : PAGE;

	if (list != NULL && list->count < room_of(list))
		return list;
	larger = emul_memory_allocate(size, 0);
	if (larger == NULL)
		return NULL;
	if (list != NULL) {
		memcpy(larger, list, list->size);
		drop_list(list);
	}
	larger->size = size;
	larger->file = file;
	larger->next = first;
	first = larger;
	file->epoll = larger;
	return larger;
}

static void remove_entry(struct epoll *list, uint32_t index)
{
	list->entries[index] = list->entries[--list->count];
}

void epoll_forget(struct emul_file *file)
{
	if (first == NULL)
		return;
	emul_lock(&epoll_lock);
	if (file->epoll != NULL)
		drop_list(file->epoll);
	file->epoll = NULL;
	for (struct epoll *list = first; list != NULL; list = list->next)
		for (uint32_t i = list->count; i-- > 0;)
			if (list->entries[i].file == file)
				remove_entry(list, i);
	emul_unlock(&epoll_lock);
}

void epoll_fork_prepare(void)
{
	emul_lock(&epoll_lock);
}

void epoll_fork_parent(void)
{
	emul_unlock(&epoll_lock);
}

void epoll_fork_child(void)
{
	epoll_lock.word = 0;
	/* Some files were held by calls of the parent only. */
	for (struct epoll *list = first, *next; list != NULL; list = next) {
		next = list->next;
		if (list->file->uses == 0) {
			drop_list(list);
			continue;
		}
		for (uint32_t i = list->count; i-- > 0;)
			if (list->entries[i].file->uses == 0)
				remove_entry(list, i);
	}
}

static struct epoll_entry *find(struct epoll *list, const struct emul_file *file, uint32_t fd)
{
	for (uint32_t i = 0; list != NULL && i < list->count; i++)
		if (list->entries[i].file == file && list->entries[i].fd == fd)
			return &list->entries[i];
	return NULL;
}

/* --- epoll_ctl --- */

static int can_be_polled(const struct emul_file *file)
{
	switch (file->kind) {
	case EMUL_FILE_STREAM:
	case EMUL_FILE_TTY:
	case EMUL_FILE_SOCKET:
	case EMUL_FILE_EVENT:
	case EMUL_FILE_SIGNALS:
	case EMUL_FILE_EPOLL:
		return 1;
	default:
		return 0;
	}
}

/* How deep lists lie in the list of `file`; DEPTH + 1: too deep, or `sought` is among them. */
static uint32_t depth_below(
	const struct emul_file *file, const struct emul_file *sought, uint32_t level)
{
	const struct epoll *list = file->epoll;
	uint32_t deepest = 0;

	if (file == sought || level > DEPTH)
		return DEPTH + 1;
	for (uint32_t i = 0; list != NULL && i < list->count; i++) {
		const struct emul_file *inner = list->entries[i].file;
		uint32_t depth = inner->kind == EMUL_FILE_EPOLL
					 ? 1 + depth_below(inner, sought, level + 1)
					 : 0;

		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

static long add(struct emul_file *file, struct emul_file *target, uint32_t fd,
	const struct epoll_event_i386 *event)
{
	struct epoll *list;

	if (target->kind == EMUL_FILE_EPOLL && depth_below(target, file, 0) >= DEPTH)
		return -ELOOP;
	if (find(file->epoll, target, fd) != NULL)
		return -EEXIST;
	list = grown(file);
	if (list == NULL)
		return -ENOMEM;
	list->entries[list->count++] = (struct epoll_entry){
		.file = target, .fd = fd, .events = event->events, .data = event->data
	};
	return 0;
}

static long change(struct emul_file *file, uint32_t operation, struct emul_file *target,
	uint32_t fd, const struct epoll_event_i386 *event)
{
	struct epoll_entry *entry = find(file->epoll, target, fd);

	if (operation == EPOLL_CTL_ADD)
		return add(file, target, fd, event);
	if (operation != EPOLL_CTL_MOD && operation != EPOLL_CTL_DEL)
		return -EINVAL;
	if (entry == NULL)
		return -ENOENT;
	if (operation == EPOLL_CTL_DEL) {
		remove_entry(file->epoll, (uint32_t)(entry - file->epoll->entries));
		return 0;
	}
	if ((event->events | entry->events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	entry->events = event->events;
	entry->data = event->data;
	entry->was_told = entry->is_silent = 0;
	return 0;
}

static long control(struct emul_file *file, const uint32_t *a, struct emul_file *target,
	const struct epoll_event_i386 *event)
{
	long result;

	if (target == NULL)
		return -EBADF;
	if (!can_be_polled(target))
		return -EPERM;
	if (file == target || file->kind != EMUL_FILE_EPOLL)
		return -EINVAL;
	emul_lock(&epoll_lock);
	result = change(file, a[1], target, a[2], event);
	epoll_changes++;
	emul_unlock(&epoll_lock);
	if (result == 0)
		waiting_kick();
	return result;
}

/* epoll_ctl(epoll, operation, fd, event) */
long sys_epoll_ctl(const uint32_t *a)
{
	struct epoll_event_i386 event = { 0 };
	struct emul_file *file, *target;
	long result;

	if (a[1] != EPOLL_CTL_DEL) {
		if (!emul_user_range(a[3], sizeof event))
			return -EFAULT;
		memcpy(&event, (const void *)a[3], sizeof event);
	}
	file = fd_hold(a[0]);
	if (file == NULL)
		return -EBADF;
	target = fd_hold(a[2]);
	result = control(file, a, target, &event);
	if (target != NULL)
		file_release(target);
	file_release(file);
	return result;
}

static long create(uint32_t flags)
{
	struct emul_file *file;

	if ((flags & ~(uint32_t)EPOLL_CLOEXEC) != 0)
		return -EINVAL;
	file = file_create(EMUL_FILE_EPOLL, MACH_PORT_NULL, O_RDWR, 0, NULL);
	return file != NULL ? fd_install(file, flags != 0) : -ENFILE;
}

long sys_epoll_create1(const uint32_t *a)
{
	return create(a[0]);
}

long sys_epoll_create(const uint32_t *a)
{
	return (int32_t)a[0] <= 0 ? -EINVAL : create(0);
}
