#include "volume.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <masix/error.h>

#define DENTRY_LIMIT 4096

/* What no owner leaves to the next one. */
static int make_own(struct volume *volume, const char *name)
{
	volume->name = name;
	volume->dentries = dentries_create(DENTRY_LIMIT);
	if (!volume->dentries)
		return MASIX_E_LIMIT;
	/* Neither can fail with default attributes. */
	(void)pthread_mutex_init(&volume->lock, NULL);
	(void)pthread_cond_init(&volume->changed, NULL);
	return 0;
}

int volume_init(struct volume *volume, struct arena *arena, const char *name, uint32_t device,
	unsigned idle_limit)
{
	volume->device = device;
	volume->idle_limit = idle_limit;
	volume->undo = undo_create(arena);
	return volume->undo ? make_own(volume, name) : MASIX_E_LIMIT;
}

static struct node **bucket_of(struct volume *volume, uint64_t ino)
{
	return &volume->table[ino & (NODE_BUCKETS - 1)];
}

static void idle_remove(struct node *node)
{
	struct volume *volume = node->volume;

	*(node->older ? &node->older->newer : &volume->oldest) = node->newer;
	*(node->newer ? &node->newer->older : &volume->newest) = node->older;
	volume->idle--;
}

static void idle_add(struct node *node)
{
	struct volume *volume = node->volume;

	node->older = volume->newest;
	node->newer = NULL;
	*(volume->newest ? &volume->newest->newer : &volume->oldest) = node;
	volume->newest = node;
	volume->idle++;
}

/* Out of the table and of memory. */
static void node_free(struct node *node)
{
	struct node **link = bucket_of(node->volume, node->stat.ino);

	while (*link != node)
		link = &(*link)->next;
	UNDO_NOTE(node->volume->undo, *link);
	*link = node->next;
	node->volume->ops->unload(node);
	pthread_rwlock_destroy(&node->content);
	undo_free(node->volume->undo, node, node->volume->ops->node_size);
}

void volume_destroy(struct volume *volume)
{
	for (unsigned i = 0; i < NODE_BUCKETS; i++)
		while (volume->table[i])
			node_free(volume->table[i]);
	dentries_destroy(volume->dentries);
	pthread_mutex_destroy(&volume->lock);
	pthread_cond_destroy(&volume->changed);
	undo_destroy(volume->undo);
}

void volume_lock(struct volume *volume)
{
	pthread_mutex_lock(&volume->lock);
}

void volume_commit(struct volume *volume)
{
	if (volume->ops->before_commit)
		volume->ops->before_commit(volume);
	undo_commit(volume->undo);
}

void volume_unlock(struct volume *volume)
{
	volume_commit(volume);
	if (volume->want_flush) {
		volume->want_flush = false;
		volume_note_error(volume, volume_flush(volume));
	}
	pthread_mutex_unlock(&volume->lock);
}

/* The kept part of a node, and that of the backend's node. */
#define KEPT_SIZE (offsetof(struct node, kept_end) - offsetof(struct node, stat))

void node_change(struct node *node)
{
	struct undo *undo = node->volume->undo;

	if (node->changed == undo_serial(undo))
		return;
	undo_note(undo, &node->stat, KEPT_SIZE);
	undo_note(undo, node + 1, node->volume->ops->node_size - sizeof(*node));
	node->changed = undo_serial(undo);
}

int node_new(struct volume *volume, uint64_t ino, struct node **result)
{
	struct node *node = undo_alloc(volume->undo, volume->ops->node_size);

	if (!node)
		return MASIX_E_LIMIT;
	node->volume = volume;
	node->references = 1;
	node->cut = NODE_WHOLE;
	node->changed = undo_serial(volume->undo);
	node->stat.ino = ino;
	node->stat.dev = volume->device;
	node->stat.block_size = PAGE_SIZE_;
	(void)pthread_rwlock_init(&node->content, NULL);
	node->next = *bucket_of(volume, ino);
	UNDO_NOTE(volume->undo, *bucket_of(volume, ino));
	*bucket_of(volume, ino) = node;
	*result = node;
	return 0;
}

