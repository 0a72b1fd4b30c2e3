#include "handle.h"

#include <masix/error.h>
#include <masix/mach.h>
#include <stdlib.h>

#include "io_reply.h"
#include "mach_port.h"
#include "pager.h"

/* Open objects of all clients together: a client that never closes must not take all memory.  The last
 * ones are root's. */
#define HANDLES_MAX 20000u
#define HANDLES_OF_ROOT 2000u

static atomic_uint handle_count;

struct context *context_create(struct node *root, const struct identity *who, bool mounted)
{
	struct context *context = malloc(sizeof(*context));

	if (!context)
		return NULL;
	atomic_init(&context->references, 1);
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
	free(context);
}

bool handle_answer_lock(struct flock_claim *claim, int result)
{
	bool heard =
		io_lock_reply(claim->reply, MACH_MSG_TYPE_MOVE_SEND_ONCE, result) == KERN_SUCCESS;

	/* The caller is gone: the right that could not be used is a dead name of ours. */
	if (!heard)
		(void)mach_port_deallocate(mach_task_self(), claim->reply);
	free(claim);
	return heard;
}

void handle_grant_locks(struct node *node)
{
	for (;;) {
		struct flock_claim *claim;
		const void *owner;

		volume_lock(node->volume);
		claim = flock_next_granted(&node->flock);
		volume_unlock(node->volume);
		if (!claim)
			return;
		owner = claim->owner;
		if (handle_answer_lock(claim, KERN_SUCCESS))
			continue;
		/* A killed caller must not leave its relatives, who hold the same port, with a lock. */
		volume_lock(node->volume);
		volume_note_error(node->volume, flock_take(&node->flock, owner, MASIX_LOCK_NONE));
		volume_unlock(node->volume);
	}
}

/* The port is closed: its lock is free, and those who waited through it are told. */
static void drop_locks(struct handle *handle)
{
	struct node *node = handle->node;
	struct flock_claim *claim;
	bool used;

	volume_lock(node->volume);
	used = node->flock.holders || node->flock.waiters;
	volume_unlock(node->volume);
	if (!used)
		return;
	for (;;) {
		volume_lock(node->volume);
		claim = flock_forget(&node->flock, handle);
		volume_unlock(node->volume);
		if (!claim)
			break;
		(void)handle_answer_lock(claim, MASIX_E_INTERRUPTED);
	}
	volume_lock(node->volume);
	/* Dropping cannot fail. */
	volume_note_error(node->volume, flock_take(&node->flock, handle, MASIX_LOCK_NONE));
	volume_unlock(node->volume);
	handle_grant_locks(node);
}

static void destroy(struct masix_object *object)
{
	struct handle *handle = (struct handle *)object;
	struct volume *volume = handle->node->volume;

	drop_locks(handle);
	node_release(handle->node);
	context_put(handle->context);
	free(handle);
	atomic_fetch_sub(&handle_count, 1);
	pager_reap(volume);
}

static const struct masix_class handle_class = {
	.name = "open file", .destroy = destroy, .reuses_ports = 1
};

static struct handle *make(struct node *node, struct context *context, int rights)
{
	unsigned most = context->who.uid == 0 ? HANDLES_MAX : HANDLES_MAX - HANDLES_OF_ROOT;
	struct handle *handle;

	if (atomic_fetch_add(&handle_count, 1) >= most)
		goto no_handle;
	handle = calloc(1, sizeof(*handle));
	if (!handle)
		goto no_handle;
	handle->node = node;
	handle->context = context;
	handle->rights = rights & (MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_EXEC);
	if (masix_object_init(&handle->object, &handle_class) == KERN_SUCCESS)
		return handle;
	free(handle);
no_handle:
	atomic_fetch_sub(&handle_count, 1);
	return NULL;
}

int handle_open(struct node *node, struct context *context, int rights, mach_port_t *right)
{
	struct handle *handle = make(node, context, rights);
	kern_return_t result;

	if (!handle)
		return MASIX_E_LIMIT;
	volume_lock(node->volume);
	node_ref(node);
	volume_unlock(node->volume);
	atomic_fetch_add(&context->references, 1);
	result = masix_object_send_right(&handle->object, right);
	if (result != KERN_SUCCESS)
		masix_object_kill(&handle->object);
	masix_object_put(&handle->object);
	return result == KERN_SUCCESS ? 0 : MASIX_E_LIMIT;
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
