/* The signal state of one process (signals.h).  signals_lock covers the queue, the
 * dispositions and every thread's mask; the list of threads has its own lock, taken
 * inside. */
#include <asm/errno.h>
#include <mach/kern_return.h>

#include "calls.h"
#include "emul.h"
#include "files.h"
#include "frame.h"
#include "pass.h"
#include "process.h"
#include "service.h"
#include "signalfd.h"
#include "signals.h"
#include "take.h"
#include "threads.h"
#include "timers.h"

#define DEFAULT_IGNORED                                                                            \
	(SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH) | SIGNAL_BIT(SIGCONT))
#define DEFAULT_STOP                                                                               \
	(SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU) | SIGNAL_BIT(SIGSTOP))
struct queued {
	int signal;
	uint32_t tid; /* 0: any thread */
	struct masix_siginfo info;
};

static struct emul_lock signals_lock;
static struct signal_action actions[EMUL_SIGNALS_MAX + 1];
static struct queued queue[SIGNALS_QUEUE]; /* in order of arrival */
static unsigned queue_length;
static int held_back; /* more wait at the Unix server, for want of room here */

/* Held while the Unix server is told, so that what it hears last is what is so.  Taken before signals_lock. */
static struct emul_lock telling_lock;
static uint64_t told_ignored; /* what the Unix server was told last; both locks to change it */
static uint32_t told_flags;

static int is_ignored(int signal)
{
	uint32_t handler = actions[signal].handler;

	return handler == SIG_IGN || (handler == SIG_DFL && (DEFAULT_IGNORED & SIGNAL_BIT(signal)));
}

int signals_inert(int signal)
{
	return actions[signal].handler == SIG_IGN ||
	       (emul_self()->signal_mask & SIGNAL_BIT(signal));
}

/* Every thread blocks it.  signals_lock held. */
static int blocked_everywhere(int signal)
{
	struct emul_thread *thread;
	int blocked = 1;

	emul_lock(&threads_lock);
	for (thread = threads_first; thread; thread = thread->next)
		if (!(thread->signal_mask & SIGNAL_BIT(signal)))
			blocked = 0;
	emul_unlock(&threads_lock);
	return blocked;
}

/* Tell the server which signals would be dropped here anyway, when that has changed.  It must hear at once of
 * one that is not dropped any more; of one that is only if it is in `worthwhile`, since the call lets signals in,
 * and a program that has just changed one handler does not expect them more often than elsewhere. */
static void tell_ignored(uint64_t worthwhile)
{
	uint64_t mask = 0;
	uint32_t flags = 0;
	int signal, is_news;

	emul_lock(&telling_lock);
	emul_lock(&signals_lock);
	for (signal = 1; signal <= EMUL_SIGNALS_MAX; signal++)
		if (is_ignored(signal) && !(emul_self()->signal_mask & SIGNAL_BIT(signal)))
			mask |= SIGNAL_BIT(signal);
	if (actions[SIGCHLD].handler == SIG_IGN || (actions[SIGCHLD].flags & SA_NOCLDWAIT))
		flags |= MASIX_NO_ZOMBIES;
	if (actions[SIGCHLD].flags & SA_NOCLDSTOP)
		flags |= MASIX_NO_STOP_REPORT;
	is_news = (told_ignored & ~mask) || (mask & ~told_ignored & worthwhile) ||
		  flags != told_flags;
	if (is_news) {
		told_ignored = mask;
		told_flags = flags;
	}
	emul_unlock(&signals_lock);
	if (is_news) /* if it fails, too much is sent */
		(void)process_set_ignored(EMUL_PORT_PROCESS, mask, (int)flags);
	emul_unlock(&telling_lock);
}

void signals_init(void)
{
	tell_ignored(~0ull);
}

void signals_fork_prepare(void)
{
	emul_lock(&telling_lock);
	emul_lock(&signals_lock);
}

void signals_fork_parent(void)
{
	emul_unlock(&signals_lock);
	emul_unlock(&telling_lock);
}

void signals_fork_child(void)
{
	queue_length = 0;
	held_back = 0;
	signals_lock.word = telling_lock.word = 0;
}

void signals_exec(void)
{
	struct emul_thread *self = emul_self();
	int signal;

	emul_lock(&signals_lock);
	for (signal = 1; signal <= EMUL_SIGNALS_MAX; signal++) {
		if (actions[signal].handler != SIG_IGN)
			actions[signal].handler = SIG_DFL;
		actions[signal].flags = 0;
		actions[signal].mask = 0;
	}
	emul_unlock(&signals_lock);
	self->altstack_size = 0;
	self->restore_mask = 0;
	tell_ignored(~0ull);
}

