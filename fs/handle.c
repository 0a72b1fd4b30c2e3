#include "handle.h"

#include <masix/error.h>
#include <masix/mach.h>
#include <string.h>

#include "io_reply.h"
#include "kept.h"
#include "mach_port.h"
#include "pager.h"
#include "reuse.h"

/* Open objects of all clients together: a client that never closes must not take all memory.  The last
 * ones are root's. */
#define HANDLES_MAX 20000u
#define HANDLES_OF_ROOT 2000u
#define HANDLE_RIGHTS (MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_EXEC)

static struct {
	pthread_mutex_t lock; /* last of all */
	unsigned count;	      /* live ones */
	struct handle *free;  /* by object.next */
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

struct context *context_create(struct node *root, const struct identity *who, bool mounted)
{
	struct context *context = arena_alloc(&kept_arena, sizeof(*context));

	if (!context)
		return NULL;
	atomic_init(&context->references, 1);
	context->generation = kept->generation;
	context->root = root;
	context->mounted = mounted;
	context->who = *who;
	volume_lock(root->volume);
	node_ref(root);
	volume_unlock(root->volume);
	return context;
}

void context_put(struct context *context)
{
	if (atomic_fetch_sub(&context->references, 1) > 1)
		return;
	node_release(context->root);
	arena_free(&kept_arena, context, sizeof(*context));
}

bool handle_answer_lock(const struct flock_claim *claim, int result)
{
	bool heard =
		io_lock_reply(claim->reply, MACH_MSG_TYPE_MOVE_SEND_ONCE, result) == KERN_SUCCESS;

	/* The caller is gone: the right that could not be used is a dead name of ours. */
	if (!heard)
		(void)mach_port_deallocate(mach_task_self(), claim->reply);
	return heard;
}

void handle_grant_locks(struct node *node)
{
	struct volume *volume = node->volume;
	struct flock_claim claim;
	bool granted;

	for (;;) {
		volume_lock(volume);
		granted = flock_next_granted(volume->undo, &node->flock, &claim);
		volume_unlock(volume);
		if (!granted)
			return;
		if (handle_answer_lock(&claim, KERN_SUCCESS))
			continue;
		/* A killed caller must not leave its relatives, who hold the same port, with a lock. */
		volume_lock(volume);
		volume_note_error(volume,
			flock_take(volume->undo, &node->flock, claim.owner, MASIX_LOCK_NONE));
		volume_unlock(volume);
	}
}

/* The port is closed: its locks are free, and those who waited through it are told. */
static void drop_locks(struct handle *handle)
{
	struct node *node = handle->node;
	struct volume *volume = node->volume;
	struct flock_claim claim;
	bool waited;

	for (;;) {
		volume_lock(volume);
		waited = flock_forget(volume->undo, &node->flock, handle, &claim);
		volume_unlock(volume);
		if (!waited)
			break;
		(void)handle_answer_lock(&claim, MASIX_E_INTERRUPTED);
	}
	volume_lock(volume);
	/* Dropping cannot fail. */
	volume_note_error(volume, flock_take(volume->undo, &node->flock, handle, MASIX_LOCK_NONE));
	volume_unlock(volume);
	handle_grant_locks(node);
}

/* A slot for one more; `most` are enough. */
static struct handle *take_slot(unsigned most)
{
	struct handle *handle = NULL;

