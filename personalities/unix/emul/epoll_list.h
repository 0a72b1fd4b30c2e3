/* What epoll.c and epoll_wait.c share: the lists. */
#ifndef EMUL_EPOLL_LIST_H
#define EMUL_EPOLL_LIST_H

#include "epoll.h"

struct epoll_entry {
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
	struct epoll_entry entries[];
};

/* As the program has it. */
struct epoll_event_i386 {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

extern struct emul_lock epoll_lock; /* of all lists; before the files lock */

#endif
