/* memfd_create: a file of /dev/shm that has no name. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>

#include <masix/error.h>

#include "calls.h"
#include "dir.h"
#include "fd.h"
#include "mounts.h"

#define MOUNT_SHM 5u /* of the Unix server's table */
#define NAME_MOST 249u
#define ATTEMPTS 100

static uint32_t hexadecimal(uint32_t number, char *to)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 8; i++)
		to[i] = digits[number >> (28 - 4 * i) & 15];
	return 8;
}

/* The file server has no files without names: it has one for a moment. */
static kern_return_t create_and_unlink(
	mach_port_t directory, mach_port_t *file, struct masix_stat *stat)
{
	static volatile uint32_t last;
	const int flags =
		MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE | MASIX_OPEN_EXCLUSIVE;
	kern_return_t kr = MASIX_E_EXISTS;
	char name[24] = ".memfd-";
	masix_path_t rest;
	uint32_t length;

	for (int i = 0; i < ATTEMPTS && kr == MASIX_E_EXISTS; i++) {
		mach_msg_type_number_t count = sizeof rest;
		int kind;

		length = 7 + hexadecimal((uint32_t)emul_process.pid, name + 7);
		length += hexadecimal(__sync_add_and_fetch(&last, 1), name + length);
		kr = dir_open(
			directory, name, length, flags, 0777, &kind, file, stat, rest, &count);
	}
	if (kr == KERN_SUCCESS)
		kr = dir_unlink(directory, name, length, 0);
	return kr;
}

static long make(uint32_t flags)
{
	struct emul_file *directory, *file;
	struct masix_stat stat;
	mach_port_t port;
	long error = mounts_root(MOUNT_SHM, &directory);

	if (error != 0)
		return error;
	error = emul_result(create_and_unlink(directory->port, &port, &stat));
	file_release(directory);
	if (error != 0)
		return error;
	stat.nlink = 0;
	file = file_create(EMUL_FILE_REGULAR, port, O_RDWR | O_LARGEFILE, MOUNT_SHM, &stat);
	return file != NULL ? fd_install(file, (flags & MFD_CLOEXEC) != 0) : -ENFILE;
}

/* memfd_create(name, flags).  There are no seals and no huge pages: who asks for them is told. */
long sys_memfd_create(const uint32_t *a)
{
	const char *name = (const char *)a[0];
	uint32_t length = 0;

	if ((a[1] & ~(uint32_t)MFD_CLOEXEC) != 0)
		return -EINVAL;
	while (emul_user_range(a[0] + length, 1) && name[length] != '\0')
		if (++length > NAME_MOST)
			return -EINVAL;
	if (!emul_user_range(a[0] + length, 1))
		return -EFAULT;
	return make(a[1]);
}
