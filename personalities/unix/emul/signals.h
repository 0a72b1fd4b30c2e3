/* Signals of one process: dispositions, masks, the queue, delivery. */
#ifndef EMUL_SIGNALS_H
#define EMUL_SIGNALS_H

#include "emul.h"

#define EMUL_SIGNALS_MAX 64
#define SIGNAL_BIT(sig) (1ull << ((sig)-1))

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPWR 30
#define SIGSYS 31
#define SIGRTMIN 32

#define UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_TIMER (-2)
#define SI_TKILL (-6)

#define SIGNALS_QUEUE 128 /* so many can be queued in the process */

void signals_init(void);
/* In fork's child: nothing pending, masks kept. */
void signals_fork_child(void);
/* exec: caught signals go back to default, the alternate stack is forgotten. */
void signals_exec(void);

/* Is a signal of the POSIX timer queued?  The timer is gone: forget it. */
int signals_timer_queued(uint32_t timer);
void signals_timer_gone(uint32_t timer);

/* Can one more be queued?  If not, service_take_later follows when there is room. */
int signals_have_room(void);

/* Queue a signal for the process (thread NULL) or one thread, dropping what is ignored,
 * and see to it that a thread takes it.  Called by any thread of the process. */
void signals_post(struct emul_thread *thread, int signal, const struct masix_siginfo *info);

/* The calling thread ends: its own signals go with it, other threads take the process's. */
void signals_leave(void);

/* To mark threads as ending: the list of threads and what is pending stay as they are. */
void signals_lock_threads(void);
void signals_unlock_threads(void);

/* A synchronous fault of `thread`, which is stopped in user mode with its registers in
 * thread->state: deliver it first; it kills the process if it is blocked or ignored. */
void signals_fault(struct emul_thread *thread, int signal, int code, uint32_t address);

/* Kill the process by `signal`, now. */
void signals_kill(int signal) __attribute__((noreturn));

/* Set this thread's mask; what it lets through is delivered on the way out. */
void signals_set_mask(uint64_t mask);
/* pselect, ppoll: the mask for the time of the call; after it, with whether a signal
 * ended the wait. */
void signals_mask_during(uint64_t mask);
void signals_mask_end(int interrupted);

/* sigaction(2): `new` may be NULL.  0 or -EINVAL. */
struct signal_action;
long signals_set_action(int signal, const struct signal_action *new, struct signal_action *old);
/* What is queued for the calling thread, which blocks it. */
uint64_t signals_pending(void);
/* Take a queued signal of `set` although it is blocked; 0 = none. */
int signals_take_from(uint64_t set, struct masix_siginfo *info);

/* Is such a signal queued, which the calling thread could take?  A signalfd shows it. */
int signals_any_of(uint64_t set);

/* The calling thread would not feel `signal`: ignored or blocked. */
int signals_inert(int signal);

void signals_fork_prepare(void);
void signals_fork_parent(void);

long emul_private_call(uint32_t which);

#endif
