#include "record_locks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

static struct record_file *find(const struct record_locks *locks, uint32_t dev, uint64_t ino)
{
	struct record_file *f = locks->files;

	while (f != NULL && (f->dev != dev || f->ino != ino))
		f = f->next;
	return f;
}

static struct record_file *find_or_make(struct record_locks *locks, uint32_t dev, uint64_t ino)
{
	struct record_file *f = find(locks, dev, ino);

	if (f != NULL)
		return f;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->dev = dev;
	f->ino = ino;
	f->waits_tail = &f->waits;
	f->next = locks->files;
	locks->files = f;
	return f;
}

/* Free the files that nobody locks or waits for. */
static void sweep(struct record_locks *locks)
{
	for (struct record_file **link = &locks->files; *link != NULL;) {
		struct record_file *f = *link;

		if (f->count > 0 || f->waits != NULL) {
			link = &f->next;
			continue;
		}
		*link = f->next;
		free(f->records);
		free(f);
	}
}

static bool excludes(const struct record *a, const struct record *b)
{
	return a->pid != b->pid && a->start <= b->end && b->start <= a->end &&
	       (a->how == MASIX_LOCK_EXCLUSIVE || b->how == MASIX_LOCK_EXCLUSIVE);
}

static const struct record *conflict_in(const struct record_file *f, const struct record *want)
{
	if (want->how == MASIX_LOCK_NONE)
		return NULL;
	for (unsigned i = 0; i < f->count; i++)
		if (excludes(&f->records[i], want))
			return &f->records[i];
	return NULL;
}

const struct record *records_conflict(
	const struct record_locks *locks, uint32_t dev, uint64_t ino, const struct record *want)
{
	const struct record_file *f = find(locks, dev, ino);

	return f != NULL ? conflict_in(f, want) : NULL;
}

/* What is left of `old`, of the same process, beside `want`; returns the number of pieces.  A
 * neighbour of the same kind becomes part of `want`. */
static unsigned beside(const struct record *old, struct record *want, struct record *pieces)
{
	unsigned n = 0;

	if (old->end < want->start || old->start > want->end) {
		if (old->how == want->how && old->end < want->start && old->end + 1 == want->start)
			want->start = old->start;
		else if (old->how == want->how && old->start > want->end &&
			 want->end + 1 == old->start)
			want->end = old->end;
		else
			pieces[n++] = *old;
		return n;
	}
	if (old->start < want->start) {
		pieces[n] = *old;
		pieces[n++].end = want->start - 1;
	}
	if (old->end > want->end) {
		pieces[n] = *old;
		pieces[n++].start = want->end + 1;
	}
	return n;
}

/* Nobody is in the way: enter it. */
static int enter(struct record_locks *locks, struct record_file *f, struct record want)
{
	/* One record can become two, and there is one more. */
	struct record *after = calloc(f->count + 2, sizeof(*after));
	unsigned n = 0;

	if (after == NULL)
		return MASIX_E_LIMIT;
	for (unsigned i = 0; i < f->count; i++) {
		if (f->records[i].pid != want.pid)
			after[n++] = f->records[i];
		else
			n += beside(&f->records[i], &want, after + n);
	}
	if (want.how != MASIX_LOCK_NONE)
		after[n++] = want;
	if (n > f->count && locks->total + (n - f->count) > RECORDS_MAX) {
		free(after);
		return MASIX_E_LIMIT;
	}
	locks->total = locks->total - f->count + n;
	free(f->records);
	f->records = after;
	f->count = n;
	return 0;
}

static bool is_valid(const struct record *want)
{
	return want->start >= 0 && want->start <= want->end &&
	       (want->how == MASIX_LOCK_SHARED || want->how == MASIX_LOCK_EXCLUSIVE ||
		       want->how == MASIX_LOCK_NONE);
}

int records_lock(struct record_locks *locks, uint32_t dev, uint64_t ino, const struct record *want)
{
	struct record_file *f;
	int error;

	if (!is_valid(want))
		return MASIX_E_INVALID;
	f = find_or_make(locks, dev, ino);
	if (f == NULL)
		return MASIX_E_LIMIT;
	error = conflict_in(f, want) != NULL ? MASIX_E_WOULD_BLOCK : enter(locks, f, *want);
	sweep(locks);
	return error;
}

/* Processes that would have to go on before the first of them can; a process is in it once. */
struct chain {
	int *pids;
	unsigned count, room;
};

