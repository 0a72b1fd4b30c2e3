/* The system calls about actions, masks and waiting for signals. */
#include <asm/errno.h>

#include "calls.h"
#include "emul.h"
#include "frame.h"
#include "signals.h"
#include "threads.h"

long sys_rt_sigaction(const uint32_t *a)
{
	const struct linux_sigaction *user = (const void *)a[1];
	struct linux_sigaction *out = (void *)a[2];
	struct signal_action new, old;
	long result;

	if (a[3] != 8)
		return -EINVAL;
	if (user) {
		new.handler = user->handler;
		new.flags = user->flags;
		new.mask = user->mask;
	}
	result = signals_set_action((int)a[0], user ? &new : NULL, &old);
	if (!result && out) {
		out->handler = old.handler;
		out->flags = old.flags;
		out->restorer = 0;
		out->mask = old.mask;
	}
	return result;
}

long sys_sigaction(const uint32_t *a)
{
	const struct linux_old_sigaction *user = (const void *)a[1];
	struct linux_old_sigaction *out = (void *)a[2];
	struct signal_action new, old;
	long result;

	if (user) {
		new.handler = user->handler;
		new.flags = user->flags;
		new.mask = user->mask;
	}
	result = signals_set_action((int)a[0], user ? &new : NULL, &old);
	if (!result && out) {
		out->handler = old.handler;
		out->flags = old.flags;
		out->restorer = 0;
		out->mask = (uint32_t)old.mask;
	}
	return result;
}

static long change_mask(int how, const uint64_t *set)
{
	uint64_t mask = emul_self()->signal_mask;

	if (!set)
		return 0;
	switch (how) {
	case 0:
		mask |= *set;
		break;
	case 1:
		mask &= ~*set;
		break;
	case 2:
		mask = *set;
		break;
	default:
		return -EINVAL;
	}
	signals_set_mask(mask);
	return 0;
}

long sys_rt_sigprocmask(const uint32_t *a)
{
	uint64_t old = emul_self()->signal_mask, set;
	long result;

	if (a[3] != 8)
		return -EINVAL;
	if (a[1])
		set = *(const uint64_t *)a[1];
	result = change_mask((int)a[0], a[1] ? &set : NULL);
	if (!result && a[2])
		*(uint64_t *)a[2] = old;
	return result;
}

long sys_sigprocmask(const uint32_t *a)
{
	uint64_t old = emul_self()->signal_mask, set;
	long result;

	if (a[1])
		set = (old & ~0xffffffffull) | *(const uint32_t *)a[1];
	if (a[1] && a[0] != 2)
		set &= 0xffffffffull;
	result = change_mask((int)a[0], a[1] ? &set : NULL);
	if (!result && a[2])
		*(uint32_t *)a[2] = (uint32_t)old;
	return result;
}

long sys_rt_sigpending(const uint32_t *a)
{
	uint64_t mask = signals_pending();

	if (a[1] > 8)
		return -EINVAL;
	return emul_copy((void *)a[0], &mask, a[1]) ? -EFAULT : 0;
}

long sys_sigpending(const uint32_t *a)
{
	*(uint32_t *)a[0] = (uint32_t)signals_pending();
	return 0;
}

/* Wait until a signal that `mask` leaves open is there; the old mask comes back after
 * its handler. */
static long suspend_with(uint64_t mask)
{
	struct emul_thread *self = emul_self();

	self->saved_mask = self->signal_mask;
	self->restore_mask = 1;
	signals_set_mask(mask);
	threads_wait_signal(~0ull);
	return -EMUL_RESTART_NOHAND;
}

long sys_rt_sigsuspend(const uint32_t *a)
{
	if (a[1] != 8)
		return -EINVAL;
	return suspend_with(*(const uint64_t *)a[0]);
}

long sys_sigsuspend(const uint32_t *a)
{
	return suspend_with(a[2]);
}

long sys_pause(const uint32_t *a)
{
	(void)a;
	threads_wait_signal(~0ull);
	return -EMUL_RESTART_NOHAND;
}

void signals_mask_during(uint64_t mask)
{
	struct emul_thread *self = emul_self();

	self->saved_mask = self->signal_mask;
	self->restore_mask = 1;
	signals_set_mask(mask);
}

void signals_mask_end(int interrupted)
{
	struct emul_thread *self = emul_self();

	if (interrupted && emul_signal_arrived())
		return; /* emul_deliver restores it below the handler */
	self->restore_mask = 0;
	signals_set_mask(self->saved_mask);
}

/* rt_sigtimedwait; `timeout` in ns, ~0 = for ever. */
static long timed_wait(uint64_t set, void *user_info, uint64_t timeout)
{
	struct emul_thread *self = emul_self();
	uint64_t deadline = timeout == ~0ull ? ~0ull : emul_now_ns() + timeout;
	struct masix_siginfo info;
	int signal, arrived;

	set &= ~UNBLOCKABLE;
	self->sigwait_set = set;
	for (;;) {
		/* First this, which forgets that somebody called when nothing can be delivered: what is queued
		 * after it calls again, what was queued before it is found now. */
		arrived = emul_signal_arrived();
		signal = signals_take_from(set, &info);
		if (signal || arrived)
			break;
		if (deadline != ~0ull && emul_now_ns() >= deadline)
			break;
		threads_wait_signal(deadline);
	}
	self->sigwait_set = 0;
	if (signal) {
		if (user_info)
			frame_siginfo(user_info, signal, &info, 0);
		return signal;
	}
	return arrived ? -EINTR : -EAGAIN;
}

long sys_rt_sigtimedwait(const uint32_t *a)
{
	const int32_t *ts = (const void *)a[2];

	if (a[3] != 8)
		return -EINVAL;
	return timed_wait(*(const uint64_t *)a[0], (void *)a[1],
		ts ? (uint64_t)ts[0] * 1000000000u + (uint32_t)ts[1] : ~0ull);
}

long sys_rt_sigtimedwait64(const uint32_t *a)
{
	const int64_t *ts = (const void *)a[2];

	if (a[3] != 8)
		return -EINVAL;
	return timed_wait(*(const uint64_t *)a[0], (void *)a[1],
		ts ? (uint64_t)ts[0] * 1000000000u + (uint32_t)ts[1] : ~0ull);
}

long sys_sigaltstack(const uint32_t *a)
{
	struct emul_thread *self = emul_self();
	const uint32_t *new = (const void *)a[0];
	uint32_t *old = (void *)a[1];
	int inside = frame_on_altstack(self, frame_call_esp(self));
	uint32_t stack[3] = { 0 };

	if (new)
		memcpy(stack, new, sizeof stack);
	if (old) {
		old[0] = self->altstack_base;
		old[1] = !self->altstack_size ? SS_DISABLE : inside ? SS_ONSTACK : 0;
		old[2] = self->altstack_size;
	}
	if (!new)
		return 0;
	if (inside)
		return -EPERM;
	if (stack[1] != 0 && stack[1] != SS_ONSTACK && stack[1] != SS_DISABLE)
		return -EINVAL;
	if (stack[1] == SS_DISABLE) {
		self->altstack_base = self->altstack_size = 0;
		return 0;
	}
	if (stack[2] < 2048)
		return -ENOMEM;
	self->altstack_base = stack[0];
	self->altstack_size = stack[2];
	return 0;
}