int node_get(struct volume *volume, uint64_t ino, struct node **result)
{
	struct node *node = *bucket_of(volume, ino);
	int error;

	while (node && (node->stat.ino != ino || node->gone))
		node = node->next;
	if (node) {
		node_ref(node);
		*result = node;
		return 0;
	}
	error = node_new(volume, ino, &node);
	if (error)
		return error;
	error = volume->ops->load(node);
	if (error) {
		node_free(node);
		return error;
	}
	*result = node;
	return 0;
}

void node_ref(struct node *node)
{
	if (node->references++ == 0)
		idle_remove(node);
}

/* The last user of a node without names is gone. */
static void destroy(struct node *node)
{
	struct volume *volume = node->volume;

	if (node_is_directory(node))
		dentries_forget(volume->dentries, node->stat.ino);
	if (!node->gone && !volume->read_only)
		volume_note_error(volume, volume->ops->destroy(node));
	node_free(node);
}

/* Keep the idle list within its limit, oldest first out. */
static void trim(struct volume *volume)
{
	struct node *node, *newer;

	for (node = volume->oldest; node && volume->idle > volume->idle_limit; node = newer) {
		newer = node->newer;
		/* What covers it, or a change that cannot be stored, keeps a node. */
		if (node->mount != 0 || (node->dirty && volume->ops->store(node) != 0))
			continue;
		idle_remove(node);
		node_free(node);
	}
}

void node_put(struct node *node)
{
	struct volume *volume = node->volume;

	if (--node->references > 0) {
		if (node->stat.nlink == 0 && !node->orphan &&
			(node->reused || (node->references == 1 && node->pager))) {
			node->orphan = true;
			node->references++;
			node->next_orphan = volume->orphans;
			volume->orphans = node;
		}
		return;
	}
	if (node->stat.nlink == 0) {
		destroy(node);
		return;
	}
	idle_add(node);
	if (volume->idle > volume->idle_limit)
		trim(volume);
}

void node_release(struct node *node)
{
	struct volume *volume = node->volume;

	volume_lock(volume);
	node_put(node);
	volume_unlock(volume);
}

struct node *volume_take_orphan(struct volume *volume)
{
	struct node *node;

	volume_lock(volume);
	node = volume->orphans;
	if (node)
		volume->orphans = node->next_orphan;
	volume_unlock(volume);
	return node;
}

bool node_is_directory(const struct node *node)
{
	return S_ISDIR(node->stat.mode);
}

bool node_is_file(const struct node *node)
{
	return S_ISREG(node->stat.mode);
}

void node_touch(struct node *node, unsigned times)
{
	int64_t now = node->volume->now();
	int64_t seconds = now / 1000000000;
	uint32_t nanoseconds = (uint32_t)(now % 1000000000);

	node_change(node);
	if (times & NODE_ATIME) {
		node->stat.atime = seconds;
		node->stat.atime_nsec = nanoseconds;
	}
	if (times & NODE_MTIME) {
		node->stat.mtime = seconds;
		node->stat.mtime_nsec = nanoseconds;
	}
	if (times & NODE_CTIME) {
		node->stat.ctime = seconds;
		node->stat.ctime_nsec = nanoseconds;
	}
	node->dirty = true;
}

void node_drain(struct node *node)
{
	volume_commit(node->volume);
	while (node->in_flight > 0)
		pthread_cond_wait(&node->volume->changed, &node->volume->lock);
}

void volume_note_error(struct volume *volume, int error)
{
	if (error)
		volume->error = error;
}

int volume_flush(struct volume *volume)
{
	int result = volume->error;
	int error;

	volume_commit(volume);
	volume->error = 0;
	for (unsigned i = 0; i < NODE_BUCKETS; i++)
		for (struct node *node = volume->table[i]; node; node = node->next) {
			if (!node->dirty || node->gone)
				continue;
			error = volume->ops->store(node);
			if (error)
				result = error;
		}
	error = volume->ops->flush(volume);
	return error ? error : result;
}

