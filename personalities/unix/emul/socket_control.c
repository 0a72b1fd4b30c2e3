/* Ancillary data: SCM_RIGHTS and SCM_CREDENTIALS (unix(7), cmsg(3)). */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fd.h"
#include "io.h"
#include "kernel.h"
#include "sockets.h"
#include "take.h"

#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define SOL_SOCKET 1

struct control_header {
	uint32_t length; /* with this */
	uint32_t level, type;
};

static uint32_t aligned(uint32_t length)
{
	return (length + 3) & ~3u;
}

static long read_rights(const uint32_t *fds, uint32_t count, struct socket_message *to)
{
	for (uint32_t i = 0; i < count; i++) {
		struct emul_file *file;

		if (to->file_count == MASIX_RIGHTS_MAX)
			return -EINVAL;
		file = fd_get(fds[i]);
		if (file == NULL)
			return -EBADF;
		to->files[to->file_count++] = file;
	}
	return 0;
}

/* One piece, in memory of the library. */
static long read_piece(
	const struct control_header *h, const void *data, uint32_t size, struct socket_message *to)
{
	if (h->level != SOL_SOCKET)
		return 0;
	if (h->type == SCM_RIGHTS)
		return read_rights(data, size / 4, to);
	if (h->type != SCM_CREDENTIALS || size != sizeof to->ids)
		return -EINVAL;
	memcpy(&to->ids, data, sizeof to->ids);
	to->has_ids = 1;
	return 0;
}

long socket_control_read(uint32_t address, uint32_t size, struct socket_message *to)
{
	uint32_t at = 0;
	uint32_t data[MASIX_RIGHTS_MAX];
	struct control_header header;

	if (size > 0 && !emul_user_range(address, size))
		return -EFAULT;
	while (size - at >= sizeof header && at <= size) {
		uint32_t length;
		long error;

		/* Uses of files are held already: no fault may end the call here. */
		if (emul_copy(&header, (const void *)(address + at), sizeof header) != 0)
			return -EFAULT;
		if (header.length < sizeof header || header.length > size - at)
			return -EINVAL;
		length = header.length - sizeof header;
		if (length > sizeof data)
			return -EINVAL;
		if (emul_copy(data, (const void *)(address + at + sizeof header), length) != 0)
			return -EFAULT;
		error = read_piece(&header, data, length, to);
		if (error != 0)
			return error;
		if (aligned(header.length) > size - at)
			break;
		at += aligned(header.length);
	}
	return 0;
}

/* Where the next piece goes. */
struct place {
	uint32_t address, left, used;
	uint32_t *flags;
};

/* As much of a piece as there is room for. */
static void put_piece(struct place *to, uint32_t type, const void *data, uint32_t size)
{
	struct control_header header = { sizeof header + size, SOL_SOCKET, type };
	uint32_t room;

	if (to->left < sizeof header) {
		*to->flags |= MSG_CTRUNC;
		return;
	}
	if (header.length > to->left) {
		*to->flags |= MSG_CTRUNC;
		header.length = to->left;
	}
	if (emul_copy((void *)to->address, &header, sizeof header) != 0 ||
		emul_copy((void *)(to->address + sizeof header), data,
			header.length - sizeof header) != 0)
		return;
	room = aligned(header.length) < to->left ? aligned(header.length) : to->left;
	to->address += room;
	to->left -= room;
	to->used += room;
}

/* Devices that need no server look as their nodes usually do. */
static const struct masix_stat *device_stat(uint32_t kind, struct masix_stat *stat)
{
	static const uint8_t minors[] = {
		[EMUL_FILE_NULL] = 3,
		[EMUL_FILE_ZERO] = 5,
		[EMUL_FILE_FULL] = 7,
		[EMUL_FILE_RANDOM] = 9,
	};

	memset(stat, 0, sizeof *stat);
	if (kind >= sizeof minors || minors[kind] == 0)
		return NULL;
	stat->mode = S_IFCHR | 0666;
	stat->nlink = 1;
	stat->rdev = 0x100u | minors[kind];
	return stat;
}

#define PASSED_FLAGS (O_ACCMODE | FILE_CHANGEABLE | O_LARGEFILE | O_SYNC | O_PATH)

/* A file of what came: the server says whose it is, and its maker what it is.  NULL: none. */
static struct emul_file *make_file(const struct masix_socket_file *from, mach_port_t port)
{
	struct takeover_file file = {
		.kind = from->kind,
		.port = port,
		.origin = from->origin,
		.mount = from->mount,
		.flags = from->flags & PASSED_FLAGS,
		.offset = from->offset,
	};
	int is_known = port != MACH_PORT_NULL ? io_stat(port, &file.stat) == KERN_SUCCESS
					      : device_stat(from->kind, &file.stat) != NULL;

	if (!is_known || (port == MACH_PORT_NULL) != (from->origin == TAKEOVER_NO_PORT)) {
		port_drop(port);
		return NULL;
	}
	return file_restore(&file);
}

/* Descriptors for as many files as fit; the others are lost. */
static uint32_t make_descriptors(struct socket_message *from, uint32_t most, int *fds)
{
	const struct masix_socket_file *files = (const struct masix_socket_file *)from->described;
	uint32_t count = 0;

	for (uint32_t i = 0; i < from->right_count && count < most; i++) {
		mach_port_t port = from->rights[i];
		struct emul_file *file;
		long fd;

		from->rights[i] = MACH_PORT_NULL;
		file = make_file(&files[i], port);
		if (file == NULL)
			continue;
		fd = fd_install(file, (from->flags & MSG_CMSG_CLOEXEC) != 0);
		if (fd < 0)
			break;
		fds[count++] = (int)fd;
	}
	return count;
}

uint32_t socket_control_write(
	struct socket_message *from, uint32_t address, uint32_t size, uint32_t *flags)
{
	struct place to = { address, size, 0, flags };
	int fds[MASIX_RIGHTS_MAX];
	uint32_t most, count;

	if (from->info.wants_ids) {
		struct masix_socket_ids ids = from->info.ids;

		put_piece(&to, SCM_CREDENTIALS, &ids, sizeof ids);
	}
	if (from->right_count == 0)
		return to.used;
	most = to.left > sizeof(struct control_header)
		       ? (to.left - sizeof(struct control_header)) / sizeof fds[0]
		       : 0;
	count = make_descriptors(from, most, fds);
	if (count < from->right_count)
		*flags |= MSG_CTRUNC;
	if (count > 0)
		put_piece(&to, SCM_RIGHTS, fds, count * sizeof fds[0]);
	return to.used;
}