void signals_pass(struct takeover *t, struct takeover_signal *to)
{
	struct emul_thread *self = emul_self();
	unsigned i;
	int signal;

	emul_lock(&signals_lock);
	t->signal_mask = self->signal_mask;
	for (signal = 1; signal <= EMUL_SIGNALS_MAX; signal++)
		if (actions[signal].handler == SIG_IGN)
			t->ignored_signals |= SIGNAL_BIT(signal);
	for (i = 0; i < queue_length; i++) {
		if (queue[i].tid && queue[i].tid != self->vector.id)
			continue;
		to[t->signal_count].signal = queue[i].signal;
		to[t->signal_count].info = queue[i].info;
		t->signal_count++;
	}
	emul_unlock(&signals_lock);
}

void signals_take(
	uint64_t mask, uint64_t ignored, const struct takeover_signal *from, uint32_t count)
{
	uint32_t i;
	int signal;

	emul_self()->signal_mask = mask & ~UNBLOCKABLE;
	for (signal = 1; signal <= EMUL_SIGNALS_MAX; signal++)
		if (ignored & ~UNBLOCKABLE & SIGNAL_BIT(signal))
			actions[signal].handler = SIG_IGN;
	told_ignored = ~0ull; /* what the process before told */
	for (i = 0; i < count; i++)
		if (from[i].signal >= 1 && from[i].signal <= EMUL_SIGNALS_MAX)
			signals_post(NULL, from[i].signal, &from[i].info);
}

void signals_kill(int signal)
{
	threads_end_process(0, signal);
}

void signals_lock_threads(void)
{
	emul_lock(&signals_lock);
	emul_lock(&threads_lock);
}

void signals_unlock_threads(void)
{
	emul_unlock(&threads_lock);
	emul_unlock(&signals_lock);
}

/* The next queued signal that `thread` may take, or -1.  signals_lock held.  Lowest
 * number first, then oldest. */
static int find_deliverable(const struct emul_thread *thread, uint64_t mask)
{
	int best = -1;
	unsigned i;

	for (i = 0; i < queue_length; i++) {
		if (queue[i].tid && queue[i].tid != thread->vector.id)
			continue;
		if (mask & SIGNAL_BIT(queue[i].signal))
			continue;
		if (best < 0 || queue[i].signal < queue[best].signal)
			best = (int)i;
	}
	return best;
}

static void unqueue(int index)
{
	queue_length--;
	memmove(&queue[index], &queue[index + 1],
		(queue_length - (unsigned)index) * sizeof queue[0]);
}

int signals_have_room(void)
{
	int room;

	emul_lock(&signals_lock);
	room = queue_length < SIGNALS_QUEUE;
	if (!room)
		held_back = 1;
	emul_unlock(&signals_lock);
	return room;
}

/* Room has come for what was held back?  Then the caller calls service_take_later without the lock.
 * signals_lock held. */
static int room_came(void)
{
	if (!held_back || queue_length > SIGNALS_QUEUE / 2)
		return 0;
	held_back = 0;
	return 1;
}

/* Forget what is queued of the signals in `mask`.  signals_lock held. */
static void discard(uint64_t mask)
{
	unsigned i = queue_length;

	while (i--)
		if (mask & SIGNAL_BIT(queue[i].signal))
			unqueue((int)i);
}

/* signals_lock held. */
static int find_timer(uint32_t timer)
{
	for (unsigned i = 0; i < queue_length; i++)
		if (queue[i].info.code == SI_TIMER && queue[i].info.reserved[0] == timer)
			return (int)i;
	return -1;
}

int signals_timer_queued(uint32_t timer)
{
	int index;

	emul_lock(&signals_lock);
	index = find_timer(timer);
	emul_unlock(&signals_lock);
	return index >= 0;
}

void signals_timer_gone(uint32_t timer)
{
	int index;

	emul_lock(&signals_lock);
	index = find_timer(timer);
	if (index >= 0)
		unqueue(index);
	emul_unlock(&signals_lock);
}

/* A thread that would take `signal` now: the wanted one, else the first not blocking it. */
static struct emul_thread *choose_thread(struct emul_thread *wanted, int signal)
{
	struct emul_thread *thread;

	if (wanted)
		return wanted;
	emul_lock(&threads_lock);
	for (thread = threads_first; thread; thread = thread->next)
		if ((~thread->signal_mask | thread->sigwait_set) & SIGNAL_BIT(signal) &&
			!thread->exiting && !thread->ending)
			break;
	emul_unlock(&threads_lock);
	return thread;
}

static int already_queued(int signal, uint32_t tid)
{
	unsigned i;

	for (i = 0; i < queue_length; i++)
		if (queue[i].signal == signal && queue[i].tid == tid)
			return 1;
	return 0;
}

