/* Directories of ext2. */
#include "ext2.h"

#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>

#define LINKS_MAX 32000

static ext2_ino_t ino_of(const struct node *node)
{
	return (ext2_ino_t)node->stat.ino;
}

static int check_writable(struct node *node)
{
	return node->volume->read_only ? MASIX_E_READ_ONLY : 0;
}

/* libext2fs reads and writes the inodes of directories itself: store ours before ... */
static int hand_over(struct node *directory)
{
	return directory->dirty ? ext2_store(directory) : 0;
}

/* ... and take its version back after, whatever it did. */
static void take_back(struct node *directory)
{
	volume_note_error(directory->volume, ext2_load(directory));
}

int ext2_lookup(struct node *directory, const struct name *name, uint64_t *ino)
{
	struct ext2_volume *volume = ext2_volume_of(directory);
	ext2_ino_t found;
	int error;

	error = ext2_error(ext2fs_lookup(volume->fs, ino_of(directory), name->text,
		(int)name->length, volume->scratch, &found));
	if (!error)
		*ino = found;
	return error;
}

/* Give the entries of one block from offset `start` on to `emit`; false ends the listing. */
static bool emit_block(struct ext2_volume *volume, const char *block, uint64_t base, uint32_t start,
	entry_function_t emit, void *argument)
{
	static const uint8_t types[] = { [EXT2_FT_REG_FILE] = S_IFREG >> 12,
		[EXT2_FT_DIR] = S_IFDIR >> 12,
		[EXT2_FT_CHRDEV] = S_IFCHR >> 12,
		[EXT2_FT_BLKDEV] = S_IFBLK >> 12,
		[EXT2_FT_FIFO] = S_IFIFO >> 12,
		[EXT2_FT_SOCK] = S_IFSOCK >> 12,
		[EXT2_FT_SYMLINK] = S_IFLNK >> 12 };
	uint32_t size = volume->fs->blocksize;

	/* From the beginning of the block, since an entry may have been merged with the one
	 * before it after its cookie was given out. */
	for (uint32_t at = 0; at + 8 <= size;) {
		struct ext2_dir_entry *entry = (struct ext2_dir_entry *)(block + at);
		unsigned length, type = (unsigned)ext2fs_dirent_file_type(entry);
		struct name name = { entry->name, (unsigned)ext2fs_dirent_name_len(entry) };

		if (ext2fs_get_rec_len(volume->fs, entry, &length) || length < 8 ||
			length % 4 != 0 || at + length > size || name.length + 8 > length)
			return true; /* damaged: as if the block ended here */
		if (at >= start && entry->inode != 0 && name.length > 0 &&
			!emit(argument, &name, entry->inode, type < sizeof(types) ? types[type] : 0,
				(int64_t)(base + at + length)))
			return false;
		at += length;
	}
	return true;
}

/* A cookie is the byte position of an entry. */
int ext2_entries(struct node *directory, int64_t cookie, entry_function_t emit, void *argument)
{
	struct ext2_volume *volume = ext2_volume_of(directory);
	uint32_t size = volume->fs->blocksize;
	uint64_t position = (uint64_t)cookie;

	if (cookie < 0)
		return MASIX_E_INVALID;
	while (position < directory->stat.size) {
		uint64_t index = position / size;
		blk64_t block;
		int error;

		error = ext2_error(ext2fs_bmap2(volume->fs, ino_of(directory),
			EXT2_INODE(&ext2_node_of(directory)->inode), volume->scratch, 0, index,
			NULL, &block));
		if (!error && block != 0)
			error = ext2_error(ext2fs_read_dir_block4(
				volume->fs, block, volume->scratch, 0, ino_of(directory)));
		if (error)
			return error;
		if (block != 0 && !emit_block(volume, volume->scratch, index * size,
					  (uint32_t)(position % size), emit, argument))
			return 0;
		position = (index + 1) * size;
	}
	return 0;
}

static bool is_dots(const struct name *name)
{
	return name->text[0] == '.' &&
	       (name->length == 1 || (name->length == 2 && name->text[1] == '.'));
}

static bool find_real(
	void *argument, const struct name *name, uint64_t ino, uint8_t type, int64_t next)
{
	bool *empty = argument;

	(void)ino;
	(void)type;
	(void)next;
	if (is_dots(name))
		return true;
	*empty = false;
	return false;
}

