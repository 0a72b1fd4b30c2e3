/* The processes: who exists, whose child it is, in which group and session, how it ended.
 * Pure: a right is only a number here, and what has to be done to a task is noted (`todo`) for
 * act.c, which does it when the table lock has been released.
 *
 * Everything here is guarded by the table lock (struct unix_server), which the caller holds. */
#ifndef UNIX_PROCESS_TABLE_H
#define UNIX_PROCESS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <masix/types.h>

#include "credentials.h"

#define PID_MAX 32768
#define PROCESS_MAX 4096
#define ROOT_PART 16 /* of so many processes one can be had by root only */
#define INIT_PID 1
#define COMM_MAX 15
#define IMAGE_WORDS 6

enum process_state {
	PROCESS_RUNNING, /* or stopped: see `stopped` */
	PROCESS_EXITING, /* its status is known, its task still has to go */
	PROCESS_ZOMBIE,	 /* only the status is left */
	PROCESS_REAPED,	 /* no longer in the table; somebody still refers to it */
};

/* What act.c has to do for a process. */
enum process_todo {
	TODO_POKE = 1,	    /* tell it that signals wait */
	TODO_TERMINATE = 2, /* end the task, then process_ended */
	TODO_SUSPEND = 4,   /* make `suspended` agree with `stopped` */
	TODO_FREE = 8,	    /* last reference gone: free its rights and the record */
};

struct session;
struct queued_signal;
struct waiter;

struct process {
	int pid;
	int pgid;
	struct session *session;
	enum process_state state;
	int references;

	struct process *next, *previous; /* all processes, oldest first */
	struct process *parent;		 /* NULL only for init */
	struct process *children;	 /* newest first */
	struct process *sibling, *sibling_before;

	struct credentials credentials;
	char *root; /* chroot: path in the root file system, "" = its root */
	int nice;
	uint64_t started_ns; /* since boot */

	uint64_t limits[MASIX_LIMITS][2]; /* soft and hard */
	uint32_t limit_changes;
	bool forks;	   /* a worker makes a child's task */
	bool is_abandoned; /* never ran, and its parent knows */

	bool no_new_privileges; /* prctl(2): exec gives no other ids; inherited */
	int death_signal;	/* for it, when its parent ends; 0 = none */
	bool is_subreaper;	/* orphans among its descendants become its children */

	/* The image: set by process_exec, inherited by fork. */
	bool has_executed; /* since it was forked */
	char comm[COMM_MAX + 1];
	/* Arguments and, behind them, the environment at exec; each string ends with a NUL. */
	char *cmdline;
	uint32_t cmdline_size, environment_size;
	char *file;
	uint32_t image[IMAGE_WORDS];

	/* Signals: signals.c. */
	uint64_t ignored; /* bit signal-1: need not be posted */
	bool no_zombies, no_stop_report;
	uint64_t pending;
	struct masix_siginfo info[32]; /* of the pending standard signals */
	struct queued_signal *queue;   /* realtime, in order of arrival */
	unsigned queue_length;
	bool stop_taken;     /* a stop signal was taken and not acted on yet */
	bool stop_cancelled; /* ... and a SIGCONT came in between */

	/* Stopping, and what the parent has not been told yet. */
	bool stopped;	 /* as it should be */
	bool suspended;	 /* as the task is */
	bool suspending; /* a worker is making them agree */
	int stop_signal;
	bool stop_unreported, continue_unreported;

	bool urgent;		  /* its end: the watchdog needs its memory */
	bool exits_itself;	  /* by process_exit or a fault, not by another's signal */
	int status;		  /* as wait4 has it; from EXITING on */
	struct masix_usage usage; /* final; from ZOMBIE on */
	struct masix_usage children_usage;

	struct waiter *waiters; /* its own parked calls: wait.c */

	_Atomic uint32_t pages; /* of memory; set by the watchdog */

	unsigned todo; /* enum process_todo */
	struct process *todo_next;

	/* Rights, owned by the record.  0 = none.  The former ones are those of the task before the last set-ID
	 * exec: somebody who left the table meanwhile may still be using them. */
	uint32_t task, event;
	uint32_t former_task, former_event;
	struct masix_usage former_usage; /* of all tasks that it had before */
	void *object;			 /* the port object; process_port.c */
};

struct pid_slot {
	struct process *process;
	uint32_t groups; /* members of the group with this id */
	struct session *session;
};

struct process_table {
	struct pid_slot pids[PID_MAX];
	int last_pid;
	unsigned count, limit; /* processes with a pid; how many there may be */
	uint64_t forks;	       /* since boot, for /proc/stat */
	struct process *first, *last;
	struct process *todo, **todo_tail;
	struct waiter *answers, **answers_tail; /* complete, to be sent by act.c */
	unsigned queued_signals;		/* in all processes, for the bound */
	bool init_is_gone;
};

void process_table_init(struct process_table *t);

/* A new process, child of `parent` (NULL: the first one, in a session and group 0), which owns
 * `task` from now on.  The caller gets no reference of its own: the table holds one until the process is
 * reaped.  MASIX_E_LIMIT: too many. */
int process_create(struct process_table *t, struct process *parent, uint32_t task, uint64_t now_ns,
	struct process **created) __attribute__((warn_unused_result));

/* May a process make another one?  0 or MASIX_E_LIMIT. */
int process_may_fork(const struct process_table *t, const struct process *p);

/* NULL if there is none; also finds zombies. */
struct process *process_find(struct process_table *t, int pid);
struct process *process_find_task(struct process_table *t, uint32_t task);

/* It runs: neither exiting nor a zombie. */
static inline bool process_is_live(const struct process *p)
{
	return p->state == PROCESS_RUNNING;
}

void process_ref(struct process *p);
/* The last reference gives TODO_FREE. */
void process_put(struct process_table *t, struct process *p);
/* The memory of a record that TODO_FREE was noted for; its rights are gone already. */
void process_free(struct process *p);

/* Replace the image's description; consumes `cmdline` (`size` bytes, the arguments as `image` says how many, then
 * the environment) and `file` (malloc). */
void process_set_image(struct process *p, const char *comm, char *cmdline, uint32_t size,
	char *file, const uint32_t *image);

/* The process ends with this wait status, unless it is ending already. */
void process_end(struct process_table *t, struct process *p, int status);

/* End a child that never ran; nobody hears of it. */
void process_abandon(struct process_table *t, struct process *p);

/* Its task is gone: it becomes a zombie (or vanishes, if its parent wants none), its children
 * go to init, the parent hears of it. */
void process_ended(struct process_table *t, struct process *p, const struct masix_usage *usage);

/* Take a zombie out of the table and add its usage to the parent's. */
void process_reap(struct process_table *t, struct process *p);

/* Note that act.c has work on p. */
void process_todo(struct process_table *t, struct process *p, unsigned todo);

void usage_add(struct masix_usage *sum, const struct masix_usage *more);

#endif