void signals_post(struct emul_thread *wanted, int signal, const struct masix_siginfo *info)
{
	struct emul_thread *thread;

	emul_lock(&signals_lock);
	/* A stop and a continue undo each other, even where they are blocked or ignored. */
	if (signal == SIGCONT)
		discard(DEFAULT_STOP);
	else if (DEFAULT_STOP & SIGNAL_BIT(signal))
		discard(SIGNAL_BIT(SIGCONT));
	if (is_ignored(signal) && !blocked_everywhere(signal) &&
		!(wanted && (wanted->signal_mask & SIGNAL_BIT(signal)))) {
		emul_unlock(&signals_lock);
		return;
	}
	if ((wanted && wanted->exiting) ||
		(signal < SIGRTMIN && already_queued(signal, wanted ? wanted->vector.id : 0)) ||
		queue_length == SIGNALS_QUEUE) {
		emul_unlock(&signals_lock);
		return;
	}
	queue[queue_length].signal = signal;
	queue[queue_length].tid = wanted ? wanted->vector.id : 0;
	queue[queue_length].info = *info;
	queue_length++;
	thread = choose_thread(wanted, signal);
	emul_unlock(&signals_lock);
	signalfd_arrived();
	if (!thread)
		return; /* blocked everywhere: taken when somebody unblocks it */
	thread->signal_pending = 1;
	if (thread != emul_self())
		threads_request_nudge(thread);
}

void signals_leave(void)
{
	struct emul_thread *self = emul_self(), *thread;
	int others = 0;
	unsigned i;

	emul_lock(&signals_lock);
	self->exiting = 1;
	for (i = queue_length; i-- > 0;)
		if (queue[i].tid == self->vector.id)
			unqueue((int)i);
	for (i = 0; i < queue_length; i++) {
		thread = queue[i].tid ? NULL : choose_thread(NULL, queue[i].signal);
		if (!thread)
			continue;
		thread->signal_pending = thread->nudge = 1;
		others = 1;
	}
	emul_unlock(&signals_lock);
	if (others)
		service_wake();
}

void signals_fault(struct emul_thread *thread, int signal, int code, uint32_t address)
{
	emul_lock(&signals_lock);
	if (actions[signal].handler == SIG_IGN || (thread->signal_mask & SIGNAL_BIT(signal)))
		actions[signal].handler = SIG_DFL;
	emul_unlock(&signals_lock);
	memset(&thread->fault_info, 0, sizeof thread->fault_info);
	thread->fault_info.code = code;
	thread->fault_address = address;
	thread->fault_signal = signal;
	thread->signal_pending = 1;
}

void emul_raise(int signal, int code)
{
	struct masix_siginfo info;

	memset(&info, 0, sizeof info);
	info.code = code;
	info.pid = emul_process.pid;
	info.uid = emul_process.ruid;
	signals_post(emul_self(), signal, &info);
}

int emul_signal_arrived(void)
{
	struct emul_thread *self = emul_self();
	int found;

	if (!self->signal_pending)
		return 0;
	emul_lock(&signals_lock);
	found = self->ending || self->fault_signal ||
		find_deliverable(self, self->signal_mask) >= 0;
	if (!found)
		self->signal_pending = 0; /* whoever queues one sets it again */
	emul_unlock(&signals_lock);
	return found;
}

/* What a signal without handler does; returns if the process goes on. */
static void default_action(int signal)
{
	uint64_t bit = SIGNAL_BIT(signal);

	/* Process 1 feels only what it has a handler for. */
	if ((bit & DEFAULT_IGNORED) || emul_process.pid == 1)
		return;
	if (bit & DEFAULT_STOP) {
		(void)process_stop(EMUL_PORT_PROCESS, signal); /* an orphaned group goes on */
		/* What came while it was stopped is taken before the program goes on. */
		service_take_signals();
		return;
	}
	signals_kill(signal);
}

/* Take the next signal for this thread off the queue; 0 = none. */
static int next_signal(
	struct emul_thread *self, struct masix_siginfo *info, struct signal_action *action)
{
	int signal, index, more = 0, is_fatal = 0;

	emul_lock(&signals_lock);
	if (self->ending) {
		emul_unlock(&signals_lock);
		return 0;
	}
	if (self->fault_signal) {
		signal = self->fault_signal;
		*info = self->fault_info;
		self->fault_signal = 0;
		is_fatal = actions[signal].handler == SIG_DFL;
	} else {
		self->signal_pending = 0;
		index = find_deliverable(self, self->signal_mask);
		if (index < 0) {
			emul_unlock(&signals_lock);
			return 0;
		}
		signal = queue[index].signal;
		*info = queue[index].info;
		unqueue(index);
		more = room_came();
		self->signal_pending = 1; /* look again */
	}
	*action = actions[signal];
	if (action->handler > SIG_IGN && (action->flags & SA_RESETHAND))
		actions[signal].handler = SIG_DFL;
	emul_unlock(&signals_lock);
	if (is_fatal)
		signals_kill(signal);
	timers_told(info);
	if (more)
		service_take_later();
	return signal;
}

