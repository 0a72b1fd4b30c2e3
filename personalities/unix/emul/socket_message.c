/* Messages to and from sockets.  Plain bytes of a stream go by io_write and io_read, which cost least; what is more than that, or
 * has boundaries, by the routines of socket.defs. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include <masix/error.h>

#include "kernel.h"
#include "message.h"
#include "signals.h"
#include "socket.h"
#include "sockets.h"
#include "trust.h"

#define LARGEST MASIX_BULK_MAX

static int io_flags(struct emul_file *file, uint32_t flags)
{
	return (flags & MSG_DONTWAIT) || (file_flags(file) & O_NONBLOCK) ? MASIX_IO_NONBLOCK : 0;
}

/* Limits of what is under way have an error of their own. */
static long send_result(kern_return_t kr)
{
	return kr == MASIX_E_LIMIT ? -ETOOMANYREFS : emul_result(kr);
}

/* --- Sending --- */

/* What the server and the receiver are told of the files. */
static void describe(
	const struct socket_message *m, struct masix_socket_file *files, mach_port_t *rights)
{
	for (uint32_t i = 0; i < m->file_count; i++) {
		struct emul_file *file = m->files[i];

		rights[i] = file->port;
		files[i] = (struct masix_socket_file){
			.kind = file->kind,
			.mount = file->mount,
			.flags = file_flags(file),
			.offset = file_offset(file),
		};
	}
}

