/* Terminals: a line discipline between a device (the host channel, or the master side of a
 * pseudo-terminal) and the processes that have it open, with the calls that wait there. */
#ifndef UNIX_TERMINAL_H
#define UNIX_TERMINAL_H

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <mach/mach_types.h>
#include <stdbool.h>
#include <stdint.h>

#include <masix/activity.h>
#include <masix/object.h>

#include "kept.h"
#include "line.h"
#include "session.h"

/* winsize of ioctl_tty(2), which no header has that agrees with asm/termbits.h. */
struct terminal_size {
	uint16_t rows, columns, x_pixels, y_pixels;
};

struct terminal_call;

struct terminal {
	atomic_int references;
	const struct terminal_device *device;
	struct terminal_jobs jobs; /* table lock */

	struct kept_mutex lock; /* of all below */
	struct line line;
	struct terminal_size size;
	struct terminal_call *calls;	   /* parked, oldest first */
	struct terminal_call *answers;	   /* complete, to be sent without the lock */
	bool sending;			   /* a worker is writing to the device */
	bool exclusive;			   /* TIOCEXCL */
	bool hung_up;			   /* the device is gone: end of file for all */
	bool was_open;			   /* some process has had it open */
	unsigned openings;		   /* objects that processes hold, a pty's master apart */
	struct masix_activity activity[2]; /* at the openings; at the master */
	int64_t last_input, last_output;   /* seconds since 1970, for stat */
};

/* The far side.  Called without the terminal's lock. */
struct terminal_device {
	/* Put bytes on the screen; may take its time, but waits for no process.  NULL: a
	 * pseudo-terminal, whose master reads them out of the line. */
	void (*write)(struct terminal *terminal, const char *bytes, uint32_t count);
	/* Somebody wants input: start listening.  May be NULL. */
	void (*listen)(struct terminal *terminal);
	/* The last reference is gone. */
	void (*destroy)(struct terminal *terminal);
};

void terminal_init(struct terminal *terminal, const struct terminal_device *device, uint32_t rdev);

/* NULL if its last reference is just going (the caller found it in a table that holds none). */
struct terminal *terminal_ref(struct terminal *terminal);
/* The table lock may not be held. */
void terminal_put(struct terminal *terminal);

struct terminal_jobs *terminal_jobs(struct terminal *terminal);
struct terminal *terminal_of_jobs(struct terminal_jobs *jobs);

/* A new opening: an object that speaks io and tty.  MASIX_E_BUSY: it is open exclusively;
 * MASIX_E_IO: hung up. */
kern_return_t terminal_open_object(struct terminal *terminal, bool reader, bool writer,
	mach_port_t *object) __attribute__((warn_unused_result));
/* The far side of a pseudo-terminal; when it is closed, the terminal vanishes. */
kern_return_t terminal_open_master(struct terminal *terminal, mach_port_t *object)
	__attribute__((warn_unused_result));

/* Bytes from the keyboard; returns how many were taken (fewer: readers come first). */
uint32_t terminal_type(struct terminal *terminal, const char *bytes, uint32_t count);
/* The same with the lock held. */
uint32_t terminal_take_input(struct terminal *terminal, const char *bytes, uint32_t count);

/* The window has another size: SIGWINCH to the foreground. */
void terminal_resize(struct terminal *terminal, const struct terminal_size *size);

/* The far side is gone. */
void terminal_vanish(struct terminal *terminal);

/* Lock held: try the parked calls again; release the lock, send the answers, write out
 * what is to be seen, deliver the line's signals.  The way to leave a terminal. */
void terminal_leave(struct terminal *terminal);

/* --- Calls (terminal_call.c); `tty` tells which reply they want --- */

enum terminal_call_kind {
	TERMINAL_READ,
	TERMINAL_WRITE,
	TERMINAL_POLL,
	TERMINAL_DRAIN, /* until all output is out */
};

struct terminal_call {
	struct terminal_call *next;
	enum terminal_call_kind kind;
	bool is_tty;	     /* answer as tty.defs, not io.defs */
	bool is_master;	     /* from the far side of a pseudo-terminal */
	const void *opening; /* for cancelling */
	uint32_t token;
	mach_port_t reply;
	uint32_t amount;       /* READ */
	uint64_t deadline;     /* READ with VTIME: monotonic ns, 0 = none */
	char *data;	       /* WRITE: what is left (malloc); READ: the answer */
	uint32_t length, done; /* WRITE: bytes in data; bytes taken of them */
	int events, ready;     /* POLL */
	bool flush_input;      /* DRAIN: TCSETSF */
	bool change;	       /* DRAIN: then apply `settings` */
	struct termios2 settings;
	kern_return_t error;
	uint32_t count; /* the answer: bytes read or written before */
};

/* Lock held.  Park a copy of the call, or answer it at once if it is ready.  Takes `data` over.
 * MIG_NO_REPLY, or KERN_RESOURCE_SHORTAGE. */
kern_return_t terminal_park(struct terminal *terminal, const struct terminal_call *call)
	__attribute__((warn_unused_result));

/* Lock held.  Serve parked calls that can be served now. */
void terminal_serve(struct terminal *terminal);

/* Lock held.  False: no such call. */
bool terminal_cancel(struct terminal *terminal, const void *opening, uint32_t token);

/* Lock held.  End all calls of an opening that nobody holds any more. */
void terminal_forget(struct terminal *terminal, const void *opening);

/* No lock.  Send and free the answers of an outbox. */
void terminal_send_answers(void **box);

/* MASIX_POLL_* that hold now.  Lock held. */
int terminal_ready(const struct terminal *terminal, bool is_master);

/* Wake the terminal's parked reads at `deadline` (monotonic ns).  Any lock may be held. */
void terminal_alarm(struct terminal *terminal, uint64_t deadline);

#endif
