/* A pipe or fifo: bytes on their way, calls that wait.  pipe(7).  Pure: the caller holds the pipe's
 * lock, sends the answers that collect in `answers` after releasing it, and brings the page allocator. */
#ifndef UNIX_PIPE_H
#define UNIX_PIPE_H

#include <masix/activity.h>
#include <stdbool.h>
#include <stdint.h>

#define PIPE_CAPACITY 65536u
#define PIPE_ATOMIC 4096u /* PIPE_BUF: writes up to this size are not torn */
#define PIPE_PAGE 4096u

/* Memory that can be handed over in a message: whole pages. */
struct pipe_memory {
	void *(*allocate)(uint32_t size);
	/* The pages that [data, data + size) touches. */
	void (*release)(void *data, uint32_t size);
};

/* A run of bytes; `paged`: lies in pages of its own. */
struct pipe_span {
	char *data;
	uint32_t length;
	bool paged;
};

enum pipe_call_kind { PIPE_READ, PIPE_READ_LARGE, PIPE_WRITE, PIPE_WRITE_LARGE, PIPE_POLL };

/* A parked call, later its answer. */
struct pipe_call {
	struct pipe_call *next;
	enum pipe_call_kind kind;
	const void *end; /* the end it came through, for cancelling */
	uint32_t token;
	uint32_t reply;	       /* send-once right, owned */
	int events;	       /* PIPE_POLL */
	bool reader, writer;   /* PIPE_POLL: what the end is open for */
	uint32_t amount;       /* PIPE_READ*: at most */
	struct pipe_span rest; /* PIPE_WRITE*: not in the pipe yet; owned */
	char *memory;	       /* PIPE_WRITE: what `rest` points into (malloc) */

	/* The answer. */
	int error;
	int ready;
	uint32_t count;	       /* bytes read or written */
	struct pipe_span data; /* PIPE_READ*; see data_owned */
	bool data_owned;       /* malloc, or pages */
};

struct pipe_segment;

struct pipe {
	const struct pipe_memory *memory;
	struct pipe_segment *first, *last;
	uint32_t queued;
	unsigned readers, writers; /* open ends */
	bool had_writer;
	struct masix_activity activity;
	struct pipe_call *reads, *writes, *polls; /* parked, oldest first */
	struct pipe_call *answers;		  /* complete, oldest first */
};

enum pipe_result {
	PIPE_DONE, /* error and count are set */
	PIPE_WAIT, /* park a call */
};

void pipe_init(struct pipe *p, const struct pipe_memory *memory);
void pipe_destroy(struct pipe *p);

/* Read up to `amount` bytes into `to`.  *error 0 with *count 0 is end of file. */
enum pipe_result pipe_read(struct pipe *p, char *to, uint32_t amount, bool nonblock, int *error,
	uint32_t *count) __attribute__((warn_unused_result));

/* As pipe_read; the caller owns the pages of `span` (data NULL if length 0). */
enum pipe_result pipe_read_large(struct pipe *p, uint32_t amount, bool nonblock, int *error,
	struct pipe_span *span) __attribute__((warn_unused_result));

/* Write.  What cannot be queued yet is left in `rest` when the answer is PIPE_WAIT: park a
 * PIPE_WRITE call with a copy of it, *count being what is queued already. */
enum pipe_result pipe_write(struct pipe *p, const char *from, uint32_t length, bool nonblock,
	int *error, uint32_t *count) __attribute__((warn_unused_result));

/* The same with pages, consumed unless *error is set; with PIPE_WAIT, `span` is what is left, for
 * a PIPE_WRITE_LARGE call. */
enum pipe_result pipe_write_large(struct pipe *p, struct pipe_span *span, bool nonblock, int *error,
	uint32_t *count) __attribute__((warn_unused_result));

/* MASIX_POLL_* that hold at an end open for this. */
int pipe_poll(const struct pipe *p, bool reader, bool writer);

/* Park a call (malloc), which the pipe owns until it is an answer. */
void pipe_park(struct pipe *p, struct pipe_call *call);

/* End the call that came through `end` with `token`.  False: there is none. */
bool pipe_cancel(struct pipe *p, const void *end, uint32_t token);

/* The bytes of an answer that nobody heard are for the next reader. */
void pipe_unread(struct pipe *p, const char *from, uint32_t length);

/* End the reads and polls of an end that nobody holds any more: nobody hears of them, and a read would take what is
 * for other readers. What is being written goes on. */
void pipe_forget(struct pipe *p, const void *end);

void pipe_open(struct pipe *p, bool reader, bool writer);
void pipe_close(struct pipe *p, bool reader, bool writer);

/* Free what an answer still owns, and the call. */
void pipe_call_free(struct pipe *p, struct pipe_call *call);

#endif
