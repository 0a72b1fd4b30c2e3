/* The external pager: the memory object of a file, through which processes map it and this
 * server reads and writes it (window.h), so that there is one cache of its pages. */
#ifndef FS_PAGER_H
#define FS_PAGER_H

#include <masix/object.h>

#include "volume.h"

/* Of a file that is, or was not long ago, in use.  It lives as long as anyone, the kernel
 * included, holds a send right to its port. */
#define PAGER_FAILED 16u

struct pager {
	struct masix_object object; /* its port is the memory object */
	struct node *node;	    /* a reference */
	/* Guarded by the volume's lock: */
	mach_port_t control; /* send right of the kernel's; null: not mapped, nor cached */
	unsigned pending;    /* lock requests that the kernel has not completed */
	unsigned locking;    /* of these, under way to it */
	/* Pages that could not be had, the last ones, and not asked for since: the kernel may still have its mark for one,
	 * and panics when that is to be locked. */
	uint32_t failed[PAGER_FAILED];
	unsigned failed_count;
	/* Of its pager thread alone: where a reader in order would go on, and how far to read. */
	uint32_t expected, ahead;
	struct pager *older, *newer; /* by last use (pagers' lock) */
};

struct masix_estate;

/* Make the port sets; then start their threads. */
kern_return_t pager_make_sets(void) CHECKED;
kern_return_t pager_start(void) CHECKED;

/* The successor: mark the pagers of the volume's nodes in the arena, and count their references.  Then adopt their ports. */
bool pager_recover(struct volume *volume) CHECKED;
int pager_adopt(struct volume *volume, struct masix_estate *estate) CHECKED;
/* Is it one that was adopted? */
bool pager_is_known(const struct pager *pager);

/* pager_again.c: before the threads start, a message that one of the last owner's pager threads had received and not
 * done; and the requests that they had put off. */
void pager_again(const mach_msg_header_t *message, struct masix_estate *estate);
void pager_again_postponed(void);
/* Deliver pages that the kernel waits for. */
void serve_pager_supply(struct pager *pager, uint32_t offset, uint32_t length, unsigned pages);

/* The kernel is about to be told that it cannot have this page; it has asked for these, or is about to get them. */
void pager_note_failed(struct pager *pager, uint32_t page);
void pager_forget_failed(struct pager *pager, uint32_t page, unsigned pages);

/* Start the thread that answers the kernel's requests for pages while memory is scarce. */
int serve_pager_start(void) CHECKED;

/* The node's pager, made if it has none.  pager_put gives it back.  No lock held. */
int pager_get(struct node *node, struct pager **pager) CHECKED;
void pager_put(struct pager *pager);

/* The pager behind a port, with a reference; NULL if it is none. */
struct pager *pager_lookup(mach_port_t port);

/* A send right to the memory object of the node's pager, and (unless NULL) the pager.  No lock
 * held. */
int pager_right(struct node *node, mach_port_t *right, struct pager **pager) CHECKED;

/* Have the kernel's dirty pages of this range written to the disk, and wait for it.  Errors are
 * kept in node->error.  No lock that page_out takes may be held. */
void pager_clean(struct node *node, uint64_t offset, uint64_t length);

/* Have the kernel forget its pages between `start` (a page boundary) and `end`, dirty or not;
 * waits.  There are none beyond the end of the file. */
void pager_discard(struct node *node, uint64_t start, uint64_t end);

/* The kernel is to let go of the memory object as soon as no one maps it: the file was deleted, or
 * has not been used for long. */
void pager_retire(struct node *node);

/* Retire the pagers of deleted files.  After everything that may have dropped a file's last name
 * or last user.  No lock held. */
void pager_reap(struct volume *volume);

/* Retire the pagers that were idle longest while there are more than enough.  No lock held. */
void pager_trim(void);

#endif
