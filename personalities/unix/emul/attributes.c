/* Changing mode and owner of an inode. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "calls.h"
#include "io.h"
#include "object.h"

#define KEEP 0xffffffffu

static kern_return_t request_mode(mach_port_t object, const void *context)
{
	return io_set_mode(object, *(const uint32_t *)context);
}

static long change_mode(int dirfd, uint32_t path, uint32_t mode)
{
	mode &= 07777;
	return object_of_path(dirfd, path, 0, request_mode, &mode);
}

long sys_chmod(const uint32_t *a)
{
	return change_mode(AT_FDCWD, a[0], a[1]);
}

long sys_fchmodat(const uint32_t *a)
{
	return change_mode((int)a[0], a[1], a[2]);
}

long sys_fchmod(const uint32_t *a)
{
	uint32_t mode = a[1] & 07777;

	return object_of_descriptor(a[0], 0, request_mode, &mode);
}

struct owner {
	uint32_t uid, gid;
};

static kern_return_t request_owner(mach_port_t object, const void *context)
{
	const struct owner *owner = context;

	return io_set_owner(object, owner->uid, owner->gid);
}

/* The calls of old have 16-bit ids. */
static uint32_t widen(uint32_t id)
{
	return (uint16_t)id == UINT16_MAX ? KEEP : (uint16_t)id;
}

static long change_owner(int dirfd, uint32_t path, uint32_t at_flags, uint32_t uid, uint32_t gid)
{
	struct owner owner = { uid, gid };

	return object_of_path(dirfd, path, at_flags, request_owner, &owner);
}

long sys_chown(const uint32_t *a)
{
	return change_owner(AT_FDCWD, a[0], 0, a[1], a[2]);
}

long sys_lchown(const uint32_t *a)
{
	return change_owner(AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW, a[1], a[2]);
}

long sys_chown16(const uint32_t *a)
{
	return change_owner(AT_FDCWD, a[0], 0, widen(a[1]), widen(a[2]));
}

long sys_lchown16(const uint32_t *a)
{
	return change_owner(AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW, widen(a[1]), widen(a[2]));
}

long sys_fchown(const uint32_t *a)
{
	struct owner owner = { a[1], a[2] };

	return object_of_descriptor(a[0], 0, request_owner, &owner);
}

long sys_fchown16(const uint32_t *a)
{
	struct owner owner = { widen(a[1]), widen(a[2]) };

	return object_of_descriptor(a[0], 0, request_owner, &owner);
}

long sys_fchownat(const uint32_t *a)
{
	if (a[4] & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_owner((int)a[0], a[1], a[4], a[2], a[3]);
}

long sys_umask(const uint32_t *a)
{
	uint32_t old = emul_process.umask;

	emul_process.umask = a[0] & 0777;
	return (long)old;
}