int ext2_is_empty(struct node *directory, bool *empty)
{
	*empty = true;
	return ext2_entries(directory, 0, find_real, empty);
}

/* Enter the name; the directory grows by a block when it must.  Its inode is libext2fs's. */
static int add_entry(struct node *directory, const struct name *name, ext2_ino_t ino, uint32_t mode)
{
	ext2_filsys fs = ext2_volume_of(directory)->fs;
	char text[MASIX_NAME_MAX + 1];
	errcode_t code;

	memcpy(text, name->text, name->length);
	text[name->length] = '\0';
	code = ext2fs_link(fs, ino_of(directory), text, ino, ext2_file_type(mode));
	if (code != EXT2_ET_DIR_NO_SPACE)
		return ext2_error(code);
	code = ext2fs_expand_dir(fs, ino_of(directory));
	if (code)
		return ext2_error(code);
	return ext2_error(ext2fs_link(fs, ino_of(directory), text, ino, ext2_file_type(mode)));
}

int ext2_create(struct node *directory, const struct name *name, const struct node_seed *seed,
	uint64_t *result)
{
	struct ext2_volume *volume = ext2_volume_of(directory);
	bool is_directory = S_ISDIR(seed->mode);
	ext2_ino_t ino;
	int error;

	error = ext2_prepare(volume, EXT2_CHANGE_BLOCKS);
	if (error)
		return error;
	if (is_directory && directory->stat.nlink >= LINKS_MAX)
		return MASIX_E_LIMIT;
	error = hand_over(directory);
	if (error)
		return error;
	error = ext2_inode_make(directory, seed, &ino);
	if (error)
		return error;
	error = add_entry(directory, name, ino, seed->mode);
	take_back(directory);
	if (error) {
		ext2_inode_abandon(volume, ino);
		return error;
	}
	ext2_inode_commit(volume, ino, is_directory);
	node_touch(directory, NODE_MTIME | NODE_CTIME);
	if (is_directory)
		directory->stat.nlink++;
	*result = ino;
	return 0;
}

int ext2_link(struct node *directory, const struct name *name, struct node *node)
{
	int error;

	error = ext2_prepare(ext2_volume_of(directory), EXT2_CHANGE_BLOCKS);
	if (error)
		return error;
	if (node->stat.nlink >= LINKS_MAX)
		return MASIX_E_LIMIT;
	error = hand_over(directory);
	if (error)
		return error;
	error = add_entry(directory, name, ino_of(node), node->stat.mode);
	take_back(directory);
	if (error)
		return error;
	node_change(node);
	node->stat.nlink++;
	node_touch(node, NODE_CTIME);
	node_touch(directory, NODE_MTIME | NODE_CTIME);
	return 0;
}

static int remove_entry(struct node *directory, const struct name *name, struct node *node)
{
	char text[MASIX_NAME_MAX + 1];
	int error;

	error = hand_over(directory);
	if (error)
		return error;
	memcpy(text, name->text, name->length);
	text[name->length] = '\0';
	error = ext2_error(ext2fs_unlink(
		ext2_volume_of(directory)->fs, ino_of(directory), text, ino_of(node), 0));
	take_back(directory);
	return error;
}

/* One name of `node` is gone; a directory has only one, and its own "." besides. */
static void drop_link(struct node *directory, struct node *node)
{
	node_change(node);
	if (node_is_directory(node)) {
		node->stat.nlink = 0;
		node_change(directory);
		directory->stat.nlink--;
		directory->dirty = true;
	} else {
		node->stat.nlink--;
	}
	node_touch(node, NODE_CTIME);
}

int ext2_unlink(struct node *directory, const struct name *name, struct node *node)
{
	int error = check_writable(directory);

	if (!error)
		error = remove_entry(directory, name, node);
	if (error)
		return error;
	drop_link(directory, node);
	node_touch(directory, NODE_MTIME | NODE_CTIME);
	return 0;
}

struct redirection {
	const struct name *name;
	ext2_ino_t ino;
	uint8_t type;
	bool done;
};

