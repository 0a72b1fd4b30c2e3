/* Waiting for what is in an epoll file's list. */
#include <asm/errno.h>
#include <linux/eventpoll.h>

#include "calls.h"
#include "epoll_list.h"
#include "fd.h"
#include "timeout.h"

#define FEW 16u
#define MOST 256u /* events of one call */
#define KNOWN (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR | EPOLLHUP | 0x7c0u | EPOLLRDHUP)

/* What to look at for one entry; false: nothing. */
static int put_item(const struct epoll_entry *entry, struct waiting *item)
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
static int tell(
	struct epoll_entry *entry, const struct waiting *item, struct epoll_event_i386 *event)
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
	struct epoll_event_i386 *events, uint32_t most)
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
	struct emul_file *file, struct epoll_event_i386 *events, uint32_t most, uint64_t deadline)
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
	struct epoll_event_i386 events[MOST];
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
