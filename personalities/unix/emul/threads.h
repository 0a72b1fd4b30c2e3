/* Threads of a Unix process. */
#ifndef EMUL_THREADS_H
#define EMUL_THREADS_H

#include "emul.h"

extern struct emul_lock threads_lock;	  /* the list below */
extern struct emul_thread *threads_first; /* program threads, not the service thread */
extern struct emul_thread *threads_service;

/* What emul_save keeps for fork. */
struct emul_context {
	uint32_t ebx, esi, edi, ebp, esp, eip;
};
uint32_t emul_save(struct emul_context *context) __attribute__((returns_twice));

/* A zeroed block with its stack, not yet in the list; NULL = no memory. */
struct emul_thread *threads_allocate(void);
/* Enter a block in the list, for `creator` (NULL: the first); 0: not for one that is about to end. */
int threads_add(struct emul_thread *thread, const struct emul_thread *creator);
/* Take it out, with threads_lock held: its thread ends, and nothing finds it any more. */
void threads_remove(struct emul_thread *thread);
/* The caller is the only thread: its id is the pid, and all others are free. */
void threads_become_main(void);

/* Make %fs of the kernel thread `port` select `thread`, and %gs what the block's gs_descriptor says. */
kern_return_t threads_set_segments(mach_port_t port, const struct emul_thread *thread)
	__attribute__((warn_unused_result));

/* Start `port` at eip with esp and eax; segments must have been set.  The thread stays
 * suspended until thread_resume. */
kern_return_t threads_set_registers(mach_port_t port, const struct emul_state *state, int with_gs)
	__attribute__((warn_unused_result));

/* The registers with which the caller's call `a` would return 0. */
void threads_return_registers(struct emul_state *state, const uint32_t *a);

/* exec: end every program thread but the caller, which becomes the main thread.  Each ends where it holds nothing: in
 * the program, or on its way out of the library.  -EAGAIN: another thread was first, and the caller will end so. */
int threads_end_others(void) __attribute__((warn_unused_result));
/* The calling thread is no more.  It leaves the list last, since only threads in it can meet bad pointers of the
 * program; of several that end together, the one that finds nobody left ends the process. */
void threads_leave(int status) __attribute__((noreturn));
/* The process ends, by `signal` if that is not 0. */
void threads_end_process(int code, int signal) __attribute__((noreturn));
/* fork's child: the caller is the only thread. */
void threads_fork_child(void);

/* Ask for `thread` to look at its signals. */
void threads_request_nudge(struct emul_thread *thread);
/* The service thread's side: do it now. */
void threads_nudge(struct emul_thread *thread);

/* Wait until something is queued for this thread or emul_now_ns() reaches `deadline` (~0 = never). */
void threads_wait_signal(uint64_t deadline);

/* The thread with this id, or NULL. */
struct emul_thread *threads_find_id(uint32_t tid);
/* The thread with the kernel port `port`, or NULL. */
struct emul_thread *threads_find(mach_port_t port);

#endif
