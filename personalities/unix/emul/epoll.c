/* epoll(7): the list of each epoll file, and waiting for it.  The list belongs to the process: a child has a copy of it,
 * where Linux's has the same. */
#include "epoll.h"

#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "calls.h"
#include "fd.h"
#include "timeout.h"

#define FEW 16u
#define MOST 256u /* events of one call */
#define DEPTH 5u  /* of lists in lists, as in Linux */
#define PAGE 4096u
#define KNOWN (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR | EPOLLHUP | 0x7c0u | EPOLLRDHUP)

struct entry {
	struct emul_file *file; /* without a use: epoll_forget */
	uint32_t fd;
	uint32_t events;
	uint64_t data;
	uint8_t was_told;  /* of a state where the object's count was `seen` */
	uint8_t is_silent; /* EPOLLONESHOT */
	uint16_t seen;
};

struct epoll {
	struct epoll *next;
	struct emul_file *file;
	uint32_t count, size; /* entries; bytes of memory */
	uint32_t turn;	      /* where to begin, so that all have theirs */
	struct entry entries[];
};

/* As the program has it. */
struct event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

static struct emul_lock epoll_lock; /* before the files lock */
static struct epoll *first;	    /* epoll lock, as all that follows */
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

static struct entry *find(struct epoll *list, const struct emul_file *file, uint32_t fd)
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

static long add(
	struct emul_file *file, struct emul_file *target, uint32_t fd, const struct event *event)
{
	struct epoll *list;

	if (target->kind == EMUL_FILE_EPOLL && depth_below(target, file, 0) >= DEPTH)
		return -ELOOP;
	if (find(file->epoll, target, fd) != NULL)
		return -EEXIST;
	list = grown(file);
	if (list == NULL)
		return -ENOMEM;
	list->entries[list->count++] = (struct entry){
		.file = target, .fd = fd, .events = event->events, .data = event->data
	};
	return 0;
}

static long change(struct emul_file *file, uint32_t operation, struct emul_file *target,
	uint32_t fd, const struct event *event)
{
	struct entry *entry = find(file->epoll, target, fd);

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
	const struct event *event)
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
	struct event event = { 0 };
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

/* --- Waiting --- */

/* What to look at for one entry; false: nothing. */
static int put_item(const struct entry *entry, struct waiting *item)
{
	if (entry->is_silent || !file_use_if_live(entry->file))
		return 0;
	*item = (struct waiting){
		.file = entry->file,
		.of = entry->fd,
		.events = waiting_wanted(entry->events),
		.only_news = (entry->events & EPOLLET) && entry->was_told,
		.seen = entry->seen,
	};
	return 1;
}

static uint32_t put_items(const struct epoll *list, struct waiting *items)
{
	uint32_t count = 0;

	for (uint32_t i = 0; list != NULL && i < list->count; i++)
		count += (uint32_t)put_item(&list->entries[i], &items[count]);
	return count;
}

static uint32_t count_below(const struct emul_file *file)
{
	const struct epoll *list = file->epoll;
	uint32_t count = list != NULL ? list->count : 0;

	for (uint32_t i = 0; list != NULL && i < list->count; i++)
		if (list->entries[i].file->kind == EMUL_FILE_EPOLL)
			count += count_below(list->entries[i].file);
	return count;
}

struct waiting *epoll_expand(const struct waiting *items, uint32_t count, uint32_t *all)
{
	struct waiting *expanded = NULL;
	uint32_t room = count;

	emul_lock(&epoll_lock);
	for (uint32_t i = 0; i < count; i++)
		if (items[i].file != NULL && items[i].file->kind == EMUL_FILE_EPOLL)
			room += count_below(items[i].file);
	expanded = emul_memory_allocate(room * sizeof *items, 0);
	*all = count;
	if (expanded != NULL) {
		memcpy(expanded, items, count * sizeof *items);
		for (uint32_t i = 0; i < *all; i++) {
			const struct waiting *item = &expanded[i];
			uint32_t more = 0;

			if (item->file != NULL && item->file->kind == EMUL_FILE_EPOLL &&
				item->events != 0)
				more = put_items(item->file->epoll, &expanded[*all]);
			for (; more > 0; more--)
				expanded[(*all)++].of = i;
		}
	}
	emul_unlock(&epoll_lock);
	return expanded;
}

/* The entry has been found ready: is it news, and the program to be told? */
static int tell(struct entry *entry, const struct waiting *item, struct event *event)
{
	uint32_t events = waiting_reported(item->ready, entry->events & KNOWN);

	if (entry->is_silent || events == 0)
		return 0;
	if ((entry->events & EPOLLET) && entry->was_told && item->is_counted &&
		entry->seen == item->count)
		return 0; /* another thread was */
	entry->was_told = 1;
	entry->seen = item->count;
	entry->is_silent = (entry->events & EPOLLONESHOT) != 0;
	event->events = events;
	event->data = entry->data;
	return 1;
}

