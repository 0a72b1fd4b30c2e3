/* Linux/i386 signal frames. */
#ifndef EMUL_FRAME_H
#define EMUL_FRAME_H

#include "emul.h"

#define SIG_DFL 0u
#define SIG_IGN 1u

#define SA_NOCLDSTOP 1u
#define SA_NOCLDWAIT 2u
#define SA_SIGINFO 4u
#define SA_ONSTACK 0x08000000u
#define SA_RESTART 0x10000000u
#define SA_NODEFER 0x40000000u
#define SA_RESETHAND 0x80000000u
#define SS_ONSTACK 1u
#define SS_DISABLE 2u

struct signal_action {
	uint32_t handler, flags;
	uint64_t mask;
};

struct linux_sigaction { /* rt_sigaction(2) on i386 */
	uint32_t handler, flags, restorer;
	uint64_t mask;
} __attribute__((packed));

struct linux_old_sigaction {
	uint32_t handler, mask, flags, restorer;
};

/* Push a frame for `signal` on the program's stack (or its alternate one) and point the
 * thread's state at the handler; `mask` is what sigreturn restores.  0, or -EFAULT with
 * nothing changed. */
int frame_enter(struct emul_thread *thread, int signal, const struct masix_siginfo *info,
	const struct signal_action *action, uint64_t mask);

/* Does esp lie on the thread's alternate stack? */
int frame_on_altstack(const struct emul_thread *thread, uint32_t esp);
/* The program's esp at the call that runs. */
uint32_t frame_call_esp(const struct emul_thread *thread);

/* A Linux siginfo_t (128 bytes) at `to`, which is the program's memory. */
void frame_siginfo(void *to, int signal, const struct masix_siginfo *info, uint32_t address);

#endif
