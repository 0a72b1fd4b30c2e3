/* The heart of the emulation library: thread blocks, the call table, waiting.
 * Everything here runs inside the Unix process itself, on the thread block's own
 * stack; it uses no x87/SSE register and nothing of glibc. */
#ifndef EMUL_H
#define EMUL_H

#include <mach/mach_types.h>
#include <stddef.h>
#include <stdint.h>

#include "boot.h"
#include "vector/thread.h"

#define EMUL_STACK_SIZE 0x10000u /* per thread, at the end of its block */

/* Full user state, in the order entry.S saves and restores it. */
struct emul_state {
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp;
	uint32_t esp, eip, eflags;
	uint32_t restart_esp, restart_eip; /* where to go to make the same call again */
	uint32_t call;			   /* its number; ~0 = not in a call */
};

enum emul_wait_kind {
	EMUL_NOT_WAITING = 0,
	EMUL_WAIT_IO,	   /* in an io or tty call: ended by io_cancel(port, token) */
	EMUL_WAIT_PROCESS, /* in a process call: ended by process_cancel(token) */
	EMUL_WAIT_KERNEL,  /* in gsync_wait or mach_msg with a time-out: thread_abort */
};

struct emul_thread {
	/* the first words are known to entry.S */
	struct vector_thread vector; /* self, reply_port, port, id, clear_tid */
	uint32_t user_esp;
	uint32_t stack_top;
	volatile uint32_t in_emul;	  /* 0: user registers are live */
	volatile uint32_t signal_pending; /* look at signals before leaving */
	uint32_t fault_esp;		  /* recovery point for bad user pointers; 0 = none */
	uint32_t entry; /* of the call: 0 the vector, else int $0x80 (then `state` is live) */
	struct emul_state state; /* of int $0x80 and of signals */
	/* end of what entry.S knows */
	mach_port_t poll_port;	   /* waiting.c: made when first needed */
	volatile uint32_t listens; /* at it, for what happens in this process; threads lock */
	uint32_t robust_list;
	volatile uint32_t wait_kind; /* enum emul_wait_kind */
	volatile mach_port_t wait_port;
	volatile uint32_t wait_token;
	uint64_t signal_mask;  /* bit signal-1; signals lock */
	uint64_t saved_mask;   /* by sigsuspend and ppoll, to restore after delivery */
	uint32_t restore_mask; /* saved_mask is valid */
	uint32_t altstack_base, altstack_size; /* size 0: none */
	struct masix_siginfo fault_info;
	uint32_t fault_address, fault_trap, fault_error; /* as the processor told */
	struct emul_thread *next;			 /* all threads; thread lock */
	uint32_t gs_used;				 /* set_thread_area was called */
	uint32_t gs_info[4];				 /* with this struct user_desc */
	uint64_t sigwait_set;				 /* of sigtimedwait */
	volatile uint32_t nudge;			 /* the service thread shall make it look */
	volatile uint32_t exiting;
	volatile uint32_t ending;  /* for another thread's exec: on its way out; signals lock */
	int fault_signal;	   /* a synchronous fault to deliver first, or 0 */
	struct emul_file *held[4]; /* by the call that runs (file.h); emul_files_unwind */
};

/* The calling thread's block. */
static inline struct emul_thread *emul_self(void)
{
	struct emul_thread *thread;

	__asm__ volatile("movl %%fs:0, %0" : "=r"(thread));
	return thread;
}

/* Results beyond errno, handled where a call leaves the library. */
#define EMUL_RESTART 512	/* -: again after an SA_RESTART handler, else EINTR */
#define EMUL_RESTART_NOHAND 514 /* -: EINTR if any handler runs, else again */

/* One call: `a` are ebx ecx edx esi edi ebp; the result is Linux's (negative errno).
 * A handler may touch user memory directly, as long as it holds no lock:
 * a fault there unwinds to the dispatcher, which answers -EFAULT. */
typedef long emul_call(const uint32_t *a);

/* Locks: spin a little, then gsync. Never held while user memory is touched. */
struct emul_lock {
	volatile uint32_t word;
};
void emul_lock(struct emul_lock *lock);
void emul_unlock(struct emul_lock *lock);

/* Copy between memory of which either side may be the program's: 0, or the number of
 * bytes that a fault left uncopied.  For use while a lock is held or a frame is built. */
size_t emul_copy(void *to, const void *from, size_t n);
size_t emul_zero(void *to, size_t n);
/* How many of the n bytes, at the end, cannot be written; changes nothing. */
size_t emul_probe(void *to, size_t n);
/* If *word is *old make it `new`; *old becomes what it was.  0, or 4 if *word cannot be written. */
size_t emul_exchange(uint32_t *word, uint32_t *old, uint32_t new);

/* The waiting thread was thrown out of its call by a bad pointer. */
static inline void emul_wait_abandoned(struct emul_thread *thread)
{
	thread->wait_kind = EMUL_NOT_WAITING;
}

/* fork(2) and its relatives; a = the caller's arguments, `stack` 0 = the same. */
long emul_fork(const uint32_t *a, uint32_t flags, uint32_t stack);
void emul_exit_process(int code) __attribute__((noreturn));

/* A wait that signals may end.  emul_wait_begin publishes it and returns the token for the
 * RPC; if emul_signal_arrived() is true afterwards, do not start the call.
 *	token = emul_wait_begin(EMUL_WAIT_IO, port);
 *	kr = emul_signal_arrived() ? MASIX_E_INTERRUPTED : io_read(port, token, ...);
 *	emul_wait_end();
 * MASIX_E_INTERRUPTED becomes -EMUL_RESTART (or the caller's choice). */
uint32_t emul_wait_begin(enum emul_wait_kind kind, mach_port_t port);
void emul_wait_end(void);
int emul_signal_arrived(void);

/* errno (positive) of a kern_return_t; 0 for success.  emul_result: 0 or -errno,
 * MASIX_E_INTERRUPTED becoming -EMUL_RESTART. */
int emul_errno(int kr);
long emul_result(int kr);

/* Send a signal to ourselves, synchronously (SIGPIPE, SIGSEGV, ...). */
void emul_raise(int signal, int code);

/* Kernel addresses that user calls may not reach. */
static inline int emul_user_range(uint32_t address, uint32_t size)
{
	return address < EMUL_BASE && size <= EMUL_BASE - address;
}

/* Memory of the library's own, from EMUL_MEMORY up; zero-filled; inheritance copy
 * or shared.  NULL when there is none. */
void *emul_memory_allocate(uint32_t size, int shared);
void emul_memory_free(void *memory, uint32_t size);

/* Nanoseconds since boot and since 1970, no message. */
uint64_t emul_now_ns(void);
int64_t emul_realtime_ns(void);
/* CPU time used by the process or (thread != 0) the calling thread. */
int64_t emul_cpu_time_ns(int thread);
/* Sleep without attention to signals (back-off loops only). */
void emul_sleep_ms(uint32_t milliseconds);

void emul_log(const char *text, uint32_t number);

/* The process: ids and things that need no message. */
struct emul_process {
	int pid, ppid;
	uint32_t umask;
	uint32_t ruid, euid, suid, rgid, egid, sgid;
	uint32_t groups[32];
	unsigned group_count;
	char comm[16];
	uint64_t limits[16][2];
	uint32_t death_signal, subreaper; /* prctl(2); a child starts with none */
	uint32_t personality, dumpable, no_new_privileges;
};
extern struct emul_process emul_process;
extern struct emul_boot emul_boot;

/* String and memory helpers that do not depend on glibc. */
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

#endif
