/* Inodes and names of the memory file system. */
#include "memory_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>

#define ROOT 1
#define LINKS_MAX 65000
/* The table of pages is not charged, so it must stay small. */
#define SIZE_MAX_ (1ull << 34)
#define TMPFS_MAGIC 0x01021994
#define COOKIE_PARENT 1 /* of ".."; "." has 0 and the entries those from 2 on */

int memory_charge(struct memory_volume *volume, uint64_t bytes)
{
	if (bytes > volume->limit - volume->used)
		return MASIX_E_NO_SPACE;
	UNDO_NOTE(volume->volume.undo, volume->used);
	volume->used += bytes;
	return 0;
}

void memory_refund(struct memory_volume *volume, uint64_t bytes)
{
	UNDO_NOTE(volume->volume.undo, volume->used);
	volume->used -= bytes;
}

/* Nodes with names are always in memory, so nothing is ever loaded. */
static int load(struct node *node)
{
	(void)node;
	return MASIX_E_NOT_FOUND;
}

static int store(struct node *node)
{
	node_change(node);
	node->dirty = false;
	return 0;
}

static void unload(struct node *node)
{
	struct memory_node *memory = memory_node_of(node);

	/* Cannot fail. */
	volume_note_error(node->volume, memory_truncate(node, 0));
	if (memory->target)
		undo_free(node->volume->undo, memory->target, (size_t)node->stat.size);
}

static int destroy(struct node *node)
{
	struct memory_volume *volume = memory_volume_of(node);

	memory_refund(volume, MEMORY_NODE_CHARGE);
	UNDO_NOTE(node->volume->undo, volume->inodes);
	volume->inodes--;
	return memory_truncate(node, 0);
}

static struct memory_entry **bucket_of(
	struct memory_volume *volume, uint64_t directory, const struct name *name)
{
	uint32_t value = 2166136261u ^ (uint32_t)directory;

	for (unsigned i = 0; i < name->length; i++)
		value = (value ^ (unsigned char)name->text[i]) * 16777619u;
	return &volume->entries[(value ^ value >> 15) & (MEMORY_ENTRY_BUCKETS - 1)];
}

static struct memory_entry *find(struct node *directory, const struct name *name)
{
	struct memory_entry *entry =
		*bucket_of(memory_volume_of(directory), directory->stat.ino, name);

	while (entry && (entry->directory != directory->stat.ino || entry->length != name->length ||
				memcmp(entry->name, name->text, name->length) != 0))
		entry = entry->next;
	return entry;
}

static int lookup(struct node *directory, const struct name *name, uint64_t *ino)
{
	struct memory_entry *entry;

	if (name->length == 2 && memcmp(name->text, "..", 2) == 0) {
		*ino = memory_node_of(directory)->parent;
		return 0;
	}
	entry = find(directory, name);
	if (!entry)
		return MASIX_E_NOT_FOUND;
	*ino = entry->ino;
	return 0;
}

static int entries(struct node *directory, int64_t cookie, entry_function_t emit, void *argument)
{
	struct memory_node *memory = memory_node_of(directory);
	const struct name self = { ".", 1 }, parent = { "..", 2 };

	if (cookie <= 0 && !emit(argument, &self, directory->stat.ino, S_IFDIR >> 12, 1))
		return 0;
	if (cookie <= COOKIE_PARENT && !emit(argument, &parent, memory->parent, S_IFDIR >> 12, 2))
		return 0;
	for (struct memory_entry *entry = memory->first; entry; entry = entry->following) {
		struct name name = { entry->name, entry->length };

		if (entry->cookie >= cookie &&
			!emit(argument, &name, entry->ino, entry->type, entry->cookie + 1))
			break;
	}
	return 0;
}

static int is_empty(struct node *directory, bool *empty)
{
	*empty = memory_node_of(directory)->first == NULL;
	return 0;
}

