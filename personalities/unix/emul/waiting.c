/* One object: io_poll waits at its server.  Several: a request to each, and whichever answers first
 * comes to this thread's poll port; the rest are cancelled.  What happens within the process (signals for a signalfd, changes
 * of an epoll's list) is told by a message to that port, too. */
#include <asm/errno.h>
#include <asm/poll.h>
#include <mach/message.h>
#include <mach/mig_errors.h>

#include <masix/error.h>

#include "epoll.h"
#include "io.h"
#include "io_request.h"
#include "kernel.h"
#include "mach_port.h"
#include "signalfd.h"
#include "threads.h"
#include "waiting.h"

#define ALWAYS (MASIX_POLL_ERR | MASIX_POLL_HUP)
#define DRAIN_ROUNDS 4
#define DRAIN_MS 20u
#define KICK_ID 0x6b69636b

uint32_t waiting_wanted(uint32_t events)
{
	return (events & (POLLIN | POLLRDNORM) ? MASIX_POLL_IN : 0u) |
	       (events & (POLLOUT | POLLWRNORM) ? MASIX_POLL_OUT : 0u) |
	       (events & POLLRDHUP ? MASIX_POLL_RDHUP : 0u);
}

uint32_t waiting_reported(uint32_t ready, uint32_t events)
{
	uint32_t result = ready & (MASIX_POLL_ERR | MASIX_POLL_HUP);

	if (ready & MASIX_POLL_IN)
		result |= events & (POLLIN | POLLRDNORM);
	if (ready & MASIX_POLL_RDHUP)
		result |= events & POLLRDHUP;
	if (ready & MASIX_POLL_OUT)
		result |= events & (POLLOUT | POLLWRNORM);
	return result;
}

static int is_remote(const struct waiting *item)
{
	if (item->file == NULL)
		return 0;
	switch (item->file->kind) {
	case EMUL_FILE_STREAM:
	case EMUL_FILE_TTY:
	case EMUL_FILE_SOCKET:
	case EMUL_FILE_EVENT:
		return 1;
	default:
		return 0;
	}
}

/* Can it become ready by what happens in this process? */
static int is_own(const struct waiting *item)
{
	return item->file != NULL &&
	       (item->file->kind == EMUL_FILE_EPOLL || item->file->kind == EMUL_FILE_SIGNALS);
}

/* What io_poll is asked. */
static int question(const struct waiting *item)
{
	return (int)(item->events |
		     (item->only_news ? MASIX_POLL_COUNTED | (uint32_t)item->seen
								     << MASIX_POLL_COUNT_SHIFT
				      : 0));
}

static void take_answer(struct waiting *item, kern_return_t kr, int answer)
{
	uint32_t word = (uint32_t)answer;

	item->ready = 0;
	if (kr == MASIX_E_WOULD_BLOCK)
		return;
	item->ready = kr == KERN_SUCCESS ? word & (item->events | ALWAYS) : MASIX_POLL_ERR;
	item->is_counted = (word & MASIX_POLL_COUNTED) != 0;
	item->count = (uint16_t)(word >> MASIX_POLL_COUNT_SHIFT);
	if (item->only_news && item->is_counted && item->count == item->seen)
		item->ready = 0;
}

/* What the server says now; an object that cannot be asked is in error. */
static void look_there(struct waiting *item)
{
	int answer = 0;
	kern_return_t kr = io_poll(item->file->port, 0, MASIX_IO_NONBLOCK,
		question(item) | MASIX_POLL_COUNTED, &answer);

	take_answer(item, kr, answer);
}

static void look(struct waiting *item)
{
	if (is_remote(item))
		look_there(item);
	else if (item->file->kind == EMUL_FILE_SIGNALS)
		item->ready = signalfd_ready(item->file) ? item->events & MASIX_POLL_IN : 0;
	else if (item->file->kind != EMUL_FILE_EPOLL)
		item->ready = item->events;
}

/* Behind the first `count` items are those of the epoll files among them. */
static uint32_t look_at_all(struct waiting *items, uint32_t count, uint32_t all)
{
	uint32_t found = 0;

	for (uint32_t i = all; i-- > 0;) {
		struct waiting *item = &items[i];

		if (item->file == NULL)
			continue;
		look(item);
		if (i >= count && item->ready != 0)
			items[item->of].ready |= items[item->of].events & MASIX_POLL_IN;
	}
	for (uint32_t i = 0; i < count; i++)
		found += items[i].file != NULL && items[i].ready != 0;
	return found;
}