/* One request: the next `n` bytes with everything else. */
static kern_return_t send_part(struct emul_file *file, struct socket_message *m, int flags,
	uint32_t token, uint32_t n, uint32_t *sent)
{
	struct masix_socket_file files[MASIX_RIGHTS_MAX];
	mach_port_t rights[MASIX_RIGHTS_MAX];
	const uint32_t files_size = m->file_count * sizeof files[0];
	char data[MASIX_PART_MAX];
	uint32_t address;
	kern_return_t kr;
	char *copy;

	describe(m, files, rights);
	if (m->has_ids)
		flags |= MASIX_SOCKET_IDS;
	if (n <= sizeof data) {
		struct cursor ahead;

		cursor_copy(&ahead, &m->cursor);
		if (cursor_get(&ahead, data, n) < n)
			return KERN_PROTECTION_FAILURE;
		return socket_send(file->port, token, flags, socket_caller(file), m->to.mount,
			m->to.node, m->to.name, m->to.length, m->ids, (const char *)files,
			files_size, rights, m->file_count, data, n, sent);
	}
	address = cursor_contiguous(&m->cursor, n);
	if (address != 0)
		return socket_send_large(file->port, token, flags, socket_caller(file), m->to.mount,
			m->to.node, m->to.name, m->to.length, m->ids, (const char *)files,
			files_size, rights, m->file_count, (char *)address, n, sent);
	copy = emul_memory_allocate(n, 0);
	if (copy == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kr = cursor_get(&m->cursor, copy, n) < n
		     ? KERN_PROTECTION_FAILURE
		     : socket_send_large(file->port, token, flags, socket_caller(file), m->to.mount,
			       m->to.node, m->to.name, m->to.length, m->ids, (const char *)files,
			       files_size, rights, m->file_count, copy, n, sent);
	emul_memory_free(copy, n);
	return kr;
}

/* The whole message at once. */
static kern_return_t send_whole(
	struct emul_file *file, struct socket_message *m, uint32_t token, uint32_t *sent)
{
	kern_return_t kr;

	if (m->length > LARGEST)
		return MASIX_E_MESSAGE_SIZE;
	kr = send_part(file, m, io_flags(file, m->flags), token, m->length, sent);
	return kr == MACH_SEND_INVALID_MEMORY ? KERN_PROTECTION_FAILURE : kr;
}

/* Goes on until all is sent, or nothing can be. */
static kern_return_t send_stream(
	struct emul_file *file, struct socket_message *m, uint32_t token, uint32_t *done)
{
	const struct message_target target = { file->port, token, io_flags(file, m->flags) };
	int plain = m->file_count == 0 && !m->has_ids && !m->to.is_given;
	kern_return_t kr = KERN_SUCCESS;

	do {
		uint32_t left = m->length - *done, written = 0, part;
		int64_t end;

		if (plain) {
			part = left < MASIX_INLINE_MAX ? left : MASIX_INLINE_MAX;
			kr = message_write(&target, MASIX_STREAM, part, &m->cursor, &written, &end);
			if (kr == MASIX_E_NOT_SUPPORTED) {
				plain = 0; /* somebody wants to know who we are */
				kr = KERN_SUCCESS;
				continue;
			}
		} else {
			part = left < MASIX_PART_MAX ? left : MASIX_PART_MAX;
			kr = send_part(file, m, target.flags, token, part, &written);
			if (kr == KERN_SUCCESS) {
				cursor_skip(&m->cursor, written);
				for (uint32_t i = 0; i < m->file_count; i++)
					file_drop(m->files[i]);
				m->file_count = 0;
			}
		}
		*done += written;
		if (kr != KERN_SUCCESS || written == 0 ||
			(written < part && (target.flags & MASIX_IO_NONBLOCK)))
			break;
		if (*done < m->length && emul_signal_arrived())
			kr = MASIX_E_INTERRUPTED;
	} while (*done < m->length && kr == KERN_SUCCESS);
	return kr;
}

long socket_message_send(struct emul_file *file, struct socket_message *m)
{
	int is_stream = socket_kind(file) == SOCKET_STREAM;
	uint32_t token, done = 0;
	kern_return_t kr = MASIX_E_INTERRUPTED;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	trust_end();
	token = emul_wait_begin(EMUL_WAIT_IO, file->port);
	if (!emul_signal_arrived())
		kr = is_stream ? send_stream(file, m, token, &done)
			       : send_whole(file, m, token, &done);
	emul_wait_end();
	if (kr == MASIX_E_PIPE && is_stream && done == 0 && !(m->flags & MSG_NOSIGNAL))
		emul_raise(SIGPIPE, SI_USER);
	return done > 0 || kr == KERN_SUCCESS ? (long)done : send_result(kr);
}

/* --- Receiving --- */

static kern_return_t receive_large(struct emul_file *file, struct socket_message *m, int flags,
	uint32_t token, uint32_t n, uint32_t *got)
{
	mach_msg_type_number_t size = 0, described = 0, rights = 0;
	char *data;
	kern_return_t kr = socket_receive_large(file->port, token, flags, socket_caller(file),
		n < LARGEST ? n : LARGEST, &m->info, &m->described, &described, &m->rights, &rights,
		&data, &size);

	if (kr != KERN_SUCCESS)
		return kr;
	m->right_count = rights;
	*got = size > n ? 0 : cursor_put(&m->cursor, data, size);
	if (size > 0)
		(void)trap_vm_deallocate(EMUL_PORT_TASK, (vm_address_t)data, size);
	return *got == size ? KERN_SUCCESS : KERN_PROTECTION_FAILURE;
}

/* One request. */
static kern_return_t receive_part(struct emul_file *file, struct socket_message *m, int flags,
	uint32_t token, uint32_t n, uint32_t *got)
{
	mach_msg_type_number_t size = MASIX_PART_MAX, described = 0, rights = 0;
	char data[MASIX_PART_MAX];
	kern_return_t kr;

	*got = 0;
	kr = socket_receive(file->port, token, flags, socket_caller(file), n, &m->info,
		&m->described, &described, &m->rights, &rights, data, &size);
	if (kr == MASIX_E_TOO_BIG)
		return receive_large(file, m, flags, token, n, got);
	if (kr != KERN_SUCCESS)
		return kr;
	m->right_count = rights;
	*got = size > n ? 0 : cursor_put(&m->cursor, data, size);
	return *got == size ? KERN_SUCCESS : KERN_PROTECTION_FAILURE;
}

/* Bytes only, as many as are there; with MSG_WAITALL as many as are asked for. */
static kern_return_t receive_bytes(
	struct emul_file *file, struct socket_message *m, uint32_t token, uint32_t *done)
{
	struct message_target target = { file->port, token, io_flags(file, m->flags) };
	kern_return_t kr = KERN_SUCCESS;

	while (kr == KERN_SUCCESS && *done < m->length) {
		uint32_t part = m->length - *done, got;

		if (part > MASIX_INLINE_MAX)
			part = MASIX_INLINE_MAX;
		/* What is taken out is gone: ask only for what the program can take. */
		part = cursor_probe(&m->cursor, part);
		if (part == 0)
			return KERN_PROTECTION_FAILURE;
		kr = message_read(&target, MASIX_STREAM, part, &m->cursor, &got);
		*done += got;
		if (!(m->flags & MSG_WAITALL)) {
			target.flags |= MASIX_IO_NONBLOCK;
			if (got < part)
				break;
		}
		if (kr == KERN_SUCCESS && got == 0)
			break;
		if (*done < m->length && emul_signal_arrived())
			kr = MASIX_E_INTERRUPTED;
	}
	return kr;
}

static kern_return_t receive_message(
	struct emul_file *file, struct socket_message *m, uint32_t token, uint32_t *done)
{
	int flags = io_flags(file, m->flags) | (m->flags & MSG_PEEK ? MASIX_SOCKET_PEEK : 0);
	uint32_t fits = cursor_probe(&m->cursor, m->length < LARGEST ? m->length : LARGEST);
	kern_return_t kr;

	if (fits == 0 && m->length > 0)
		return KERN_PROTECTION_FAILURE;
	do {
		uint32_t got;

		kr = receive_part(file, m, flags, token, fits - *done, &got);
		*done += got;
		if (kr != KERN_SUCCESS || got == 0 || socket_kind(file) != SOCKET_STREAM ||
			(m->flags & (MSG_WAITALL | MSG_PEEK)) != MSG_WAITALL || m->right_count > 0)
			break;
		if (*done < fits && emul_signal_arrived())
			kr = MASIX_E_INTERRUPTED;
	} while (*done < fits && kr == KERN_SUCCESS);
	return kr;
}

long socket_message_receive(struct emul_file *file, struct socket_message *m)
{
	int plain = socket_kind(file) == SOCKET_STREAM && !m->wants_more && !(m->flags & MSG_PEEK);
	uint32_t token, done = 0;
	kern_return_t kr = MASIX_E_INTERRUPTED;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	/* IP_RECVERR: what routers and peers say of our packets is not kept, so there is never anything. */
	if ((m->flags & MSG_ERRQUEUE) && socket_family(file) != AF_UNIX)
		return -EAGAIN;
	token = emul_wait_begin(EMUL_WAIT_IO, file->port);
	if (!emul_signal_arrived())
		kr = plain ? receive_bytes(file, m, token, &done)
			   : receive_message(file, m, token, &done);
	emul_wait_end();
	trust_end();
	return done > 0 || kr == KERN_SUCCESS ? (long)done : emul_result(kr);
}

void socket_message_end(struct socket_message *m)
{
	for (uint32_t i = 0; i < m->file_count; i++)
		file_drop(m->files[i]);
	socket_address_drop(&m->to);
	for (uint32_t i = 0; i < m->right_count; i++)
		port_drop(m->rights[i]);
	if (m->right_count > 0) {
		(void)trap_vm_deallocate(EMUL_PORT_TASK, (vm_address_t)m->described,
			m->right_count * sizeof(struct masix_socket_file));
		(void)trap_vm_deallocate(EMUL_PORT_TASK, (vm_address_t)m->rights,
			m->right_count * sizeof m->rights[0]);
	}
	m->file_count = m->right_count = 0;
}

/* --- read and write --- */

static void take_cursor(struct socket_message *m, const struct cursor *cursor)
{
	m->cursor = *cursor;
	if (cursor->vector == &cursor->one)
		m->cursor.vector = &m->cursor.one;
}

long socket_read(struct emul_file *file, struct cursor *to, uint32_t n)
{
	struct socket_message message = { .length = n };
	long result;

	if (n == 0 && socket_kind(file) == SOCKET_STREAM)
		return 0;
	take_cursor(&message, to);
	result = socket_message_receive(file, &message);
	socket_message_end(&message); /* files that nobody asked for */
	return result;
}

long socket_write(struct emul_file *file, struct cursor *from, uint32_t n)
{
	struct socket_message message = { .length = n };

	take_cursor(&message, from);
	return socket_message_send(file, &message);
}