int volume_shutdown(struct volume *volume)
{
	int result, error;

	for (unsigned i = 0; i < NODE_BUCKETS; i++) {
		struct node *node, *next;

		for (node = volume->table[i]; node; node = next) {
			next = node->next;
			if (node->stat.nlink != 0 || node->gone)
				continue;
			node_drain(node);
			volume_note_error(volume, volume->ops->destroy(node));
			node_change(node);
			node->gone = true;
		}
	}
	result = volume_flush(volume);
	UNDO_NOTE(volume->undo, volume->read_only);
	volume->read_only = true;
	error = volume->ops->shutdown(volume);
	return error ? error : result;
}

/* --- after the last owner's death --- */

static bool adopt_node(struct volume *volume, unsigned bucket, struct node *node)
{
	if (node->volume != volume || (node->stat.ino & (NODE_BUCKETS - 1)) != bucket)
		return false;
	(void)pthread_rwlock_init(&node->content, NULL);
	node->changed = undo_serial(volume->undo) - 1;
	node->references = 0;
	node->orphan = node->reused = false;
	node->in_flight = 0;
	node->behind_start = node->behind_end = 0;
	node->older = node->newer = node->next_orphan = NULL;
	return flock_recover(&node->flock, undo_arena(volume->undo)) && volume->ops->adopt(node);
}

bool volume_recover(struct volume *volume, struct arena *arena, const char *name)
{
	if (!undo_recover(volume->undo, arena) || make_own(volume, name) != 0)
		return false;
	volume->oldest = volume->newest = volume->orphans = NULL;
	volume->idle = 0;
	volume->want_flush = false;
	for (unsigned i = 0; i < NODE_BUCKETS; i++)
		for (struct node *node = volume->table[i]; node; node = node->next)
			/* Marked before it is looked into: a circle is met by that too. */
			if (!arena_mark(arena, node, volume->ops->node_size) ||
				!adopt_node(volume, i, node))
				return false;
	return true;
}

bool volume_has_node(const struct volume *volume, const struct node *node)
{
	const struct node *other = volume->table[node->stat.ino & (NODE_BUCKETS - 1)];

	while (other && other != node)
		other = other->next;
	return other != NULL;
}

void volume_each_node(
	struct volume *volume, void (*visit)(struct node *node, void *argument), void *argument)
{
	for (unsigned i = 0; i < NODE_BUCKETS; i++)
		for (struct node *node = volume->table[i]; node; node = node->next)
			visit(node, argument);
}

void volume_recovered(struct volume *volume)
{
	volume_lock(volume);
	for (unsigned i = 0; i < NODE_BUCKETS; i++) {
		struct node *node, *next;

		for (node = volume->table[i]; node; node = next) {
			next = node->next;
			if (node->references > 0) {
				/* One that only its pager keeps is an orphan. */
				node->references++;
				node_put(node);
			} else if (node->stat.nlink > 0) {
				idle_add(node);
			} else {
				destroy(node);
			}
		}
	}
	trim(volume);
	volume_unlock(volume);
}

struct node *volume_next_cut(struct volume *volume)
{
	struct node *node = NULL;

	volume_lock(volume);
	for (unsigned i = 0; i < NODE_BUCKETS && !node; i++)
		for (node = volume->table[i]; node && node->cut == NODE_WHOLE;)
			node = node->next;
	if (node)
		node_ref(node);
	volume_unlock(volume);
	return node;
}

struct node *volume_next_unwritten(struct volume *volume, struct node *node)
{
	unsigned bucket = node ? (unsigned)node->stat.ino & (NODE_BUCKETS - 1) : 0;
	struct node *next = node ? node->next : volume->table[0];

	for (;;) {
		for (; next; next = next->next)
			if (next->unwritten || next->shared) {
				node_ref(next);
				goto found;
			}
		if (++bucket == NODE_BUCKETS)
			break;
		next = volume->table[bucket];
	}
found:
	if (node)
		node_put(node);
	return next;
}
