/* What the files of the memory file system share. */
#ifndef FS_MEMORY_PRIVATE_H
#define FS_MEMORY_PRIVATE_H

#include "memory.h"

#define MEMORY_ENTRY_BUCKETS 4096 /* a power of two */
/* What an inode or a name is charged. */
#define MEMORY_NODE_CHARGE 512
#define MEMORY_ENTRY_CHARGE 128

struct memory_entry {
	struct memory_entry *next;	/* of the bucket */
	struct memory_entry *following; /* in the directory, by cookie */
	uint64_t directory;
	uint64_t ino;
	int64_t cookie; /* that finds this entry and those after it */
	uint8_t type;
	uint8_t length;
	char name[];
};

struct memory_region;

#define MEMORY_SLOTS 4096u /* regions */

struct memory_volume {
	struct volume volume;
	uint64_t limit, used; /* bytes */
	uint64_t inodes;
	uint64_t last_ino;
	struct memory_range range;
	/* memory_pages.c; not for the next owner, but for how far the range was ever used: */
	unsigned slots_used;
	bool mapped[MEMORY_SLOTS];
	struct memory_region *regions;
	struct memory_entry *entries[MEMORY_ENTRY_BUCKETS];
};

#define MEMORY_CHUNK 256u /* pages */

struct memory_chunk {
	void *pages[MEMORY_CHUNK]; /* NULL: a hole */
};

/* The volume holds a reference to every node that has a name. */
struct memory_node {
	struct node node;
	/* Of a directory: */
	uint64_t parent;
	int64_t last_cookie;
	struct memory_entry *first, *last;
	/* Of a symbolic link: */
	char *target;
	/* Of a file; changed under node->content held for writing, or by the pager: */
	struct memory_chunk **chunks;
	unsigned chunk_count;
};

static inline struct memory_volume *memory_volume_of(struct node *node)
{
	return (struct memory_volume *)node->volume;
}

static inline struct memory_node *memory_node_of(struct node *node)
{
	return (struct memory_node *)node;
}

/* Take `bytes` from the limit; MASIX_E_NO_SPACE. */
int memory_charge(struct memory_volume *volume, uint64_t bytes) CHECKED;
void memory_refund(struct memory_volume *volume, uint64_t bytes);

/* memory_pages.c: a page of zeros (NULL: no memory), and its way back at the next commit.  Volume's lock held. */
void *memory_page_take(struct memory_volume *volume) CHECKED;
void memory_page_give(struct memory_volume *volume, void *page);
/* Nothing is taken; then each page that is; then the rest goes back. */
void memory_pages_forget(struct memory_volume *volume);
bool memory_page_mark(struct memory_volume *volume, void *page) CHECKED;
void memory_pages_sweep(struct memory_volume *volume);

/* memory_data.c */
int memory_reserve(struct node *node, uint64_t offset, uint64_t *length, bool privileged) CHECKED;
int memory_truncate(struct node *node, uint64_t size) CHECKED;
void memory_copy(struct node *node, uint64_t offset, uint32_t length, void *buffer, bool write);
bool memory_adopt_pages(struct memory_node *node) CHECKED;
int memory_page_in(struct node *node, uint32_t page, unsigned *count, void **data) CHECKED;
int memory_page_out(struct node *node, uint32_t page, unsigned count, void *data) CHECKED;

#endif