/* Block at the only server there is. */
static long wait_for_one(struct waiting *item)
{
	uint32_t token = emul_wait_begin(EMUL_WAIT_IO, item->file->port);
	kern_return_t kr = MASIX_E_INTERRUPTED;
	int ready = 0;

	if (!emul_signal_arrived())
		kr = io_poll(item->file->port, token, 0, question(item), &ready);
	emul_wait_end();
	if (kr == MASIX_E_INTERRUPTED)
		return -EMUL_RESTART_NOHAND;
	take_answer(item, kr, ready);
	return item->ready != 0;
}

static mach_port_t poll_port(void)
{
	struct emul_thread *self = emul_self();

	if (self->poll_port == MACH_PORT_NULL &&
		mach_port_allocate(EMUL_PORT_TASK, MACH_PORT_RIGHT_RECEIVE, &self->poll_port) !=
			KERN_SUCCESS)
		self->poll_port = MACH_PORT_NULL;
	return self->poll_port;
}

static void set_listening(int on)
{
	struct emul_thread *self = emul_self();

	emul_lock(&threads_lock);
	self->listens = (uint32_t)on;
	emul_unlock(&threads_lock);
}

/* Late answers go nowhere. */
static void forget_poll_port(void)
{
	struct emul_thread *self = emul_self();

	set_listening(0);
	(void)mach_port_mod_refs(EMUL_PORT_TASK, self->poll_port, MACH_PORT_RIGHT_RECEIVE, -1);
	self->poll_port = MACH_PORT_NULL;
}

/* With the lock a thread's port stays.  Where the queue is full the thread is told already. */
void waiting_kick(void)
{
	emul_lock(&threads_lock);
	for (struct emul_thread *thread = threads_first; thread; thread = thread->next) {
		mach_msg_header_t kick = {
			.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0),
			.msgh_size = sizeof kick,
			.msgh_remote_port = thread->poll_port,
			.msgh_id = KICK_ID,
		};

		if (thread->listens)
			(void)mach_msg(&kick, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof kick, 0,
				MACH_PORT_NULL, 0, MACH_PORT_NULL);
	}
	emul_unlock(&threads_lock);
}

/* Receive one answer within `ms`: MACH_MSG_SUCCESS, MACH_RCV_TIMED_OUT, MACH_RCV_INTERRUPTED.
 * What it says does not matter: it only means "look again".  *kicked: it was no answer. */
static mach_msg_return_t receive(mach_port_t port, int limited, uint32_t ms, int *kicked)
{
	struct {
		mig_reply_header_t head;
		uint32_t rest[16];
	} message;
	mach_msg_return_t result = mach_msg(&message.head.Head,
		MACH_RCV_MSG | MACH_RCV_INTERRUPT | (limited ? MACH_RCV_TIMEOUT : 0), 0,
		sizeof message, port, ms, MACH_PORT_NULL);

	*kicked = result == MACH_MSG_SUCCESS && message.head.Head.msgh_id == KICK_ID;
	return result;
}

static uint32_t milliseconds_until(uint64_t deadline)
{
	uint64_t now = emul_now_ns(), ms;

	if (now >= deadline)
		return 0;
	ms = (deadline - now + 999999) / 1000000;
	return ms < 1000000000 ? (uint32_t)ms : 1000000000;
}

/* Until an answer (1), a kick (-EAGAIN), the deadline (0) or a signal. */
static long wait_for_answer(mach_port_t port, uint64_t deadline)
{
	int kicked;

	for (;;) {
		uint32_t ms = deadline == WAITING_FOREVER ? 0 : milliseconds_until(deadline);
		mach_msg_return_t result;

		if (emul_signal_arrived())
			return -EMUL_RESTART_NOHAND;
		result = receive(port, deadline != WAITING_FOREVER, ms, &kicked);
		if (result == MACH_MSG_SUCCESS)
			return kicked ? -EAGAIN : 1;
		if (result == MACH_RCV_TIMED_OUT && milliseconds_until(deadline) == 0)
			return 0;
		if (result != MACH_RCV_TIMED_OUT && result != MACH_RCV_INTERRUPTED)
			return -EIO;
	}
}

/* The same object further up in the list: one request asks for both. */
static int is_repeated(const struct waiting *items, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++)
		if (is_remote(&items[i]) && items[i].file->port == items[index].file->port &&
			!items[i].only_news && !items[index].only_news)
			return 1;
	return 0;
}

static int question_of_all(const struct waiting *items, uint32_t count, uint32_t index)
{
	uint32_t events = 0;

	if (items[index].only_news)
		return question(&items[index]);
	for (uint32_t i = index; i < count; i++)
		if (is_remote(&items[i]) && items[i].file->port == items[index].file->port &&
			!items[i].only_news)
			events |= items[i].events;
	return (int)events;
}

/* Ask every server; how many will answer. */
static uint32_t ask(const struct waiting *items, uint32_t count, mach_port_t port, uint32_t token)
{
	uint32_t asked = 0;

	for (uint32_t i = 0; i < count; i++)
		if (is_remote(&items[i]) && !is_repeated(items, i) &&
			io_poll_request(items[i].file->port, port, token, 0,
				question_of_all(items, count, i)) == KERN_SUCCESS)
			asked++;
	return asked;
}