static int add_entry(struct node *directory, const struct name *name, uint64_t ino, uint32_t mode)
{
	struct memory_volume *volume = memory_volume_of(directory);
	struct memory_node *memory = memory_node_of(directory);
	struct memory_entry **bucket = bucket_of(volume, directory->stat.ino, name);
	struct undo *undo = volume->volume.undo;
	struct memory_entry *entry;

	if (memory_charge(volume, MEMORY_ENTRY_CHARGE))
		return MASIX_E_NO_SPACE;
	entry = undo_alloc(undo, sizeof(*entry) + name->length);
	if (!entry) {
		memory_refund(volume, MEMORY_ENTRY_CHARGE);
		return MASIX_E_NO_SPACE;
	}
	node_change(directory);
	entry->directory = directory->stat.ino;
	entry->ino = ino;
	entry->type = (uint8_t)((mode & S_IFMT) >> 12);
	entry->length = (uint8_t)name->length;
	memcpy(entry->name, name->text, name->length);
	entry->cookie = ++memory->last_cookie;
	entry->next = *bucket;
	UNDO_NOTE(undo, *bucket);
	*bucket = entry;
	if (memory->last)
		UNDO_NOTE(undo, memory->last->following);
	*(memory->last ? &memory->last->following : &memory->first) = entry;
	memory->last = entry;
	node_touch(directory, NODE_MTIME | NODE_CTIME);
	return 0;
}

static void remove_entry(struct node *directory, const struct name *name)
{
	struct memory_volume *volume = memory_volume_of(directory);
	struct memory_node *memory = memory_node_of(directory);
	struct memory_entry *entry = find(directory, name), *before = NULL;
	struct memory_entry **link = bucket_of(volume, directory->stat.ino, name);
	struct undo *undo = volume->volume.undo;

	node_change(directory);
	while (*link != entry)
		link = &(*link)->next;
	UNDO_NOTE(undo, *link);
	*link = entry->next;
	if (memory->first != entry)
		for (before = memory->first; before->following != entry;)
			before = before->following;
	if (before)
		UNDO_NOTE(undo, before->following);
	*(before ? &before->following : &memory->first) = entry->following;
	if (memory->last == entry)
		memory->last = before;
	undo_free(undo, entry, sizeof(*entry) + entry->length);
	memory_refund(volume, MEMORY_ENTRY_CHARGE);
	node_touch(directory, NODE_MTIME | NODE_CTIME);
}

/* A node of `seed` with the one reference that its first name will own. */
static int make_node(struct memory_volume *volume, uint64_t parent, const struct node_seed *seed,
	struct node **result)
{
	struct undo *undo = volume->volume.undo;
	struct node *node;
	char *target = NULL;
	int error;

	error = memory_charge(volume, MEMORY_NODE_CHARGE);
	if (error)
		return error;
	if (seed->target)
		target = undo_alloc(undo, seed->target_length);
	error = seed->target && !target ? MASIX_E_NO_SPACE : 0;
	UNDO_NOTE(undo, volume->last_ino);
	if (!error)
		error = node_new(&volume->volume, ++volume->last_ino, &node);
	if (error) {
		undo_free(undo, target, seed->target_length);
		memory_refund(volume, MEMORY_NODE_CHARGE);
		return error;
	}
	UNDO_NOTE(undo, volume->inodes);
	volume->inodes++;
	node->stat.mode = seed->mode;
	node->stat.uid = seed->uid;
	node->stat.gid = seed->gid;
	node->stat.rdev = seed->rdev;
	node->stat.nlink = S_ISDIR(seed->mode) ? 2 : 1;
	memory_node_of(node)->parent = parent;
	memory_node_of(node)->last_cookie = COOKIE_PARENT;
	if (target) {
		memcpy(target, seed->target, seed->target_length);
		memory_node_of(node)->target = target;
		node->stat.size = seed->target_length;
	}
	node_touch(node, NODE_ATIME | NODE_MTIME | NODE_CTIME);
	*result = node;
	return 0;
}