	pthread_mutex_lock(&table.lock);
	if (table.count < most && table.free) {
		handle = table.free;
		table.free = (struct handle *)handle->object.next;
	} else if (table.count < most && kept->handles_used < HANDLES_MAX) {
		handle = &kept->handles[kept->handles_used++];
	}
	if (handle)
		table.count++;
	pthread_mutex_unlock(&table.lock);
	return handle;
}

static void give_slot(struct handle *handle)
{
	pthread_mutex_lock(&table.lock);
	handle->object.next = (struct masix_object *)table.free;
	table.free = handle;
	table.count--;
	pthread_mutex_unlock(&table.lock);
}

static void destroy(struct masix_object *object)
{
	struct handle *handle = (struct handle *)object;
	struct node *node = handle->node;
	struct volume *volume = node->volume;

	handle->live = false;
	volume_lock(volume);
	if (node->flock.holders || node->flock.waiters) {
		volume_unlock(volume);
		drop_locks(handle);
		volume_lock(volume);
	}
	node_put(node);
	volume_unlock(volume);
	context_put(handle->context);
	give_slot(handle);
	pager_reap(volume);
}

static const struct masix_class handle_class = {
	.name = "open file", .destroy = destroy, .reuses_ports = 1
};

static struct handle *make(struct node *node, struct context *context, int rights)
{
	unsigned most = context->who.uid == 0 ? HANDLES_MAX : HANDLES_MAX - HANDLES_OF_ROOT;
	struct handle *handle = take_slot(most);

	if (!handle)
		return NULL;
	handle->node = node;
	handle->context = context;
	handle->rights = rights & HANDLE_RIGHTS;
	if (masix_object_init(&handle->object, &handle_class) == KERN_SUCCESS)
		return handle;
	give_slot(handle);
	return NULL;
}

/* A new one in use, with a reference for the caller, who gives out rights; or NULL. */
static struct handle *begin(struct node *node, struct context *context, int rights)
{
	struct handle *handle = make(node, context, rights);

