/* Building and leaving Linux/i386 signal frames.  Layouts: arch/x86/include/uapi/asm/
 * sigcontext.h and ucontext.h of Linux, as programs and unwinders see them. */
#include "frame.h"
#include "calls.h"
#include "signals.h"
#include <asm/errno.h>

struct sigcontext32 {
	uint32_t gs, fs, es, ds;
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t trapno, err, eip, cs, eflags, esp_at_signal, ss;
	uint32_t fpstate;
	uint32_t oldmask, cr2;
};

struct fpstate32 {
	uint8_t legacy[112]; /* fnsave image, then status and magic */
	uint8_t fxsave[512];
} __attribute__((aligned(16)));

struct plain_frame {
	uint32_t return_address;
	uint32_t signal;
	struct sigcontext32 context;
	uint32_t high_mask;
};

struct rt_frame {
	uint32_t return_address;
	uint32_t signal;
	uint32_t info_pointer;
	uint32_t context_pointer;
	uint32_t info[32];
	uint32_t uc_flags, uc_link;
	uint32_t stack_base, stack_flags, stack_size;
	struct sigcontext32 context;
	uint32_t mask[2];
};

extern const char __kernel_sigreturn[], __kernel_rt_sigreturn[];
void emul_leave(void) __attribute__((noreturn));

void emul_sigreturn_plain(void) __attribute__((noreturn));
void emul_sigreturn_rt(void) __attribute__((noreturn));

static inline uint32_t segment_gs(void)
{
	uint32_t selector;

	asm volatile("movl %%gs, %0" : "=r"(selector));
	return selector & 0xffff;
}

static inline uint32_t segment(char which)
{
	uint32_t selector = 0;

	switch (which) {
	case 'c':
		asm volatile("movl %%cs, %0" : "=r"(selector));
		break;
	case 'd':
		asm volatile("movl %%ds, %0" : "=r"(selector));
		break;
	case 's':
		asm volatile("movl %%ss, %0" : "=r"(selector));
		break;
	}
	return selector & 0xffff;
}

/* The FPU belongs to the interrupted code still: the library uses none of it. */
static void save_fpu(struct fpstate32 *fpu)
{
	static const uint32_t fresh_sse_control = 0x1f80;

	memset(fpu->legacy, 0, sizeof fpu->legacy);
	asm volatile("fxsave %0" : "=m"(fpu->fxsave));
	asm volatile("fnsave %0; fwait" : "=m"(fpu->legacy));
	/* fnsave reset it, which is just what a handler should find; the status word is
	 * repeated and magic 0 says that an fxsave image follows. */
	memcpy(fpu->legacy + 108, fpu->legacy + 4, 2);
	asm volatile("ldmxcsr %0" : : "m"(fresh_sse_control));
}

static uint32_t fpu_restore(uint32_t address)
{
	struct fpstate32 fpu;

	if (!address)
		return 0;
	if (emul_copy(&fpu, (const void *)address, sizeof fpu))
		return 1;
	/* Reserved MXCSR bits would fault inside the library. */
	*(uint32_t *)(fpu.fxsave + 24) &= 0xffbf;
	asm volatile("fxrstor %0" : : "m"(fpu.fxsave));
	return 0;
}

static void save_context(
	struct sigcontext32 *c, const struct emul_thread *thread, uint32_t fpu, uint32_t mask)
{
	const struct emul_state *s = &thread->state;

	memset(c, 0, sizeof *c);
	c->gs = segment_gs();
	c->es = c->ds = segment('d');
	c->edi = s->edi;
	c->esi = s->esi;
	c->ebp = s->ebp;
	c->esp = c->esp_at_signal = s->esp;
	c->ebx = s->ebx;
	c->edx = s->edx;
	c->ecx = s->ecx;
	c->eax = s->eax;
	c->eip = s->eip;
	c->cs = segment('c');
	c->eflags = s->eflags;
	c->ss = segment('s');
	c->fpstate = fpu;
	c->oldmask = mask;
	c->cr2 = thread->fault_address;
	c->trapno = thread->fault_trap;
	c->err = thread->fault_error;
}

/* Flags that a program may choose: carry, parity, adjust, zero, sign, trap, direction, overflow, AC, ID. */
#define USER_FLAGS 0x240dd5u

static void restore_context(struct emul_thread *thread, const struct sigcontext32 *c)
{
	struct emul_state *s = &thread->state;

	s->edi = c->edi;
	s->esi = c->esi;
	s->ebp = c->ebp;
	s->esp = c->esp;
	s->ebx = c->ebx;
	s->edx = c->edx;
	s->ecx = c->ecx;
	s->eax = c->eax;
	s->eip = c->eip;
	s->eflags = (c->eflags & USER_FLAGS) | 0x202;
	s->call = ~0u;
	if ((c->gs & 0xffff) != segment_gs() && (c->gs & 3) == 3)
		asm volatile("movl %0, %%gs" : : "r"(c->gs & 0xffff));
	if (fpu_restore(c->fpstate))
		signals_kill(SIGSEGV);
}

int frame_on_altstack(const struct emul_thread *thread, uint32_t esp)
{
	return thread->altstack_size && esp - thread->altstack_base <= thread->altstack_size;
}