static int create(struct node *directory, const struct name *name, const struct node_seed *seed,
	uint64_t *ino)
{
	struct node *node;
	int error;

	if (directory->volume->read_only)
		return MASIX_E_READ_ONLY;
	error = make_node(memory_volume_of(directory), directory->stat.ino, seed, &node);
	if (error)
		return error;
	error = add_entry(directory, name, node->stat.ino, seed->mode);
	if (error) {
		node->stat.nlink = 0;
		node_put(node);
		return error;
	}
	if (S_ISDIR(seed->mode))
		directory->stat.nlink++;
	*ino = node->stat.ino;
	return 0;
}

static int link_node(struct node *directory, const struct name *name, struct node *node)
{
	int error;

	if (directory->volume->read_only)
		return MASIX_E_READ_ONLY;
	if (node->stat.nlink >= LINKS_MAX)
		return MASIX_E_LIMIT;
	error = add_entry(directory, name, node->stat.ino, node->stat.mode);
	if (error)
		return error;
	node_change(node);
	/* One that had lost its last name gets back what the names own. */
	if (node->stat.nlink++ == 0)
		node_ref(node);
	node_touch(node, NODE_CTIME);
	return 0;
}

static void drop_link(struct node *directory, struct node *node)
{
	node_change(directory);
	node_change(node);
	if (node_is_directory(node)) {
		node->stat.nlink = 0;
		directory->stat.nlink--;
	} else {
		node->stat.nlink--;
	}
	node_touch(node, NODE_CTIME);
	/* The caller has a reference of its own. */
	if (node->stat.nlink == 0)
		node_put(node);
}

static int unlink_node(struct node *directory, const struct name *name, struct node *node)
{
	if (directory->volume->read_only)
		return MASIX_E_READ_ONLY;
	remove_entry(directory, name);
	drop_link(directory, node);
	return 0;
}

static int rename_node(struct node *from_directory, const struct name *from, struct node *node,
	struct node *to_directory, const struct name *to, struct node *replaced)
{
	int error = 0;

	if (node->volume->read_only)
		return MASIX_E_READ_ONLY;
	if (replaced) {
		struct memory_entry *entry = find(to_directory, to);

		UNDO_NOTE(node->volume->undo, *entry);
		entry->ino = node->stat.ino;
		entry->type = (uint8_t)((node->stat.mode & S_IFMT) >> 12);
		node_touch(to_directory, NODE_MTIME | NODE_CTIME);
		drop_link(to_directory, replaced);
	} else {
		error = add_entry(to_directory, to, node->stat.ino, node->stat.mode);
	}
	if (error)
		return error;
	remove_entry(from_directory, from);
	if (node_is_directory(node) && from_directory != to_directory) {
		node_change(node);
		node_change(from_directory);
		node_change(to_directory);
		memory_node_of(node)->parent = to_directory->stat.ino;
		from_directory->stat.nlink--;
		to_directory->stat.nlink++;
	}
	node_touch(node, NODE_CTIME);
	return 0;
}

static int read_link(struct node *node, char *target, unsigned *length)
{
	*length = (unsigned)node->stat.size;
	memcpy(target, memory_node_of(node)->target, *length);
	return 0;
}

static int settle(struct node *node)
{
	(void)node;
	return 0;
}

static int statfs(struct volume *base, struct masix_statfs *info)
{
	struct memory_volume *volume = (struct memory_volume *)base;

	info->type = TMPFS_MAGIC;
	info->block_size = PAGE_SIZE_;
	info->blocks = volume->limit / PAGE_SIZE_;
	info->blocks_free = (volume->limit - volume->used) / PAGE_SIZE_;
	info->blocks_available = info->blocks_free;
	info->files_free =
		(volume->limit - volume->used) / (MEMORY_NODE_CHARGE + MEMORY_ENTRY_CHARGE);
	info->files = volume->inodes + info->files_free;
	info->name_max = MASIX_NAME_MAX;
	info->flags = base->read_only ? 1 : 0;
	return 0;
}

static int flush(struct volume *volume)
{
	(void)volume;
	return 0;
}

