/* The Unix server as a whole: what its parts share.  The MIG entry points get no context, so there is one
 * instance. */
#ifndef UNIX_SERVER_H
#define UNIX_SERVER_H

#include <mach/mach_types.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <masix/object.h>

#include "kept.h"
#include "process_table.h"

#define HOSTNAME_MAX 64

struct terminal;
struct process_port;
enum recover_pass { REFERENCES_FORGET, REFERENCES_COUNT };

struct unix_server {
	/* Lock order: README.md.  None is held across a message that may wait. */
	struct kept_mutex table_lock;
	struct process_table table;	 /* table_lock */
	char hostname[HOSTNAME_MAX + 1]; /* table_lock */

	/* Set at start-up, then constant. */
	mach_port_t host_priv;
	mach_port_t processor_set; /* control port; null without privilege */
	mach_port_t console;
	mach_port_t exceptions; /* the object of exceptions.c */
	struct terminal *console_terminal;
	struct masix_object *control; /* what is registered with ACS */
	uint32_t page_size;
	uint64_t memory_size;
};

extern struct unix_server unix_server; /* in kept memory: module.mk says where */

/* What our classes add to libmasix's: the operations behind the contracts that several of our
 * objects speak.  Every class of this server is one of these. */
struct unix_class {
	struct masix_class base;
	/* After a death (recover.h), once for all objects with REFERENCES_FORGET, then with REFERENCES_COUNT.  May be NULL. */
	void (*recover)(struct masix_object *object, enum recover_pass pass);
	const struct io_operations *io;	  /* serve_io.h; NULL: does not speak io */
	const struct dir_operations *dir; /* serve_dir.h; NULL: does not speak dir */
};

/* Enter and leave the table.  Leaving carries out what was noted in between: signals are poked, tasks
 * stopped and ended, parked calls answered (act.c).  No other lock may be held. */
void table_lock(void);
void table_unlock(void);
/* The last that a request does under the lock (kept_leave). */
void table_leave(void);

/* The threads that serve. */
extern struct stuck_crew workers;

/* A message from process `proc`: finds the process and enters the table.  On success caller_leave
 * ends it; otherwise nothing is held.  KERN_INVALID_ARGUMENT: no process port, or it is ending. */
struct caller {
	struct process_port *port;
	struct process *process;
};
kern_return_t caller_enter(mach_port_t proc, struct caller *caller)
	__attribute__((warn_unused_result));
void caller_leave(struct caller *caller);
/* The same, when more is to be done before the answer. */
void caller_part(struct caller *caller);
/* After the table was left in between: enter again.  False: the process ended meanwhile (and
 * caller_leave must be called all the same). */
bool caller_reenter(struct caller *caller) __attribute__((warn_unused_result));

/* What a handler needs to know of its caller, when it does not touch the table. */
struct who {
	int pid;
	char comm[COMM_MAX + 1];
	struct credentials credentials;
};
/* KERN_INVALID_ARGUMENT as caller_enter; nothing is held. */
kern_return_t caller_identify(mach_port_t proc, struct who *who)
	__attribute__((warn_unused_result));

/* The port of a process that is about to be entered, with a send right to it: bound to its process
 * under the table lock, or discarded together with the right. */
kern_return_t process_port_new(struct process_port **port, mach_port_t *right)
	__attribute__((warn_unused_result));
void process_port_bind(struct process_port *port, struct process *p);
void process_port_discard(struct process_port *port, mach_port_t right);
/* A port that a process had until now dies.  Table lock not held. */
void process_port_end(struct process_port *port);
/* The port dies with its process. */
void process_port_kill(struct process *p);

#endif
