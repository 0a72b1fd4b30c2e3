/* acs_client.defs: what anybody may ask, and what the administrator may. */
#include <mach/mig_errors.h>
#include <masix/copy.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acs_client_server.h"
#include "formats.h"
#include "launch.h"
#include "list.h"
#include "mach.h"
#include "mach_port.h"
#include "names.h"
#include "page.h"
#include "serve_client.h"
#include "server.h"

const struct masix_class face_class = { .name = "face" };

kern_return_t S_acs_lookup(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	const masix_name_t name, mach_msg_type_number_t name_length, uint32_t timeout_ms,
	mach_port_t *right)
{
	struct face *face = face_get(port);
	const struct names_question question = {
		.name = name,
		.length = name_length,
		.clients_only = true,
		.timeout_ms = timeout_ms,
		.reply = reply,
		.reply_type = reply_type,
	};
	kern_return_t kr;

	if (face == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = face->admin ? names_find_admin(face->acs, &question, right) : MASIX_E_NOT_FOUND;
	if (kr != KERN_SUCCESS)
		kr = names_resolve(face->acs, &question, right);
	face_put(face);
	return kr;
}

/* Text of up to `room` bytes as the out-of-line data of a reply, which frees it. */
static kern_return_t make_table(struct acs *acs, size_t room, const void *wanted,
	table_writer_t write, masix_bulk_t *table, mach_msg_type_number_t *size)
{
	vm_address_t memory = 0;
	kern_return_t kr = vm_allocate(mach_task_self(), &memory, room, TRUE);
	size_t used, kept;

	if (kr != KERN_SUCCESS)
		return kr;
	used = write(acs, wanted, (char *)memory, room);
	/* The reply takes whole pages with it: the rest of ours goes now. */
	kept = page_up(used);
	if (kept < room)
		(void)vm_deallocate(mach_task_self(), memory + kept, room - kept);
	*table = (masix_bulk_t)memory;
	*size = used;
	return KERN_SUCCESS;
}

kern_return_t admin_table(mach_port_t port, size_t room, table_writer_t write, masix_bulk_t *table,
	mach_msg_type_number_t *size)
{
	struct face *face = face_get(port);
	kern_return_t kr = MASIX_E_DENIED;

	if (face == NULL)
		return KERN_INVALID_ARGUMENT;
	if (face->admin)
		kr = make_table(face->acs, room, NULL, write, table, size);
	face_put(face);
	return kr;
}

static size_t write_audit(struct acs *acs, const void *wanted, char *text, size_t room)
{
	size_t used;

	(void)wanted;
	pthread_mutex_lock(&acs->lock);
	used = audit_format(&acs->audit, text, room);
	pthread_mutex_unlock(&acs->lock);
	return used;
}

kern_return_t S_acs_list(mach_port_t port, const masix_name_t prefix,
	mach_msg_type_number_t prefix_length, masix_bulk_t *table, mach_msg_type_number_t *size)
{
	struct face *face = face_get(port);
	struct list_wanted wanted = { .interface = 0 };
	kern_return_t kr = MASIX_E_INVALID;

	if (face == NULL)
		return KERN_INVALID_ARGUMENT;
	if (prefix_length < sizeof wanted.prefix) {
		memcpy(wanted.prefix, prefix, prefix_length);
		kr = make_table(face->acs, LIST_SIZE_MAX, &wanted, list_servers, table, size);
	}
	face_put(face);
	return kr;
}

kern_return_t S_acs_list_interface(
	mach_port_t port, uint32_t interface, masix_bulk_t *table, mach_msg_type_number_t *size)
{
	struct face *face = face_get(port);
	const struct list_wanted wanted = { .interface = interface };
	kern_return_t kr = MASIX_E_INVALID;

	if (face == NULL)
		return KERN_INVALID_ARGUMENT;
	if (interface != 0)
		kr = make_table(face->acs, LIST_SIZE_MAX, &wanted, list_servers, table, size);
	face_put(face);
	return kr;
}

kern_return_t S_acs_client_watch(mach_port_t port, const masix_name_t name,
	mach_msg_type_number_t name_length, mach_port_t watcher)
{
	struct face *face = face_get(port);
	const struct names_question question = {
		.name = name,
		.length = name_length,
		.clients_only = true,
	};
	kern_return_t kr;

	if (face == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = names_watch(face->acs, &question, watcher);
	face_put(face);
	return kr;
}

kern_return_t S_acs_runner(mach_port_t port, const masix_inline_t head,
	mach_msg_type_number_t head_size, const masix_name_t name,
	mach_msg_type_number_t name_length, masix_name_t runner,
	mach_msg_type_number_t *runner_length)
{
	struct face *face = face_get(port);
	char found[FORMAT_RUNNER_SIZE];
	kern_return_t kr = MASIX_E_NOT_FOUND;

	if (face == NULL)
		return KERN_INVALID_ARGUMENT;
	if (formats_find(face->acs, (const uint8_t *)head, head_size, name, name_length, found)) {
		*runner_length = strlen(found);
		memcpy(runner, found, *runner_length);
		kr = KERN_SUCCESS;
	}
	face_put(face);
	return kr;
}

struct start_request {
	const uint8_t *image, *manifest;
	size_t image_size, manifest_size;
};

/* Memory that came out of line, malloc'ed: the pager behind it may fail, or deliver something else the next time. */
static kern_return_t copy_in(const uint8_t *from, size_t size, uint8_t **copy, const char **why)
{
	*why = "out of memory";
	*copy = malloc(size > 0 ? size : 1);
	if (*copy == NULL)
		return KERN_RESOURCE_SHORTAGE;
	*why = "image or manifest cannot be read";
	if (masix_copy(*copy, from, size) == 0)
		return KERN_SUCCESS;
	free(*copy);
	*copy = NULL;
	return KERN_INVALID_ADDRESS;
}

/* The image of a file, if it is the one of the manifest: of a copy, so that what was measured is what will run. */
static kern_return_t open_image(const struct start_request *request,
	const struct manifest *manifest, struct image **image, const char **why)
{
	uint8_t *file;
	kern_return_t kr;

	*why = "image is too big";
	if (request->image_size > IMAGE_FILE_MAX)
		return MASIX_E_TOO_BIG;
	kr = copy_in(request->image, request->image_size, &file, why);
	if (kr != KERN_SUCCESS)
		return kr;
	kr = launch_check_image(file, request->image_size, manifest, why);
	if (kr == KERN_SUCCESS)
		kr = image_of_file(file, request->image_size, manifest, image, why);
	free(file);
	return kr;
}

/* Check all that can be checked without a task.  Sets manifest->name as soon as it is known to be genuine, for the
 * record. */
static kern_return_t admit(struct acs *acs, const struct start_request *request,
	struct manifest *manifest, struct image **image, const char **why)
{
	/* One byte too many is refused like any number. */
	size_t size =
		request->manifest_size > MANIFEST_MAX ? MANIFEST_MAX + 1 : request->manifest_size;
	uint8_t *text;
	kern_return_t kr = copy_in(request->manifest, size, &text, why);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = manifest_open(text, size, acs->site.public_key, manifest, why);
	free(text);
	return kr == KERN_SUCCESS ? open_image(request, manifest, image, why) : kr;
}

/* Enter an admitted server.  MIG_NO_REPLY: the waiter is answered later. */
static kern_return_t enter(struct acs *acs, int how, const struct start_request *request,
	const struct start_waiter *waiter, char name[MANIFEST_NAME_SIZE],
	char reason[AUDIT_DETAIL_SIZE])
{
	static const struct start_waiter none = { .reply = MACH_PORT_NULL };
	const bool on_demand = how == MASIX_START_ON_DEMAND, update = how == MASIX_START_UPDATE;
	struct manifest manifest = { .name = "" };
	struct server_entry entry = {
		.manifest = &manifest,
		.on_demand = on_demand,
		.successor = update,
		.state = on_demand ? SERVER_DECLARED : SERVER_WANTED,
		.waiter = on_demand ? none : *waiter,
	};
	struct server *server;
	const char *why;
	kern_return_t kr = admit(acs, request, &manifest, &entry.image, &why);

	memcpy(name, manifest.name, MANIFEST_NAME_SIZE);
	if (kr != KERN_SUCCESS) {
		snprintf(reason, AUDIT_DETAIL_SIZE, "%s", why);
		return kr;
	}
	kr = server_declare(acs, &entry, &server, reason);
	if (kr != KERN_SUCCESS) {
		image_free(entry.image);
		return kr;
	}
	return on_demand ? KERN_SUCCESS : MIG_NO_REPLY;
}

kern_return_t S_acs_start(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	int how, masix_bulk_t image, mach_msg_type_number_t image_size, masix_bulk_t manifest,
	mach_msg_type_number_t manifest_size, kern_return_t *status, masix_name_t reason,
	mach_msg_type_number_t *reason_length)
{
	struct face *face = face_get(port);
	const struct start_request request = {
		.image = (const uint8_t *)image,
		.image_size = image_size,
		.manifest = (const uint8_t *)manifest,
		.manifest_size = manifest_size,
	};
	const struct start_waiter waiter = { reply, reply_type, false };
	char name[MANIFEST_NAME_SIZE];
	kern_return_t kr = KERN_SUCCESS;

	_Static_assert(AUDIT_DETAIL_SIZE <= sizeof(masix_name_t), "a reason fits");
	if (face == NULL)
		return KERN_INVALID_ARGUMENT;
	if (!face->admin)
		kr = MASIX_E_DENIED;
	else if (how < MASIX_START_NOW || how > MASIX_START_UPDATE)
		kr = MASIX_E_INVALID;
	if (kr != KERN_SUCCESS) {
		face_put(face);
		return kr;
	}
	reason[0] = '\0';
	*status = enter(face->acs, how, &request, &waiter, name, reason);
	*reason_length = strlen(reason);
	if (*status != KERN_SUCCESS && *status != MIG_NO_REPLY)
		acs_record(
			face->acs, AUDIT_REFUSE, name[0] != '\0' ? name : "unknown", "%s", reason);
	face_put(face);
	/* The call has succeeded, whatever the status: the request's memory is ours. */
	(void)vm_deallocate(mach_task_self(), (vm_address_t)image, image_size);
	(void)vm_deallocate(mach_task_self(), (vm_address_t)manifest, manifest_size);
	return *status == MIG_NO_REPLY ? MIG_NO_REPLY : KERN_SUCCESS;
}

kern_return_t S_acs_restart(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	const masix_name_t name, mach_msg_type_number_t name_length, kern_return_t *status,
	masix_name_t reason, mach_msg_type_number_t *reason_length)
{
	struct face *face = face_get(port);
	const struct start_waiter waiter = { reply, reply_type, true };
	kern_return_t kr = MASIX_E_DENIED;

	(void)status;
	(void)reason;
	(void)reason_length;
	if (face == NULL)
		return KERN_INVALID_ARGUMENT;
	if (face->admin)
		kr = server_restart(face->acs, name, name_length, &waiter);
	face_put(face);
	return kr == KERN_SUCCESS ? MIG_NO_REPLY : kr;
}

kern_return_t admin_apply(mach_port_t port, const char *name, size_t length,
	kern_return_t (*operation)(struct acs *acs, const char *name, size_t length))
{
	struct face *face = face_get(port);
	kern_return_t kr = MASIX_E_DENIED;

	if (face == NULL)
		return KERN_INVALID_ARGUMENT;
	if (face->admin)
		kr = operation(face->acs, name, length);
	face_put(face);
	return kr;
}

kern_return_t S_acs_stop(
	mach_port_t port, const masix_name_t name, mach_msg_type_number_t name_length)
{
	return admin_apply(port, name, name_length, server_stop);
}

kern_return_t S_acs_kill(
	mach_port_t port, const masix_name_t name, mach_msg_type_number_t name_length)
{
	return admin_apply(port, name, name_length, server_kill);
}

kern_return_t S_acs_audit(mach_port_t port, masix_bulk_t *table, mach_msg_type_number_t *size)
{
	return admin_table(port, (AUDIT_KEPT + 1) * (AUDIT_LINE_MAX + AUDIT_LINK_MAX), write_audit,
		table, size);
}