static uint32_t collect(struct emul_file *file, const struct waiting *items, uint32_t count,
	struct event *events, uint32_t most)
{
	uint32_t found = 0;

	emul_lock(&epoll_lock);
	struct epoll *list = file->epoll;
	const uint32_t begin = list != NULL && count > 0 ? list->turn % count : 0;

	for (uint32_t n = 0; list != NULL && n < count && found < most; n++) {
		const struct waiting *item = &items[(begin + n) % count];

		if (item->ready == 0)
			continue;
		for (uint32_t i = 0; i < list->count && found < most; i++)
			if (list->entries[i].file == item->file && list->entries[i].fd == item->of)
				found += (uint32_t)tell(&list->entries[i], item, &events[found]);
		if (found == most)
			list->turn = (begin + n + 1) % count;
	}
	emul_unlock(&epoll_lock);
	return found;
}

/* The items of the list, and behind them its own file, so that changes are heard of: *room is what they lie in, *count
 * how many are the list's.  NULL: no memory. */
static struct waiting *take_list(
	struct emul_file *file, struct waiting *few, uint32_t *room, uint32_t *count)
{
	struct waiting *items;

	emul_lock(&epoll_lock);
	*room = (file->epoll != NULL ? file->epoll->count : 0) + 1;
	items = waiting_room(*room, few, FEW);
	if (items != NULL) {
		*count = put_items(file->epoll, items);
		file_use(file);
		items[*count] = (struct waiting){ .file = file, .of = epoll_changes };
	}
	emul_unlock(&epoll_lock);
	return items;
}

/* One look at the list as it is now, and one wait.  -EAGAIN: again. */
static long wait_once(
	struct emul_file *file, struct event *events, uint32_t most, uint64_t deadline)
{
	struct waiting few[FEW], *items;
	uint32_t room, count;
	long result;

	items = take_list(file, few, &room, &count);
	if (items == NULL)
		return -ENOMEM;
	result = waiting_wait(items, count + 1, deadline);
	if (result > 0) {
		result = collect(file, items, count, events, most);
		if (result == 0)
			result = deadline == 0 ? 0 : -EAGAIN;
	}
	waiting_end(items, room, few);
	return result;
}

static long wait_until(const uint32_t *a, uint64_t deadline)
{
	uint32_t most = a[2] < MOST ? a[2] : MOST;
	struct event events[MOST];
	struct emul_file *file;
	long result;

	if ((int32_t)a[2] <= 0 || a[2] > INT32_MAX / sizeof events[0])
		return -EINVAL;
	if (!emul_user_range(a[1], a[2] * sizeof events[0]))
		return -EFAULT;
	file = fd_hold(a[0]);
	if (file == NULL)
		return -EBADF;
	if (file->kind != EMUL_FILE_EPOLL) {
		file_release(file);
		return -EINVAL;
	}
	do
		result = wait_once(file, events, most, deadline);
	while (result == -EAGAIN);
	file_release(file);
	if (result > 0 && emul_copy((void *)a[1], events, (uint32_t)result * sizeof events[0]) != 0)
		return -EFAULT;
	/* Never again by itself, whatever the signal was: signal(7). */
	return result == -EMUL_RESTART_NOHAND ? -EINTR : result;
}

static uint64_t deadline_of(int32_t ms)
{
	return ms < 0 ? WAITING_FOREVER : ms == 0 ? 0 : emul_now_ns() + (uint64_t)ms * 1000000;
}

/* epoll_wait(epoll, events, how many, milliseconds) */
long sys_epoll_wait(const uint32_t *a)
{
	return wait_until(a, deadline_of((int32_t)a[3]));
}

static long wait_masked(const uint32_t *a, uint64_t deadline)
{
	int changed;
	long result = timeout_mask(a[4], a[5], &changed);

	if (result != 0)
		return result;
	result = wait_until(a, deadline);
	timeout_mask_end(changed, result == -EINTR ? -EMUL_RESTART_NOHAND : result);
	return result;
}

/* ... (mask, mask size) */
long sys_epoll_pwait(const uint32_t *a)
{
	return wait_masked(a, deadline_of((int32_t)a[3]));
}

/* The same with a timespec. */
long sys_epoll_pwait2(const uint32_t *a)
{
	uint64_t deadline;
	long result = timeout_read(a[3], TIMEOUT_TIMESPEC64, &deadline);

	return result != 0 ? result : wait_masked(a, deadline);
}
