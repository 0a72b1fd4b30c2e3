#include "mounts.h"

#include <mach.h>
#include <mach_port.h>
#include <stdio.h>
#include <string.h>

#include <file_system.h>
#include <masix/error.h>
#include <masix/server.h>

#include "devpts.h"
#include "kept.h"
#include "procfs.h"

#define ROOT_TIMEOUT_MS 60000
#define OTHER_TIMEOUT_MS 0 /* file servers are up before us */

static struct mount mounts[] = {
	{ MOUNT_ROOT, "/", "ext2", "/dev/hd0", "rw,relatime", "fs/root", 0, 0 },
	{ MOUNT_PROC, "/proc", "proc", "proc", "rw,nosuid,nodev,noexec", NULL, 0, 0 },
	{ MOUNT_TMP, "/tmp", "tmpfs", "tmpfs", "rw,nosuid,nodev", "fs/tmp", 0, 0 },
	{ MOUNT_HOST, "/host", "ext2", "/dev/hd1", "rw,nosuid,relatime", "fs/host", 0, 0 },
	{ MOUNT_PTS, "/dev/pts", "devpts", "devpts", "rw,nosuid,noexec,gid=5,mode=620", NULL, 0,
		0 },
	{ MOUNT_SHM, "/dev/shm", "tmpfs", "tmpfs", "rw,nosuid,nodev", "fs/shm", 0, 0 },
};

#define COUNT (sizeof(mounts) / sizeof(mounts[0]))

static void attach(struct mount *m)
{
	kern_return_t kr = KERN_SUCCESS;

	if (m->server != NULL)
		kr = masix_lookup(m->server,
			m->id == MOUNT_ROOT ? ROOT_TIMEOUT_MS : OTHER_TIMEOUT_MS, &m->control);
	if (m->id == MOUNT_ROOT && kr != KERN_SUCCESS)
		masix_fatal("no root file system: %s", masix_strerror(kr));
	if (kr != KERN_SUCCESS)
		return; /* not every machine has every file system */
	if (m->id != MOUNT_ROOT)
		kr = fs_cover(mounts[MOUNT_ROOT].control, m->path, strlen(m->path), m->id);
	if (kr != KERN_SUCCESS)
		masix_log("cannot mount %s on %s: %s", m->source, m->path, masix_strerror(kr));
	else
		m->is_there = 1;
}

void mounts_init(void)
{
	for (unsigned i = 0; i < COUNT; i++)
		attach(&mounts[i]);
}

const struct mount *mounts_table(unsigned *count)
{
	*count = COUNT;
	return mounts;
}

static kern_return_t mint(const struct mount *m, const struct credentials *credentials,
	const char *root, int flags, mach_port_t *dir)
{
	uint32_t ids[2 + CREDENTIALS_GROUPS];

	if (m->control == MACH_PORT_NULL)
		return MASIX_E_NOT_SUPPORTED;
	kept_flush();
	return fs_mint(m->control, ids, credentials_for_files(credentials, ids), root, strlen(root),
		flags, dir);
}

kern_return_t mounts_mint(uint32_t id, const struct credentials *credentials, const char *root,
	int pid, mach_port_t *dir)
{
	if (id >= COUNT || !mounts[id].is_there)
		return MASIX_E_INVALID;
	if (id == MOUNT_PROC)
		return procfs_root(pid, dir);
	if (id == MOUNT_PTS)
		return devpts_root(dir);
	return mint(&mounts[id], credentials, root, id == MOUNT_ROOT ? 0 : MASIX_MINT_MOUNTED, dir);
}

/* Does `path` lie in or at the mount?  The root's path is "/". */
static bool lies_in(const char *path, const struct mount *m)
{
	size_t length = strlen(m->path);

	return m->is_there && strncmp(path, m->path, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

kern_return_t mounts_mint_root(
	const struct credentials *credentials, const char *path, int pid, mach_port_t *dir)
{
	uint32_t id = MOUNT_ROOT;
	size_t length = 0;

	for (unsigned i = 0; i < COUNT; i++) {
		if (i == MOUNT_ROOT || !lies_in(path, &mounts[i]) ||
			strlen(mounts[i].path) < length)
			continue;
		id = i;
		length = strlen(mounts[i].path);
	}
	/* There is nothing above it: ".." does not lead out of the mount. */
	return id == MOUNT_ROOT ? mounts_mint(id, credentials, path, pid, dir)
				: mint(&mounts[id], credentials, path + length, 0, dir);
}

/* For a call of the file server's, which may take its time. */
static mach_port_t control_of(uint32_t id)
{
	kept_flush();
	return id < COUNT && mounts[id].is_there ? mounts[id].control : MACH_PORT_NULL;
}

bool mounts_has_option(uint32_t id, const char *option)
{
	size_t length = strlen(option);
	const char *at = id < COUNT ? mounts[id].options : "";

	for (; *at != '\0'; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
		if (strcspn(at, ",") == length && memcmp(at, option, length) == 0)
			return true;
	return false;
}

kern_return_t mounts_identify(uint32_t id, mach_port_t port, int *rights, masix_stat_t *stat)
{
	mach_port_t control = control_of(id);

	return control != MACH_PORT_NULL ? fs_identify(control, port, rights, stat)
					 : MASIX_E_NOT_FOUND;
}

kern_return_t mounts_adopt(
	uint32_t id, mach_port_t port, const struct credentials *credentials, mach_port_t *adopted)
{
	uint32_t ids[2 + CREDENTIALS_GROUPS];
	mach_port_t control = control_of(id);

	return control != MACH_PORT_NULL ? fs_adopt(control, port, ids,
						   credentials_for_files(credentials, ids), adopted)
					 : MASIX_E_NOT_FOUND;
}

kern_return_t mounts_sync(int final)
{
	kern_return_t result = KERN_SUCCESS;

	/* The root last: the others lie in it. */
	for (unsigned i = COUNT; i-- > 0;) {
		const struct mount *m = &mounts[i];

		if (!m->is_there || m->control == MACH_PORT_NULL)
			continue;
		kern_return_t kr = final ? fs_shutdown(m->control) : fs_sync(m->control);

		if (kr != KERN_SUCCESS) {
			masix_log("%s: %s: %s", m->path, final ? "shutdown" : "sync",
				masix_strerror(kr));
			result = kr;
		}
	}
	return result;
}

/* Append a formatted line if it fits. */
#define APPEND(...)                                                                                \
	do {                                                                                       \
		int n = snprintf(to + length, room - length, __VA_ARGS__);                         \
		if (n > 0 && (uint32_t)n < room - length)                                          \
			length += n;                                                               \
	} while (0)

uint32_t mounts_lines(char *to, uint32_t room)
{
	uint32_t length = 0;

	for (unsigned i = 0; i < COUNT; i++)
		if (mounts[i].is_there)
			APPEND("%u %s %s %s %s\n", mounts[i].id, mounts[i].path, mounts[i].type,
				mounts[i].source, mounts[i].options);
	return length;
}

uint32_t mounts_proc_lines(char *to, uint32_t room)
{
	uint32_t length = 0;

	for (unsigned i = 0; i < COUNT; i++)
		if (mounts[i].is_there)
			APPEND("%s %s %s %s 0 0\n", mounts[i].source, mounts[i].path,
				mounts[i].type, mounts[i].options);
	return length;
}