/* Call off what was asked and take the `owed` answers that come of it.  A request that has not arrived yet
 * cannot be cancelled: try again, and in the end give up the port. */
static void call_off(const struct waiting *items, uint32_t count, mach_port_t port, uint32_t token,
	uint32_t owed)
{
	int kicked;

	for (unsigned round = 0; round < DRAIN_ROUNDS && owed > 0; round++) {
		for (uint32_t i = 0; i < count; i++)
			if (is_remote(&items[i]) && !is_repeated(items, i))
				(void)io_cancel(items[i].file->port, token);
		while (owed > 0 && receive(port, 1, DRAIN_MS, &kicked) == MACH_MSG_SUCCESS)
			owed -= !kicked;
	}
	if (owed > 0)
		forget_poll_port();
}

static long wait_for_many(struct waiting *items, uint32_t count, uint64_t deadline)
{
	mach_port_t port = poll_port();
	uint32_t token, owed;
	long result;

	if (port == MACH_PORT_NULL)
		return -ENOMEM;
	token = emul_wait_begin(EMUL_WAIT_KERNEL, port);
	owed = ask(items, count, port, token);
	result = wait_for_answer(port, deadline);
	emul_wait_end();
	if (result == 1 && owed > 0)
		owed--;
	call_off(items, count, port, token, owed);
	return result;
}

/* One server to wait at, and nothing else: it can be asked to answer when there is something. */
static struct waiting *only_one(struct waiting *items, uint32_t count)
{
	struct waiting *one = NULL;

	for (uint32_t i = 0; i < count; i++) {
		if (items[i].file == NULL)
			continue;
		if (one != NULL || !is_remote(&items[i]))
			return NULL;
		one = &items[i];
	}
	return one;
}

/* One look, and one wait if there is nothing: what waiting_wait returns, or -EAGAIN: look again. */
static long look_and_wait(struct waiting *items, uint32_t count, uint32_t all, uint64_t deadline)
{
	uint32_t found = look_at_all(items, count, all);
	long result;

	if (found > 0 || deadline == 0)
		return (long)found;
	result = wait_for_many(items, all, deadline);
	return result == 0 ? (long)look_at_all(items, count, all) : result == 1 ? -EAGAIN : result;
}

/* The same with what the epoll files among the items have. */
static long look_inside(struct waiting *items, uint32_t count, uint64_t deadline)
{
	uint32_t all;
	struct waiting *expanded = epoll_expand(items, count, &all);
	long result;

	if (expanded == NULL)
		return -ENOMEM;
	result = look_and_wait(expanded, count, all, deadline);
	memcpy(items, expanded, count * sizeof *items);
	memset(expanded, 0, count * sizeof *items); /* these files are the caller's */
	waiting_end(expanded, all, NULL);
	return result;
}

long waiting_wait(struct waiting *items, uint32_t count, uint64_t deadline)
{
	int has_own = 0, has_inner = 0, is_list = 0;
	uint32_t changes = 0;
	struct waiting *one = deadline == WAITING_FOREVER ? only_one(items, count) : NULL;
	long result;

	for (uint32_t i = 0; i < count; i++) {
		items[i].ready = 0;
		if (!is_own(&items[i]))
			continue;
		has_own = 1;
		if (items[i].file->kind == EMUL_FILE_EPOLL) {
			has_inner |= items[i].events != 0;
			is_list |= items[i].events == 0;
			if (items[i].events == 0)
				changes = items[i].of;
		}
	}
	if (one != NULL)
		return wait_for_one(one);
	if (has_own && poll_port() == MACH_PORT_NULL)
		return -ENOMEM;
	if (has_own)
		set_listening(1);
	/* Changed before anybody could tell this thread? */
	if (is_list && changes != epoll_changes)
		return -EAGAIN;
	do
		result = has_inner ? look_inside(items, count, deadline)
				   : look_and_wait(items, count, count, deadline);
	while (result == -EAGAIN && !is_list);
	if (has_own)
		set_listening(0);
	return result;
}

struct waiting *waiting_room(uint32_t count, struct waiting *few, uint32_t few_count)
{
	if (count <= few_count) {
		memset(few, 0, count * sizeof *few);
		return few;
	}
	return emul_memory_allocate(count * sizeof *few, 0);
}

void waiting_end(struct waiting *items, uint32_t count, const struct waiting *few)
{
	for (uint32_t i = 0; i < count; i++)
		if (items[i].file != NULL)
			file_drop(items[i].file);
	if (items != few)
		emul_memory_free(items, count * sizeof *items);
}