static void release(struct volume *volume, void *data, uint32_t length)
{
	(void)volume;
	(void)length;
	free(data);
}

static bool adopt(struct node *node);

static const struct volume_ops memory_ops = {
	.node_size = sizeof(struct memory_node),
	.direct = true,
	.load = load,
	.store = store,
	.unload = unload,
	.destroy = destroy,
	.lookup = lookup,
	.entries = entries,
	.is_empty = is_empty,
	.create = create,
	.link = link_node,
	.unlink = unlink_node,
	.rename = rename_node,
	.read_link = read_link,
	.reserve = memory_reserve,
	.truncate = memory_truncate,
	.settle = settle,
	.copy = memory_copy,
	.page_in = memory_page_in,
	.page_out = memory_page_out,
	.statfs = statfs,
	.flush = flush,
	.shutdown = flush,
	.adopt = adopt,
};

int memory_mount(struct arena *arena, const struct memory_range *range, const char *name,
	uint32_t device, uint64_t limit, int64_t (*now)(void), struct volume **result)
{
	const struct node_seed seed = { .mode = S_IFDIR | 01777 };
	struct memory_volume *volume = arena_alloc(arena, sizeof(*volume));
	struct node *root;
	int error;

	if (!volume)
		return MASIX_E_LIMIT;
	volume->limit = limit;
	volume->range = *range;
	volume->volume.ops = &memory_ops;
	volume->volume.root = ROOT;
	volume->volume.size_max = SIZE_MAX_;
	volume->volume.now = now;
	volume->volume.release = release;
	error = volume_init(&volume->volume, arena, name, device, 0);
	if (error) {
		arena_free(arena, volume, sizeof(*volume));
		return error;
	}
	error = make_node(volume, ROOT, &seed, &root);
	if (error) {
		memory_unmount(&volume->volume);
		return error;
	}
	volume_commit(&volume->volume);
	*result = &volume->volume;
	return 0;
}

void memory_unmount(struct volume *base)
{
	struct memory_volume *volume = (struct memory_volume *)base;
	struct arena *arena = undo_arena(base->undo);

	for (unsigned i = 0; i < MEMORY_ENTRY_BUCKETS; i++) {
		struct memory_entry *entry, *next;

		for (entry = volume->entries[i]; entry; entry = next) {
			next = entry->next;
			undo_free(base->undo, entry, sizeof(*entry) + entry->length);
		}
	}
	volume_destroy(base);
	arena_free(arena, volume, sizeof(*volume));
}

/* --- after the last owner's death --- */

static bool adopt(struct node *node)
{
	struct memory_node *memory = memory_node_of(node);

	/* Those with names are the volume's. */
	if (node->stat.nlink > 0)
		node->references = 1;
	if (memory->target && !arena_mark(undo_arena(node->volume->undo), memory->target,
				      (size_t)node->stat.size))
		return false;
	return memory_adopt_pages(memory);
}

/* The chains of names; those of a directory are a part of them. */
static bool mark_entries(struct memory_volume *volume, struct arena *arena)
{
	for (unsigned i = 0; i < MEMORY_ENTRY_BUCKETS; i++)
		for (struct memory_entry *entry = volume->entries[i]; entry; entry = entry->next) {
			struct name name = { entry->name, entry->length };

			if (!arena_mark(arena, entry, sizeof(*entry) + entry->length) ||
				bucket_of(volume, entry->directory, &name) != &volume->entries[i])
				return false;
		}
	return true;
}

int memory_recover(struct volume *base, struct arena *arena, const char *name, int64_t (*now)(void))
{
	struct memory_volume *volume = (struct memory_volume *)base;

	if (!arena_mark(arena, volume, sizeof(*volume)))
		return MASIX_E_BAD_FORMAT;
	base->ops = &memory_ops;
	base->now = now;
	base->release = release;
	memory_pages_forget(volume);
	if (!volume_recover(base, arena, name) || !mark_entries(volume, arena))
		return MASIX_E_BAD_FORMAT;
	memory_pages_sweep(volume);
	return 0;
}
