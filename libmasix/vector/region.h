/* Memory of this task as Linux programs ask for it, over the kernel's virtual memory calls.
 * Lengths are rounded up to pages.  Everything returns 0 or a negative Linux error number. */
#ifndef LIBMASIX_REGION_H
#define LIBMASIX_REGION_H

#include <mach/mach_types.h>
#include <stdint.h>

#include "vector/lock.h"

#define REGION_PAGE 4096u

struct region_space {
	struct vector_lock lock; /* makes unmap-then-map one step; guards `brk` */
	uint32_t low;		 /* where the search for free space starts */
	uint32_t limit;		 /* first address that is not for programs */
	uint32_t heap;		 /* lowest break, page aligned */
	uint32_t brk;		 /* current break */
	/* If not 0: new private writable memory is made of objects of at most this size (a power
	 * of two).  For tasks that fork: a child that writes a big object in the order in which
	 * its parent touched it pays for the whole list of copied pages at each fault. */
	uint32_t object_size;
	/* Whether any page of the range is a mapping of a memory object: the kernel does not
	 * tell.  NULL: there are none.  Called with the lock held. */
	int (*backed)(uint32_t address, uint32_t size);
	/* The search for free space, which the kernel does not do from a given address:
	 * it starts at `cursor`, or at `low` for what fits into the largest hole left below. */
	uint32_t cursor; /* 0: at `low` */
	uint32_t hole;
};

struct region_request {
	uint32_t address; /* hint, or the place if REGION_FIXED */
	uint32_t length;
	int protection;	    /* PROT_*: 1 read, 2 write, 4 execute */
	int flags;	    /* REGION_* */
	mach_port_t object; /* memory object, or MACH_PORT_NULL: zero-filled */
	uint32_t offset;    /* in the object, a multiple of REGION_PAGE */
	int max_protection; /* VM_PROT_*; of an object mapped shared */
};
#define REGION_FIXED 1	    /* replaces what is there */
#define REGION_NO_REPLACE 2 /* fixed, -EEXIST if something is there */
#define REGION_SHARED 4	    /* with the object's other users and with children */

/* -EINVAL, -ENOMEM, -EEXIST, -EACCES.  The object's right stays the caller's. */
int region_map(struct region_space *space, const struct region_request *request, uint32_t *address)
	__attribute__((warn_unused_result));
int region_unmap(struct region_space *space, uint32_t address, uint32_t length);

/* -ENOMEM if the range has holes. */
int region_protect(struct region_space *space, uint32_t address, uint32_t length, int protection)
	__attribute__((warn_unused_result));

/* mremap(2): flags 1 = may move, 2 = to `wanted`.  What is backed by a memory object can
 * shrink here but not grow (-ENOMEM): only the caller knows the object. */
int region_remap(struct region_space *space, uint32_t address, uint32_t old_length,
	uint32_t new_length, int flags, uint32_t wanted, uint32_t *result)
	__attribute__((warn_unused_result));

/* MADV_DONTNEED of private memory: reads as zero afterwards; file-backed parts stay. */
int region_discard(struct region_space *space, uint32_t address, uint32_t length)
	__attribute__((warn_unused_result));

/* brk(2): the new break, or the old one if `wanted` cannot be had. */
uint32_t region_break(struct region_space *space, uint32_t wanted);

/* The kernel's entry at or above `address`.  1 if there is one. */
struct region_entry {
	uint32_t address, size;
	int protection;	 /* VM_PROT_* = PROT_* */
	int inheritance; /* VM_INHERIT_* */
};
int region_find(uint32_t address, struct region_entry *entry);

#endif
