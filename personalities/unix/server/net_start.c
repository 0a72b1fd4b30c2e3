#include <acs_client.h>
#include <dir.h>
#include <io.h>
#include <mach.h>
#include <mach_port.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "mounts.h"
#include "net_link.h"

#define IMAGE "usr/lib/masix/servers/net"
#define MANIFEST IMAGE ".manifest"
#define SIZE_MAX_BYTES (16u << 20)

struct pages {
	char *data;
	uint32_t size;
};

static void drop_pages(struct pages *p)
{
	if (p->size > 0)
		vm_deallocate(mach_task_self(), (vm_address_t)p->data, p->size);
	p->size = 0;
}

static kern_return_t fill(mach_port_t file, const struct pages *to)
{
	uint32_t done = 0;

	while (done < to->size) {
		mach_msg_type_number_t count = 0;
		char *data;
		kern_return_t kr = io_read_large(file, 0, 0, done, to->size - done, &data, &count);

		if (kr != KERN_SUCCESS)
			return kr;
		if (count == 0 || count > to->size - done)
			return MASIX_E_IO;
		memcpy(to->data + done, data, count);
		vm_deallocate(mach_task_self(), (vm_address_t)data, count);
		done += count;
	}
	return KERN_SUCCESS;
}

static kern_return_t read_file(mach_port_t root, const char *path, struct pages *to)
{
	masix_path_t rest;
	mach_msg_type_number_t rest_length = sizeof(rest);
	mach_port_t file = MACH_PORT_NULL;
	vm_address_t pages = 0;
	masix_stat_t stat;
	int kind;
	kern_return_t kr = dir_open(root, path, strlen(path), MASIX_OPEN_READ, 0, &kind, &file,
		&stat, rest, &rest_length);

	*to = (struct pages){ NULL, 0 };
	if (kr != KERN_SUCCESS)
		return kr;
	if (kind != MASIX_KIND_FILE || stat.size == 0 || stat.size > SIZE_MAX_BYTES)
		kr = MASIX_E_BAD_FORMAT;
	if (kr == KERN_SUCCESS)
		kr = vm_allocate(mach_task_self(), &pages, stat.size, TRUE);
	if (kr == KERN_SUCCESS) {
		*to = (struct pages){ (char *)pages, stat.size };
		kr = fill(file, to);
	}
	if (kr != KERN_SUCCESS)
		drop_pages(to);
	if (file != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), file);
	return kr;
}

static kern_return_t start(const struct pages *image, const struct pages *manifest)
{
	masix_name_t reason;
	mach_msg_type_number_t length = sizeof(reason);
	mach_port_t acs;
	kern_return_t status = KERN_SUCCESS, kr = masix_right(MASIX_RIGHT_ADMIN, 0, &acs);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = acs_start(acs, MASIX_START_NOW, image->data, image->size, manifest->data,
		manifest->size, &status, reason, &length);
	mach_port_deallocate(mach_task_self(), acs);
	if (kr == KERN_SUCCESS && status != KERN_SUCCESS && status != MASIX_E_EXISTS)
		masix_log("net is refused: %.*s", (int)length, reason);
	return kr != KERN_SUCCESS ? kr : status;
}

kern_return_t net_start(void)
{
	static const struct credentials root_credentials;
	struct pages image, manifest;
	mach_port_t root;
	kern_return_t kr = mounts_mint(MOUNT_ROOT, &root_credentials, "", 0, &root);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = read_file(root, IMAGE, &image);
	if (kr == KERN_SUCCESS)
		kr = read_file(root, MANIFEST, &manifest);
	else
		manifest.size = 0;
	mach_port_deallocate(mach_task_self(), root);
	if (kr == KERN_SUCCESS)
		kr = start(&image, &manifest);
	drop_pages(&image);
	drop_pages(&manifest);
	return kr;
}