static bool chain_add(struct chain *c, int pid)
{
	for (unsigned i = 0; i < c->count; i++)
		if (c->pids[i] == pid)
			return true;
	if (c->count == c->room) {
		unsigned room = c->room > 0 ? 2 * c->room : 16;
		int *pids = realloc(c->pids, room * sizeof(*pids));

		if (pids == NULL)
			return false;
		c->pids = pids;
		c->room = room;
	}
	c->pids[c->count++] = pid;
	return true;
}

/* Those who hold what `want` asks for.  False: no memory. */
static bool chain_add_holders(
	struct chain *c, const struct record_file *f, const struct record *want)
{
	bool added = true;

	for (unsigned i = 0; i < f->count && added; i++)
		if (excludes(&f->records[i], want))
			added = chain_add(c, f->records[i].pid);
	return added;
}

/* Would a process that waits for `want` wait, perhaps by way of others, for itself?  0; MASIX_E_DEADLOCK, MASIX_E_LIMIT. */
static int check_deadlock(
	const struct record_locks *locks, const struct record_file *file, const struct record *want)
{
	struct chain c = { 0 };
	bool added = chain_add_holders(&c, file, want);
	int error = 0;

	for (unsigned next = 0; next < c.count && added && !error; next++) {
		if (c.pids[next] == want->pid)
			error = MASIX_E_DEADLOCK;
		for (const struct record_file *f = locks->files; f != NULL; f = f->next)
			for (const struct record_wait *w = f->waits; w != NULL && added;
				w = w->next)
				if (w->want.pid == c.pids[next])
					added = chain_add_holders(&c, f, &w->want);
	}
	free(c.pids);
	return error || added ? error : MASIX_E_LIMIT;
}

int records_wait(struct record_locks *locks, uint32_t dev, uint64_t ino, const struct record *want,
	uint32_t token, uint32_t reply)
{
	struct record_file *f = find(locks, dev, ino);
	struct record_wait *w;
	int error;

	if (f == NULL || !is_valid(want))
		return MASIX_E_INVALID;
	error = check_deadlock(locks, f, want);
	if (error)
		return error;
	w = locks->total < RECORDS_MAX ? malloc(sizeof(*w)) : NULL;
	if (w == NULL)
		return MASIX_E_LIMIT;
	*w = (struct record_wait){ .want = *want, .token = token, .reply = reply };
	*f->waits_tail = w;
	f->waits_tail = &w->next;
	locks->total++;
	return 0;
}

static struct record_wait *unlink_wait(
	struct record_locks *locks, struct record_file *f, struct record_wait **link)
{
	struct record_wait *w = *link;

	*link = w->next;
	if (f->waits_tail == &w->next)
		f->waits_tail = link;
	locks->total--;
	return w;
}

struct record_wait *records_granted(struct record_locks *locks, int *result)
{
	for (struct record_file *f = locks->files; f != NULL; f = f->next) {
		for (struct record_wait **link = &f->waits; *link != NULL; link = &(*link)->next) {
			if (conflict_in(f, &(*link)->want) != NULL)
				continue;
			struct record_wait *w = unlink_wait(locks, f, link);

			*result = enter(locks, f, w->want);
			sweep(locks);
			return w;
		}
	}
	return NULL;
}

struct record_wait *records_cancel(struct record_locks *locks, int pid, const uint32_t *token)
{
	for (struct record_file *f = locks->files; f != NULL; f = f->next) {
		for (struct record_wait **link = &f->waits; *link != NULL; link = &(*link)->next) {
			if ((*link)->want.pid != pid || (token != NULL && (*link)->token != *token))
				continue;
			struct record_wait *w = unlink_wait(locks, f, link);

			sweep(locks);
			return w;
		}
	}
	return NULL;
}

static void drop_records(struct record_locks *locks, struct record_file *f, int pid)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->count; i++)
		if (f->records[i].pid != pid)
			f->records[n++] = f->records[i];
	locks->total -= f->count - n;
	f->count = n;
}

struct record_wait *records_forget(struct record_locks *locks, int pid)
{
	for (struct record_file *f = locks->files; f != NULL; f = f->next) {
		drop_records(locks, f, pid);
		for (struct record_wait **link = &f->waits; *link != NULL; link = &(*link)->next)
			if ((*link)->want.pid == pid)
				return unlink_wait(locks, f, link);
	}
	sweep(locks);
	return NULL;
}
