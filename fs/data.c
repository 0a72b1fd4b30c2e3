#include "data.h"

#include <masix/error.h>

#include "attributes.h"
#include "done.h"
#include "far.h"
#include "pager.h"
#include "window.h"

/* A writer cleans its own pages when this much of a file is dirty: the kernel must not fill up
 * with pages that only a busy disk can free. */
#define BEHIND_MAX (2u << 20)

/* Is the store of a memory file system to be used directly?  Remains so while node->content is
 * held, for reading by readers and for writing by writers: mapping takes it too. */
static bool is_direct(struct node *node)
{
	bool direct;

	if (!node->volume->ops->direct)
		return false;
	volume_lock(node->volume);
	direct = node->pager == NULL;
	volume_unlock(node->volume);
	return direct;
}

static size_t clamp(const struct node *node, uint64_t offset, size_t amount)
{
	if (offset >= node->stat.size)
		return 0;
	return amount < node->stat.size - offset ? amount : (size_t)(node->stat.size - offset);
}

size_t data_available(struct node *node, uint64_t offset, size_t amount)
{
	volume_lock(node->volume);
	amount = clamp(node, offset, amount);
	volume_unlock(node->volume);
	return amount;
}

uint64_t data_size(struct node *node)
{
	uint64_t size;

	volume_lock(node->volume);
	size = node->stat.size;
	volume_unlock(node->volume);
	return size;
}

/* How much of a transfer goes through the windows. */
static size_t near_part(uint64_t offset, size_t amount)
{
	if (offset >= FILE_MAPPED_MAX)
		return 0;
	return amount < FILE_MAPPED_MAX - offset ? amount : (size_t)(FILE_MAPPED_MAX - offset);
}

static int read_cached(struct node *node, uint64_t offset, char *to, size_t amount)
{
	size_t near = near_part(offset, amount);
	int error = near > 0 ? window_read(node, offset, to, near) : 0;

	if (!error && amount > near)
		error = far_read(node, offset + near, to + near, amount - near);
	return error;
}

static int write_cached(struct node *node, uint64_t offset, const char *from, size_t amount)
{
	size_t near = near_part(offset, amount);
	int error = near > 0 ? window_write(node, offset, from, near) : 0;

	if (!error && amount > near)
		error = far_write(node, offset + near, from + near, amount - near);
	return error;
}

int data_read(struct node *node, uint64_t offset, void *to, size_t *amount)
{
	int error = 0;

	pthread_rwlock_rdlock(&node->content);
	*amount = clamp(node, offset, *amount);
	if (node->gone)
		error = MASIX_E_IO;
	else if (*amount > 0 && is_direct(node))
		node->volume->ops->copy(node, offset, (uint32_t)*amount, to, false);
	else if (*amount > 0)
		error = read_cached(node, offset, to, *amount);
	pthread_rwlock_unlock(&node->content);
	return error;
}

/* A process that mapped the file may have written behind its end, into the last page: that must
 * not become part of the file when it grows to `size`.  Content held for writing. */
static int clear_tail(struct node *node, uint64_t size)
{
	uint64_t old = node->stat.size, page_end = (old + PAGE_SIZE_ - 1) / PAGE_SIZE_ * PAGE_SIZE_;

	if (!node->shared || old % PAGE_SIZE_ == 0 || size <= old || old > FILE_MAPPED_MAX)
		return 0;
	return window_zero(node, old, (size_t)((size < page_end ? size : page_end) - old));
}

/* The size after a change, with what goes along.  Lock and content held. */
static void set_size(const struct identity *who, struct node *node, uint64_t size)
{
	node_change(node);
	node->stat.size = size;
	attributes_after_write(who, node);
	node_touch(node, NODE_MTIME | NODE_CTIME);
}

/* Cut the file, whose size may have been set already, at `size`: nothing of what lies up to `old` is left.  Content held for
 * writing. */
static int cut_at(const struct identity *who, struct node *node, uint64_t size, uint64_t old)
{
	struct volume *volume = node->volume;
	uint64_t page_end = (size + PAGE_SIZE_ - 1) / PAGE_SIZE_ * PAGE_SIZE_;
	bool direct = is_direct(node);
	int error = 0, truncated;

	/* The pager serves no page beyond the new end from here on; let those under way end
	 * before their blocks are given to other files. */
	volume_lock(volume);
	set_size(who, node, size);
	node->cut = size;
	node->cut_end = old;
	node_drain(node);
	volume_unlock(volume);
	if (!direct) {
		pager_discard(node, page_end, old);
		if (page_end > size && size >= FILE_MAPPED_MAX)
			error = far_clear_tail(node);
		else if (page_end > size)
			error = window_zero(
				node, size, (size_t)((old < page_end ? old : page_end) - size));
	}
	volume_lock(volume);
	node_change(node);
	node->unwritten = true;
	truncated = volume->ops->truncate(node, size);
	node_change(node);
	node->cut = NODE_WHOLE;
	volume_unlock(volume);
	return error ? error : truncated;
}

static int shrink(const struct identity *who, struct node *node, uint64_t size)
{
	return cut_at(who, node, size, node->stat.size);
}

int data_finish_cut(struct node *node)
{
	static const struct identity root;
	int error;

	pthread_rwlock_wrlock(&node->content);
	error = cut_at(&root, node, node->cut, node->cut_end);
	pthread_rwlock_unlock(&node->content);
	return error;
}

static int check_change(const struct node *node)
{
	if (node->volume->read_only)
		return MASIX_E_READ_ONLY;
	return node->gone ? MASIX_E_IO : 0;
}

