/* What outlives the server: the kept pages (masix/estate.h).  All that the server knows lies in them, at the addresses where
 * it always lies: the table, and a heap from which all memory of this folder comes (kept_memory.h).
 *
 * The server can die at any instruction.  So whatever a lock guards is changed in transactions: from the first lock that
 * a thread takes until it lets go of the last one, every old value is noted before it is overwritten, and the
 * successor puts the values of unfinished transactions back.  The compiler calls kept_log.c before each store
 * (`-fsanitize=kernel-address`, whose checks of addresses are exactly such calls), so none can be forgotten.  No lock is let go before the
 * last one: nobody sees what may yet be undone.  What is stored while no lock is held belongs to the thread alone.
 *
 * Calls are done exactly once: what a request changed lasts if its answer went (kept_leave, kept_answer). */
#ifndef UNIX_KEPT_H
#define UNIX_KEPT_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- Locks --- */

struct kept_mutex {
	_Atomic uint32_t word; /* all zero: free; that of a dead server is free too */
};

void kept_lock(struct kept_mutex *mutex);
void kept_unlock(struct kept_mutex *mutex);
/* The last that a request does under its locks: they are let go when its answer has gone, or when another lock is
 * taken.  What has to be done then is called `after`, without any lock. */
void kept_leave(struct kept_mutex *mutex, void (*after)(void));
bool kept_is_held(const struct kept_mutex *mutex);
/* Do so now: before a call that may wait. */
void kept_flush(void);

/* --- Answers --- */

/* For masix_pool_options: a request begins; it is over, its answer is `reply` or NULL.  True: the reply has been sent. */
void kept_request(const mach_msg_header_t *request);
bool kept_answer(mach_msg_header_t *reply);

/* Lists of answers that this thread is about to send: each stays in its list until it has been sent, so that the
 * successor can do it.  Set them under the lock from which the list was taken. */
enum kept_outbox {
	OUTBOX_WAITERS,
	OUTBOX_PIPE,
	OUTBOX_TERMINAL,
	OUTBOX_SOCKET,
	OUTBOX_DROPPED,
	OUTBOX_GONE,
	OUTBOX_RECORDS,
	OUTBOX_FIFO,
	OUTBOX_COUNTER,
	OUTBOXES
};
void **kept_outbox(enum kept_outbox which);

/* --- Memory --- */

enum kept_root { ROOT_FIFOS, ROOT_PTYS, ROOT_SOCKETS, ROOT_RECORDS, ROOT_PIPES, ROOTS };
/* A piece of memory that is always there, zeros at first. */
void *kept_root(enum kept_root which, size_t size);

/* A zeroed object with a port: the successor finds them all. */
void *kept_object(size_t size);
/* The next one after `object` (NULL: the first); NULL: that was the last. */
void *kept_next_object(const void *object);

/* Whole pages; what is released are those that the piece touches. */
void *kept_pages(size_t size);
void kept_pages_release(void *pages, size_t size);
/* The same bytes in pages that a message can give away; NULL: no room.  Kept pages themselves never go with a message: the answer may not
 * last, and their place must not become a hole. */
void *kept_pages_copy(const void *pages, size_t size);

/* --- Beginning --- */

/* Get the pages.  False: the server begins with nothing. */
bool kept_begin(void);
/* From now on a successor can go on from here. */
void kept_ready(void);
/* Undo what is unfinished.  `was_answered` tells whether the caller with this reply right, whom a thread
 * was about to answer, has been answered. */
void kept_recover(bool (*was_answered)(mach_port_t reply));
/* What each thread of the dead server was about to send: the lists of its outbox (OUTBOXES), which `visit` empties. */
void kept_visit_unsent(void (*visit)(void **outbox));
#endif
