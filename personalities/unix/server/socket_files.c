#include "socket_files.h"

#include <mach.h>
#include <mach/vm_param.h>
#include <mach_port.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>

#include "../emul/takeover.h"

#include "handed.h"
#include "mounts.h"
#include "socket_end.h"

/* A socket is noted as such: its right would keep it from ever going. */
static bool collect_socket(mach_port_t right, struct socket_right *to)
{
	struct socket_end *end = socket_end_get(right);

	if (end == NULL)
		return false;
	sockets_lock();
	to->socket = end->socket;
	if (to->socket != NULL)
		to->socket->in_flight++;
	sockets_unlock();
	socket_end_put(end);
	to->origin = TAKEOVER_SERVER;
	return to->socket != NULL;
}

static kern_return_t collect(mach_port_t right, const char *bytes, struct socket_right *to)
{
	struct masix_socket_file file;
	struct handed handed;

	memcpy(&file, bytes, sizeof(file));
	*to = (struct socket_right){
		.kind = file.kind, .mount = file.mount, .flags = file.flags, .offset = file.offset
	};
	if (right == MACH_PORT_NULL) {
		to->origin = TAKEOVER_NO_PORT;
		return KERN_SUCCESS;
	}
	if (!MACH_PORT_VALID(right))
		return MASIX_E_PERMISSION;
	if (collect_socket(right, to))
		return KERN_SUCCESS;
	handed_identify(right, file.mount, &handed);
	/* Directories of ours show their opener's view of the system. */
	if (handed.maker == HANDED_STRANGE ||
		(handed.maker == HANDED_OURS && S_ISDIR(handed.stat.mode)))
		return MASIX_E_PERMISSION;
	to->origin = handed.maker == HANDED_OURS      ? TAKEOVER_SERVER
		     : handed.maker == HANDED_NETWORK ? TAKEOVER_NETWORK
						      : TAKEOVER_FILE;
	to->right = right;
	return KERN_SUCCESS;
}

kern_return_t socket_files_collect(const char *files, uint32_t size, const mach_port_t *rights,
	uint32_t count, struct socket_record *record)
{
	const uint32_t each = sizeof(struct masix_socket_file);
	kern_return_t kr = KERN_SUCCESS;

	if (count > SOCKET_RIGHTS_MAX || size != count * each)
		return MASIX_E_INVALID;
	if (count == 0)
		return KERN_SUCCESS;
	record->rights = calloc(count, sizeof(*record->rights));
	if (record->rights == NULL)
		return KERN_RESOURCE_SHORTAGE;
	while (kr == KERN_SUCCESS && record->right_count < count) {
		uint32_t i = record->right_count;

		kr = collect(rights[i], files + i * each, &record->rights[i]);
		record->right_count += kr == KERN_SUCCESS;
	}
	return kr;
}

void socket_files_keep(const mach_port_t *rights, uint32_t count, const struct socket_right *kept)
{
	for (uint32_t i = 0; i < count; i++)
		if (kept[i].socket != NULL)
			mach_port_deallocate(mach_task_self(), rights[i]);
}

void socket_files_leave(struct socket_record *record)
{
	for (uint32_t i = 0; i < record->right_count; i++)
		record->rights[i].right = MACH_PORT_NULL;
}

static void drop(const struct socket_right *file)
{
	if (file->socket != NULL) {
		socket_end_closed(sockets_lock(), file->socket);
		sockets_unlock();
	} else if (file->right != MACH_PORT_NULL) {
		mach_port_deallocate(mach_task_self(), file->right);
	}
}

/* What the receiver holds must not act for the sender: no more than what was opened goes over. */
static kern_return_t deliver(
	const struct socket_right *file, const struct credentials *who, mach_port_t *right)
{
	kern_return_t kr;

	*right = file->right;
	if (file->socket != NULL)
		return socket_end_create(file->socket, right);
	if (file->origin != TAKEOVER_FILE)
		return KERN_SUCCESS;
	kr = mounts_adopt(file->mount, file->right, who, right);
	mach_port_deallocate(mach_task_self(), file->right);
	return kr;
}

/* Pages for the files; false: no memory. */
static bool allocate(struct socket_delivery *to, uint32_t count)
{
	vm_address_t files = 0, rights = 0;

	if (vm_allocate(mach_task_self(), &files, count * sizeof(struct masix_socket_file), TRUE) !=
		KERN_SUCCESS)
		return false;
	if (vm_allocate(mach_task_self(), &rights, count * sizeof(mach_port_t), TRUE) !=
		KERN_SUCCESS) {
		vm_deallocate(mach_task_self(), files, count * sizeof(struct masix_socket_file));
		return false;
	}
	to->files = (char *)files;
	to->rights = (mach_port_t *)rights;
	return true;
}

static void trim_pages(void *memory, uint32_t used, uint32_t allocated)
{
	used = round_page(used);
	if (used < allocated)
		vm_deallocate(mach_task_self(), (vm_address_t)memory + used, allocated - used);
}

/* Only the pages that hold something go with the message. */
static void trim(const struct socket_delivery *d, uint32_t allocated)
{
	const uint32_t each = sizeof(struct masix_socket_file);

	trim_pages(d->files, d->count * each, allocated * each);
	trim_pages(d->rights, d->count * sizeof(mach_port_t), allocated * sizeof(mach_port_t));
}

void socket_files_deliver(
	struct socket_received *received, const struct credentials *who, struct socket_delivery *to)
{
	memset(to, 0, sizeof(*to));
	to->info.full = received->full;
	to->info.wants_ids = received->wants_ids;
	to->info.ids = (struct masix_socket_ids){ received->ids.pid, received->ids.uid,
		received->ids.gid };
	to->info.name_length = received->name.length;
	memcpy(to->info.name, received->name.bytes, received->name.length);
	if (received->right_count == 0 || !allocate(to, received->right_count)) {
		socket_files_drop(received);
		return;
	}
	struct masix_socket_file *files = (struct masix_socket_file *)to->files;
	const uint32_t allocated = received->right_count;

	for (uint32_t i = 0; i < allocated; i++) {
		const struct socket_right *file = &received->rights[i];

		if (deliver(file, who, &to->rights[to->count]) == KERN_SUCCESS)
			files[to->count++] = (struct masix_socket_file){
				.kind = file->kind,
				.origin = file->origin,
				.mount = file->mount,
				.flags = file->flags,
				.offset = file->offset,
			};
	}
	trim(to, allocated);
	free(received->rights);
	received->rights = NULL;
	received->right_count = 0;
}

void socket_delivery_free(const struct socket_delivery *delivery)
{
	for (uint32_t i = 0; i < delivery->count; i++)
		if (delivery->rights[i] != MACH_PORT_NULL)
			mach_port_deallocate(mach_task_self(), delivery->rights[i]);
	if (delivery->count > 0) {
		vm_deallocate(mach_task_self(), (vm_address_t)delivery->files,
			delivery->count * sizeof(struct masix_socket_file));
		vm_deallocate(mach_task_self(), (vm_address_t)delivery->rights,
			delivery->count * sizeof(mach_port_t));
	}
}

void socket_files_drop(struct socket_received *received)
{
	for (uint32_t i = 0; i < received->right_count; i++)
		drop(&received->rights[i]);
	free(received->rights);
	received->rights = NULL;
	received->right_count = 0;
}