/* The call that was cut short: EINTR, or go back and make it again. */
static void finish_call(struct emul_state *state, int has_handler, uint32_t flags)
{
	if (state->call == ~0u)
		return;
	if (state->eax == (uint32_t)-EMUL_RESTART && has_handler && !(flags & SA_RESTART)) {
		state->eax = (uint32_t)-EINTR;
	} else if (state->eax == (uint32_t)-EMUL_RESTART_NOHAND && has_handler) {
		state->eax = (uint32_t)-EINTR;
	} else if (state->eax == (uint32_t)-EMUL_RESTART ||
		   state->eax == (uint32_t)-EMUL_RESTART_NOHAND) {
		state->eax = state->call;
		state->esp = state->restart_esp;
		state->eip = state->restart_eip;
	}
	state->call = ~0u;
}

void emul_deliver(void);

/* On the way out of the library: enter handlers for what may be delivered, by changing
 * the state that entry.S leaves with. */
void emul_deliver(void)
{
	struct emul_thread *self = emul_self();
	struct signal_action action;
	struct masix_siginfo info;
	int signal;

	while (self->signal_pending && (signal = next_signal(self, &info, &action)) != 0) {
		uint64_t mask;

		if (action.handler == SIG_IGN)
			continue;
		if (action.handler == SIG_DFL) {
			default_action(signal);
			continue;
		}
		finish_call(&self->state, 1, action.flags);
		mask = self->restore_mask ? self->saved_mask : self->signal_mask;
		self->restore_mask = 0;
		if (frame_enter(self, signal, &info, &action, mask))
			signals_kill(SIGSEGV);
		emul_lock(&signals_lock);
		self->signal_mask |= action.mask;
		if (!(action.flags & SA_NODEFER))
			self->signal_mask |= SIGNAL_BIT(signal);
		self->signal_mask &= ~UNBLOCKABLE;
		emul_unlock(&signals_lock);
	}
	if (self->ending)
		threads_leave(0);
	if (self->restore_mask) {
		self->restore_mask = 0;
		signals_set_mask(self->saved_mask);
	}
	finish_call(&self->state, 0, 0);
}

void signals_set_mask(uint64_t mask)
{
	struct emul_thread *self = emul_self();

	mask &= ~UNBLOCKABLE;
	emul_lock(&signals_lock);
	self->signal_mask = mask;
	if (find_deliverable(self, mask) >= 0)
		self->signal_pending = 1;
	emul_unlock(&signals_lock);
	if (mask & told_ignored)
		tell_ignored(0); /* blocked signals wait even when ignored */
}

long signals_set_action(int signal, const struct signal_action *new, struct signal_action *old)
{
	if (signal < 1 || signal > EMUL_SIGNALS_MAX)
		return -EINVAL;
	if (new && (UNBLOCKABLE & SIGNAL_BIT(signal)))
		return -EINVAL;
	emul_lock(&signals_lock);
	*old = actions[signal];
	if (new) {
		actions[signal] = *new;
		if (is_ignored(signal))
			discard(SIGNAL_BIT(signal));
	}
	emul_unlock(&signals_lock);
	if (new)
		tell_ignored(SIGNAL_BIT(signal));
	return 0;
}

uint64_t signals_pending(void)
{
	struct emul_thread *self = emul_self();
	uint64_t mask = 0;
	unsigned i;

	emul_lock(&signals_lock);
	for (i = 0; i < queue_length; i++)
		if (!queue[i].tid || queue[i].tid == self->vector.id)
			mask |= SIGNAL_BIT(queue[i].signal);
	emul_unlock(&signals_lock);
	return mask & self->signal_mask;
}

int signals_any_of(uint64_t set)
{
	int index;

	emul_lock(&signals_lock);
	index = find_deliverable(emul_self(), ~set);
	emul_unlock(&signals_lock);
	return index >= 0;
}

int signals_take_from(uint64_t set, struct masix_siginfo *info)
{
	struct emul_thread *self = emul_self();
	int index, signal = 0, more = 0;

	emul_lock(&signals_lock);
	index = find_deliverable(self, ~set);
	if (index >= 0) {
		signal = queue[index].signal;
		*info = queue[index].info;
		unqueue(index);
		more = room_came();
	}
	emul_unlock(&signals_lock);
	if (signal)
		timers_told(info);
	if (more)
		service_take_later();
	return signal;
}