static int redirect(ext2_ino_t directory, int which, struct ext2_dir_entry *entry, int offset,
	int block_size, char *block, void *argument)
{
	struct redirection *change = argument;

	(void)directory;
	(void)which;
	(void)offset;
	(void)block_size;
	(void)block;
	if ((unsigned)ext2fs_dirent_name_len(entry) != change->name->length ||
		memcmp(entry->name, change->name->text, change->name->length) != 0)
		return 0;
	entry->inode = change->ino;
	ext2fs_dirent_set_file_type(entry, change->type);
	change->done = true;
	return DIRENT_CHANGED | DIRENT_ABORT;
}

/* Let an existing entry name another inode, in one write. */
static int redirect_entry(struct node *directory, const struct name *name, struct node *node)
{
	struct redirection change = { name, ino_of(node), ext2_file_type(node->stat.mode), false };
	int error = hand_over(directory);

	if (error)
		return error;
	error = ext2_error(ext2fs_dir_iterate2(
		ext2_volume_of(directory)->fs, ino_of(directory), 0, NULL, redirect, &change));
	take_back(directory);
	if (!error && !change.done)
		error = MASIX_E_IO;
	return error;
}

struct position {
	const struct name *name;
	int64_t next; /* cookie after the entry */
};

static bool find_position(
	void *argument, const struct name *name, uint64_t ino, uint8_t type, int64_t next)
{
	struct position *position = argument;

	(void)ino;
	(void)type;
	if (name->length != position->name->length ||
		memcmp(name->text, position->name->text, name->length) != 0)
		return true;
	position->next = next;
	return false;
}

/* The disk block that an entry lies in. */
static int block_of(struct node *directory, const struct name *name, blk64_t *block)
{
	struct ext2_volume *volume = ext2_volume_of(directory);
	struct position position = { name, 0 };
	int error;

	error = ext2_entries(directory, 0, find_position, &position);
	if (!error && position.next == 0)
		error = MASIX_E_IO;
	if (error)
		return error;
	return ext2_error(ext2fs_bmap2(volume->fs, ino_of(directory),
		EXT2_INODE(&ext2_node_of(directory)->inode), volume->scratch, 0,
		(uint64_t)(position.next - 1) / volume->fs->blocksize, NULL, block));
}

/* The name that will be entered is to reach the disk before the old one leaves it: a crash may leave two names, but not
 * none.  Before anything is changed: if the block of the old name, *removed, cannot wait for another, there is a flush. */
static int prepare_order(struct node *from_directory, const struct name *from, blk64_t *removed)
{
	struct ext2_volume *volume = ext2_volume_of(from_directory);
	int error = block_of(from_directory, from, removed);

	if (!error && !block_cache_can_wait(volume->cache, *removed))
		error = volume_flush(from_directory->volume);
	return error;
}

/* `node` stands in its new place and, until now, in its old one too. */
static int leave_old_place(struct node *from_directory, const struct name *from, struct node *node,
	struct node *to_directory)
{
	const struct name parent = { "..", 2 };
	int error;

	error = remove_entry(from_directory, from, node);
	if (error)
		return error;
	if (node_is_directory(node) && from_directory != to_directory) {
		error = redirect_entry(node, &parent, to_directory);
		node_change(from_directory);
		node_change(to_directory);
		from_directory->stat.nlink--;
		to_directory->stat.nlink++;
	}
	node_touch(node, NODE_CTIME);
	node_touch(from_directory, NODE_MTIME | NODE_CTIME);
	node_touch(to_directory, NODE_MTIME | NODE_CTIME);
	return error;
}

int ext2_rename(struct node *from_directory, const struct name *from, struct node *node,
	struct node *to_directory, const struct name *to, struct node *replaced)
{
	struct ext2_volume *volume = ext2_volume_of(node);
	blk64_t removed;
	int error;

	error = ext2_prepare(volume, EXT2_CHANGE_BLOCKS);
	if (!error)
		error = prepare_order(from_directory, from, &removed);
	if (error)
		return error;
	if (replaced) {
		error = redirect_entry(to_directory, to, node);
		if (error)
			return error;
		drop_link(to_directory, replaced);
	} else {
		error = hand_over(to_directory);
		if (!error)
			error = add_entry(to_directory, to, ino_of(node), node->stat.mode);
		take_back(to_directory);
		if (error)
			return error;
	}
	block_cache_order(volume->cache, volume->last_written, removed);
	return leave_old_place(from_directory, from, node, to_directory);
}
