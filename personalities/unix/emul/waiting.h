/* Waiting until one of several files is ready. */
#ifndef EMUL_WAITING_H
#define EMUL_WAITING_H

#include "file.h"

#define WAITING_FOREVER (~0ull)

struct waiting {
	struct emul_file *file; /* a use of the caller's (file_get), or NULL: not looked at */
	uint32_t events;	/* MASIX_POLL_* */
	uint32_t ready;		/* out: MASIX_POLL_* that hold */
	/* For EPOLLET. An object that counts what happens at it says so in is_counted, and where it is in `count`. */
	uint8_t only_news; /* what holds counts only if more has happened than `seen` */
	uint8_t is_counted;
	uint16_t seen, count;
	uint32_t of; /* waiting_wait's own: the epoll file that has this one */
};

/* Wait until something in `items` is ready, `deadline` (emul_now_ns; 0: only look) has come or a signal
 * arrives.  The number of items with something ready, or -EMUL_RESTART_NOHAND, -ENOMEM.  Touches no
 * memory of the program.  An epoll file that is asked about no events tells that the items are its own: -EAGAIN when
 * that may have changed. */
long waiting_wait(struct waiting *items, uint32_t count, uint64_t deadline);

/* What threads of this process may wait for has changed within it: they look again. */
void waiting_kick(void);

/* From and to the events of poll(2). */
uint32_t waiting_wanted(uint32_t events);
uint32_t waiting_reported(uint32_t ready, uint32_t events);

/* Room for `count` items: `few` if they fit there (count <= few_count), else of the library's memory; NULL:
 * no memory. */
struct waiting *waiting_room(uint32_t count, struct waiting *few, uint32_t few_count);
/* Drop the files of all items and give the room back. */
void waiting_end(struct waiting *items, uint32_t count, const struct waiting *few);

#endif
