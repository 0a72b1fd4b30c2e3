#include "reuse.h"

#include <string.h>

/* Those of a node are in one set, the one given out last first. */
#define SETS 64
#define WAYS 4

static struct {
	pthread_mutex_t lock; /* last of all */
	/* Each with a reference. */
	struct handle *sets[SETS][WAYS];
} spare = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct handle **set_of(const struct node *node)
{
	return spare.sets[node->stat.ino % SETS];
}

/* Lock held. */
static struct handle *take(struct handle **set, unsigned way)
{
	struct handle *handle = set[way];

	memmove(set + way, set + way + 1, (WAYS - 1 - way) * sizeof(*set));
	set[WAYS - 1] = NULL;
	return handle;
}

static void let_go(struct handle *handle)
{
	masix_object_let_go(&handle->object);
	handle_put(handle);
}

struct handle *reuse_find(const struct node *node, const struct context *context, int rights)
{
	struct handle **set = set_of(node), *handle = NULL;

	pthread_mutex_lock(&spare.lock);
	for (unsigned way = 0; way < WAYS && set[way] && !handle; way++)
		if (set[way]->node == node && set[way]->context == context &&
			set[way]->rights == rights)
			handle = take(set, way);
	pthread_mutex_unlock(&spare.lock);
	if (!handle || masix_object_is_idle(&handle->object))
		return handle;
	/* The next one who opens the file may have more luck with another one. */
	let_go(handle);
	return NULL;
}

void reuse_keep(struct handle *handle)
{
	struct handle **set = set_of(handle->node), *oldest;

	pthread_mutex_lock(&spare.lock);
	oldest = set[WAYS - 1];
	memmove(set + 1, set, (WAYS - 1) * sizeof(*set));
	set[0] = handle;
	pthread_mutex_unlock(&spare.lock);
	if (oldest)
		let_go(oldest);
}

void reuse_never(struct handle *handle)
{
	struct handle **set = set_of(handle->node), *found = NULL;

	pthread_mutex_lock(&spare.lock);
	for (unsigned way = 0; way < WAYS && !found; way++)
		if (set[way] == handle)
			found = take(set, way);
	pthread_mutex_unlock(&spare.lock);
	if (found)
		let_go(found);
}

void reuse_forget(const struct node *node)
{
	struct handle **set = set_of(node), *found[WAYS];
	unsigned count = 0;

	pthread_mutex_lock(&spare.lock);
	for (unsigned way = 0; way < WAYS && set[way];)
		if (set[way]->node == node)
			found[count++] = take(set, way);
		else
			way++;
	pthread_mutex_unlock(&spare.lock);
	while (count > 0)
		let_go(found[--count]);
}
