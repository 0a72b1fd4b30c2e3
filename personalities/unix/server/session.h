/* Sessions, process groups and the controlling terminal (setsid(2), setpgid(2), credentials(7),
 * tty_ioctl(4)).  Pure; table lock. */
#ifndef UNIX_SESSION_H
#define UNIX_SESSION_H

#include <stdbool.h>
#include <stdint.h>

struct process;
struct process_table;

/* The part of a terminal that job control knows; lies in the terminal. */
struct terminal_jobs {
	struct session *session; /* whose controlling terminal it is, or NULL */
	int foreground;		 /* group id; 0 = none */
	uint32_t rdev;
};

struct session {
	int sid;
	unsigned members; /* processes, zombies included */
	struct terminal_jobs *terminal;
};

/* A new process joins its parent's session and group (parent NULL: session and group 0).
 * MASIX_E_LIMIT: no memory. */
int session_join(struct process_table *t, struct process *p, struct process *parent)
	__attribute__((warn_unused_result));

/* It has become a zombie: a leader gives up its terminal, groups that it leaves orphaned and
 * stopped get SIGHUP and SIGCONT. */
void session_left(struct process_table *t, struct process *p);

/* It is reaped: its ids may be used again. */
void session_forget(struct process_table *t, struct process *p);

/* setsid(2).  MASIX_E_PERMISSION: it leads a group. */
int session_create(struct process_table *t, struct process *p) __attribute__((warn_unused_result));

/* setpgid(2): pid 0 = the caller, pgid 0 = pid.  MASIX_E_NO_PROCESS, _ACCESS (the child has
 * executed), _PERMISSION, _INVALID. */
int group_set(struct process_table *t, struct process *caller, int pid, int pgid)
	__attribute__((warn_unused_result));

/* No member has a parent in another group of the same session: nobody can continue it. */
bool group_is_orphaned(struct process_table *t, int pgid);

/* TIOCSCTTY: a leader without a terminal takes one that no session has (or, with
 * `steal`, that another one has).  MASIX_E_PERMISSION. */
int terminal_acquire(struct process *p, struct terminal_jobs *terminal, bool steal)
	__attribute__((warn_unused_result));

/* TIOCNOTTY.  A leader takes the terminal from its whole session, whose foreground group gets
 * SIGHUP and SIGCONT.  MASIX_E_NOT_TTY: not its controlling terminal. */
int terminal_give_up(struct process_table *t, struct process *p, struct terminal_jobs *terminal)
	__attribute__((warn_unused_result));

/* The line is gone: leader and foreground group get SIGHUP and SIGCONT, no session has it. */
void terminal_hang_up(struct process_table *t, struct terminal_jobs *terminal);

/* TIOCSPGRP.  MASIX_E_NOT_TTY, MASIX_E_PERMISSION (the group is not of this session). */
int terminal_set_foreground(struct process_table *t, struct process *p,
	struct terminal_jobs *terminal, int pgid) __attribute__((warn_unused_result));

/* May p do what `signal` (SIGTTIN, SIGTTOU) guards?  0: yes.  MASIX_E_INTERRUPTED: its group
 * has been sent the signal.  MASIX_E_IO: it may never.  `blocked`: p ignores or blocks the signal. */
int terminal_check(struct process_table *t, struct process *p, struct terminal_jobs *terminal,
	int signal, bool blocked) __attribute__((warn_unused_result));

/* A signal from the terminal or the kernel to every member of a group. */
void group_signal(struct process_table *t, int pgid, int signal);

#endif