void frame_siginfo(void *to, int signal, const struct masix_siginfo *info, uint32_t address)
{
	uint32_t words[32];

	memset(words, 0, sizeof words);
	words[0] = (uint32_t)signal;
	words[2] = (uint32_t)info->code;
	switch (signal) {
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
		if (info->code > 0) {
			words[3] = address;
			break;
		}
		/* fall through */
	default:
		if (info->code == SI_TIMER) {
			words[3] = info->reserved[0];
			words[4] = info->reserved[1];
			words[5] = (uint32_t)info->value;
			break;
		}
		words[3] = (uint32_t)info->pid;
		words[4] = info->uid;
		words[5] = signal == SIGCHLD ? (uint32_t)info->status : (uint32_t)info->value;
	}
	memcpy(to, words, sizeof words);
}

static int push_rt(struct emul_thread *thread, uint32_t esp, uint32_t fpu, int signal,
	const struct masix_siginfo *info, uint64_t mask)
{
	struct rt_frame frame;
	uint32_t at = ((esp - sizeof frame + 4) & ~15u) - 4; /* as after a call */

	memset(&frame, 0, sizeof frame);
	frame.return_address = (uint32_t)__kernel_rt_sigreturn;
	frame.signal = (uint32_t)signal;
	frame.info_pointer = at + offsetof(struct rt_frame, info);
	frame.context_pointer = at + offsetof(struct rt_frame, uc_flags);
	frame_siginfo(frame.info, signal, info, thread->fault_address);
	frame.stack_base = thread->altstack_base;
	frame.stack_size = thread->altstack_size;
	frame.stack_flags =
		thread->altstack_size
			? (frame_on_altstack(thread, thread->state.esp) ? SS_ONSTACK : 0)
			: SS_DISABLE;
	save_context(&frame.context, thread, fpu, (uint32_t)mask);
	memcpy(frame.mask, &mask, sizeof mask);
	if (emul_copy((void *)at, &frame, sizeof frame))
		return -EFAULT;
	thread->state.esp = at;
	thread->state.eax = (uint32_t)signal;
	thread->state.edx = frame.info_pointer;
	thread->state.ecx = frame.context_pointer;
	return 0;
}

static int push_plain(
	struct emul_thread *thread, uint32_t esp, uint32_t fpu, int signal, uint64_t mask)
{
	struct plain_frame frame;
	uint32_t at = ((esp - sizeof frame + 4) & ~15u) - 4;

	frame.return_address = (uint32_t)__kernel_sigreturn;
	frame.signal = (uint32_t)signal;
	save_context(&frame.context, thread, fpu, (uint32_t)mask);
	frame.high_mask = (uint32_t)(mask >> 32);
	if (emul_copy((void *)at, &frame, sizeof frame))
		return -EFAULT;
	thread->state.esp = at;
	thread->state.eax = (uint32_t)signal;
	thread->state.edx = thread->state.ecx = 0;
	return 0;
}

int frame_enter(struct emul_thread *thread, int signal, const struct masix_siginfo *info,
	const struct signal_action *action, uint64_t mask)
{
	struct fpstate32 fpu;
	uint32_t esp = thread->state.esp;
	int failed;

	if ((action->flags & SA_ONSTACK) && thread->altstack_size &&
		!frame_on_altstack(thread, esp))
		esp = thread->altstack_base + thread->altstack_size;
	save_fpu(&fpu);
	esp = (esp - sizeof fpu) & ~15u;
	if (!emul_user_range(esp - 1024, sizeof fpu + 1024) ||
		emul_copy((void *)esp, &fpu, sizeof fpu))
		return -EFAULT;
	if (action->flags & SA_SIGINFO)
		failed = push_rt(thread, esp, esp, signal, info, mask);
	else
		failed = push_plain(thread, esp, esp, signal, mask);
	if (failed)
		return failed;
	thread->state.eip = action->handler;
	thread->state.eflags &= ~0x500u; /* handlers start with DF and TF clear */
	return 0;
}

void emul_sigreturn_rt(void)
{
	struct emul_thread *thread = emul_self();
	struct rt_frame frame;

	/* The handler's ret has popped the return address. */
	if (emul_copy(&frame, (const void *)(thread->user_esp - 4), sizeof frame))
		signals_kill(SIGSEGV);
	restore_context(thread, &frame.context);
	thread->altstack_base = frame.stack_base;
	thread->altstack_size = frame.stack_flags & SS_DISABLE ? 0 : frame.stack_size;
	signals_set_mask(frame.mask[0] | (uint64_t)frame.mask[1] << 32);
	emul_leave();
}

void emul_sigreturn_plain(void)
{
	struct emul_thread *thread = emul_self();
	struct plain_frame frame;

	if (emul_copy(&frame, (const void *)(thread->user_esp - 4), sizeof frame))
		signals_kill(SIGSEGV);
	restore_context(thread, &frame.context);
	signals_set_mask(frame.context.oldmask | (uint64_t)frame.high_mask << 32);
	emul_leave();
}

uint32_t frame_call_esp(const struct emul_thread *thread)
{
	/* By the vector the call's own return address lies on the stack. */
	return thread->entry ? thread->state.esp : thread->user_esp + 4;
}

/* The same by number, for restorers that the program brings along (glibc's are int $0x80): esp
 * is where the handler's ret left it, for the plain form after one more pop. */
long sys_rt_sigreturn(const uint32_t *a)
{
	struct emul_thread *thread = emul_self();

	(void)a;
	thread->user_esp = frame_call_esp(thread);
	emul_sigreturn_rt();
}

long sys_sigreturn(const uint32_t *a)
{
	struct emul_thread *thread = emul_self();

	(void)a;
	thread->user_esp = frame_call_esp(thread) - 4;
	emul_sigreturn_plain();
}