	if (!handle)
		return NULL;
	volume_lock(node->volume);
	node_ref(node);
	volume_unlock(node->volume);
	atomic_fetch_add(&context->references, 1);
	/* All of it is in order now, for whoever finds it. */
	atomic_signal_fence(memory_order_seq_cst);
	handle->live = true;
	return handle;
}

static int give_up(struct handle *handle)
{
	masix_object_kill(&handle->object);
	handle_put(handle);
	return MASIX_E_LIMIT;
}

int handle_open_first(struct node *node, struct context *context, int rights, mach_port_t *right)
{
	struct handle *handle = begin(node, context, rights);

	if (!handle)
		return MASIX_E_LIMIT;
	if (masix_object_send_right(&handle->object, right) != KERN_SUCCESS)
		return give_up(handle);
	handle_put(handle);
	return 0;
}

int handle_open(struct node *node, struct context *context, int rights, mach_port_t *right)
{
	struct handle *handle;

	rights &= HANDLE_RIGHTS;
	handle = reuse_find(node, context, rights);
	if (!handle) {
		handle = begin(node, context, rights);
		if (!handle)
			return MASIX_E_LIMIT;
		masix_object_keep(&handle->object);
	}
	if (masix_object_send_right(&handle->object, right) != KERN_SUCCESS)
		return give_up(handle);
	node->reused = true;
	reuse_keep(handle);
	/* Its last name may have been taken while it was not there to be forgotten. */
	if (node->stat.nlink == 0) {
		node->reused = false;
		reuse_forget(node);
	}
	return 0;
}

struct handle *handle_get(mach_port_t port)
{
	return (struct handle *)masix_object_get(port, &handle_class);
}

void handle_put(struct handle *handle)
{
	masix_object_put(&handle->object);
}

int handle_get_directory(mach_port_t port, struct handle **result)
{
	struct handle *handle = handle_get(port);

	if (!handle)
		return KERN_INVALID_ARGUMENT;
	if (!node_is_directory(handle->node)) {
		handle_put(handle);
		return MASIX_E_NOT_DIRECTORY;
	}
	*result = handle;
	return 0;
}

/* --- after the last owner's death --- */

int handle_begin(void)
{
	kept->handles = arena_alloc(&kept_arena, HANDLES_MAX * sizeof(*kept->handles));
	return kept->handles ? 0 : MASIX_E_LIMIT;
}

bool handle_is_live(const void *handle)
{
	uintptr_t offset = (uintptr_t)handle - (uintptr_t)kept->handles;

	return handle && offset % sizeof(*kept->handles) == 0 &&
	       offset / sizeof(*kept->handles) < kept->handles_used &&
	       ((const struct handle *)handle)->live;
}

static bool is_kept(const void *object, size_t size)
{
	size_t offset = (size_t)((const char *)object - kept_arena.start);

	return offset < kept_arena.pages * ARENA_PAGE &&
	       size <= kept_arena.pages * ARENA_PAGE - offset;
}

static bool is_node(const struct node *node)
{
	for (unsigned i = 0; is_kept(node, sizeof(*node)) && i < kept->mount_count; i++)
		if (kept->mounts[i].volume && volume_has_node(kept->mounts[i].volume, node))
			return true;
	return false;
}

/* Contexts are shared: the first one who leads to it marks it. */
static bool see_context(struct context *context)
{
	if (!is_kept(context, sizeof(*context)))
		return false;
	if (context->generation == kept->generation)
		return true;
	if (!arena_mark(&kept_arena, context, sizeof(*context)) || !is_node(context->root))
		return false;
	atomic_store(&context->references, 0);
	context->root->references++;
	context->generation = kept->generation;
	return true;
}

bool handle_recover(void)
{
	if (kept->handles_used > HANDLES_MAX ||
		!arena_mark(&kept_arena, kept->handles, HANDLES_MAX * sizeof(*kept->handles)))
		return false;
	for (unsigned i = 0; i < kept->handles_used; i++) {
		struct handle *handle = &kept->handles[i];

		if (!handle->live)
			continue;
		if (!is_node(handle->node) || !see_context(handle->context))
			return false;
		handle->node->references++;
		atomic_fetch_add(&handle->context->references, 1);
	}
	return true;
}

/* The port has died with its last sender, or never had one. */
static void bury(struct handle *handle)
{
	struct node *node = handle->node;

	handle->live = false;
	node->references--;
	if (atomic_fetch_sub(&handle->context->references, 1) > 1)
		return;
	handle->context->root->references--;
	arena_free(&kept_arena, handle->context, sizeof(*handle->context));
}

/* Forget the claims of those who have gone, and of calls that nobody waits for. */
static void check_locks(struct node *node, void *argument)
{
	struct masix_estate *estate = argument;
	struct undo *undo = node->volume->undo;
	struct flock_claim *claim, *next, gone;

	for (claim = node->flock.holders; claim; claim = next) {
		next = claim->next;
		if (!handle_is_live(claim->owner))
			/* Dropping cannot fail. */
			volume_note_error(node->volume,
				flock_take(undo, &node->flock, claim->owner, MASIX_LOCK_NONE));
	}
	for (claim = node->flock.waiters; claim; claim = next) {
		next = claim->next;
		if (!handle_is_live(claim->owner) ||
			!masix_estate_take(estate, claim->reply, MACH_PORT_TYPE_SEND_ONCE))
			(void)flock_cancel(undo, &node->flock, claim->owner, claim->token, &gone);
	}
}

int handle_adopt(struct masix_estate *estate)
{
	for (unsigned i = kept->handles_used; i-- > 0;) {
		struct handle *handle = &kept->handles[i];

		if (handle->live &&
			!masix_estate_take(estate, handle->object.port, MACH_PORT_TYPE_RECEIVE))
			bury(handle);
		if (!handle->live) {
			table.count++;
			give_slot(handle);
			continue;
		}
		table.count++;
		if (masix_object_adopt(&handle->object, &handle_class, handle->object.port) !=
			KERN_SUCCESS)
			return MASIX_E_LIMIT;
		masix_object_put(&handle->object);
	}
	for (unsigned i = 0; i < kept->mount_count; i++) {
		struct volume *volume = kept->mounts[i].volume;

		if (!volume)
			continue;
		volume_lock(volume);
		volume_each_node(volume, check_locks, estate);
		volume_unlock(volume);
	}
	return 0;
}

void handle_grant_all(void)
{
	for (unsigned i = 0; i < kept->handles_used; i++)
		if (kept->handles[i].live)
			handle_grant_locks(kept->handles[i].node);
}