int data_resize(const struct identity *who, struct node *node, uint64_t size)
{
	int error;

	if (size > node->volume->size_max)
		return MASIX_E_TOO_BIG;
	pthread_rwlock_wrlock(&node->content);
	volume_lock(node->volume);
	error = check_change(node);
	volume_unlock(node->volume);
	if (!error && size < node->stat.size) {
		error = shrink(who, node, size);
	} else if (!error) {
		error = clear_tail(node, size);
		volume_lock(node->volume);
		if (!error)
			set_size(who, node, size);
		volume_unlock(node->volume);
	}
	pthread_rwlock_unlock(&node->content);
	return error;
}

/* Find room for a write and enter its consequences; until finish_write the file is to be cut at its old end.  Content held for
 * writing. */
static int prepare_write(
	const struct identity *who, struct node *node, uint64_t offset, size_t *amount)
{
	struct volume *volume = node->volume;
	uint64_t length = *amount, old = node->stat.size;
	int error;

	error = clear_tail(node, offset);
	volume_lock(volume);
	if (!error)
		error = check_change(node);
	if (!error) {
		/* Before there is anything behind the end. */
		node_change(node);
		if (offset + length > old) {
			node->cut = old;
			node->cut_end = offset + length;
		}
		error = volume->ops->reserve(node, offset, &length, who->uid == 0);
		/* A flush may have come between. */
		node_change(node);
		if (error)
			node->cut = NODE_WHOLE;
	}
	if (!error) {
		*amount = (size_t)length;
		set_size(who, node, offset + length > old ? offset + length : old);
		node->unwritten = true;
		if (node->behind_end == 0 || offset < node->behind_start)
			node->behind_start = offset;
		if (offset + length > node->behind_end)
			node->behind_end = offset + length;
		volume->behind += length;
	}
	volume_unlock(volume);
	return error;
}

/* The write is done, as far as anyone can see. */
static void finish_write(struct node *node, bool append, size_t amount, uint64_t end)
{
	struct volume *volume = node->volume;

	/* Written again at the same place it does no harm. */
	if (!append && node->cut == NODE_WHOLE)
		return;
	volume_lock(volume);
	node_change(node);
	node->cut = NODE_WHOLE;
	if (append)
		done_note(volume->undo, DONE_WRITTEN, (uint32_t)amount, end);
	volume_unlock(volume);
}

/* Clean the file when much of it is dirty. */
static void write_behind(struct node *node)
{
	uint64_t start, end;

	volume_lock(node->volume);
	start = node->behind_start;
	end = node->behind_end;
	if (end - start < BEHIND_MAX) {
		volume_unlock(node->volume);
		return;
	}
	node->behind_start = node->behind_end = 0;
	volume_unlock(node->volume);
	pager_clean(node, start, end - start);
}

int data_write(const struct identity *who, struct node *node, bool append, uint64_t offset,
	const void *from, size_t *amount, uint64_t *end)
{
	uint64_t old;
	int error = 0;

	pthread_rwlock_wrlock(&node->content);
	old = node->stat.size;
	if (append)
		offset = old;
	if (*amount > 0 && offset >= node->volume->size_max)
		error = MASIX_E_TOO_BIG;
	else if (*amount > node->volume->size_max - offset)
		*amount = (size_t)(node->volume->size_max - offset);
	if (!error && *amount > 0)
		error = prepare_write(who, node, offset, amount);
	if (!error && *amount > 0) {
		if (is_direct(node))
			node->volume->ops->copy(
				node, offset, (uint32_t)*amount, (void *)from, true);
		else
			error = write_cached(node, offset, from, *amount);
		/* What was not written must not look like part of the file. */
		if (error && node->stat.size > old) {
			int undone = shrink(who, node, old);

			if (undone)
				error = undone;
		}
	}
	if (!error) {
		*end = offset + *amount;
		finish_write(node, append, *amount, *end);
	}
	pthread_rwlock_unlock(&node->content);
	if (!error)
		write_behind(node);
	return error;
}

int data_sync(struct node *node)
{
	struct volume *volume = node->volume;
	int error;

	if (!node_is_file(node))
		return 0;
	/* Writers wait: what they reserve must not be taken for left over below. */
	pthread_rwlock_rdlock(&node->content);
	volume_lock(volume);
	node_change(node);
	node->unwritten = false;
	node->behind_start = node->behind_end = 0;
	volume_unlock(volume);
	if (!volume->ops->direct)
		pager_clean(node, 0, FILE_MAPPED_MAX);
	volume_lock(volume);
	error = node->gone ? 0 : volume->ops->settle(node);
	if (!error && node->dirty && !node->gone)
		error = volume->ops->store(node);
	if (!error)
		error = node->error;
	if (node->error != 0) {
		node_change(node);
		node->error = 0;
	}
	volume_unlock(volume);
	pthread_rwlock_unlock(&node->content);
	return error;
}

int data_sync_volume(struct volume *volume)
{
	struct node *node;
	int result = 0, error;

	volume_lock(volume);
	volume->behind = 0;
	node = volume_next_unwritten(volume, NULL);
	while (node) {
		volume_unlock(volume);
		error = data_sync(node);
		if (error)
			result = error;
		volume_lock(volume);
		node = volume_next_unwritten(volume, node);
	}
	error = volume_flush(volume);
	volume_unlock(volume);
	return error ? error : result;
}

int data_map(struct node *node, bool writable, mach_port_t *right)
{
	int error;

	/* Excludes writers that go past the pager. */
	pthread_rwlock_rdlock(&node->content);
	error = pager_right(node, right, NULL);
	if (!error) {
		volume_lock(node->volume);
		node_change(node);
		node->given = true;
		if (writable)
			node->shared = true;
		volume_unlock(node->volume);
	}
	pthread_rwlock_unlock(&node->content);
	return error;
}
