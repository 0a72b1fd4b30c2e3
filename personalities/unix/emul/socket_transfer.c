/* send, recv and their relatives. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "calls.h"
#include "fd.h"
#include "sockets.h"
#include "timeout.h"
#include "waiting.h"

/* struct msghdr and struct mmsghdr of i386. */
struct message_header {
	uint32_t name, name_size;
	uint32_t vector, count;
	uint32_t control, control_size;
	uint32_t flags;
};

struct message_item {
	struct message_header header;
	uint32_t length;
};

/* Linux moves at most this much in one call. */
#define MOST 0x7ffff000u

/* --- Sending --- */

/* What a call says beside the bytes, which are in the message already. */
static long send_to(struct emul_file *file, struct socket_message *m, uint32_t name,
	uint32_t name_size, uint32_t control, uint32_t control_size)
{
	long result = 0;

	if (name != 0 && name_size != 0 && socket_kind(file) != SOCKET_SEQUENCED)
		result = socket_address_read(file, name, name_size, &m->to);
	if (result == 0 && m->to.is_given && socket_kind(file) == SOCKET_STREAM) {
		if (m->to.is_inet)
			m->to = (struct socket_address){ 0 }; /* TCP does not look at it */
		/* The server refuses any name here, each state of the socket with its own error. */
		m->to.name[0] = '\0';
		m->to.length = m->to.is_given;
	}
	if (result == 0 && control != 0)
		result = socket_control_read(control, control_size, m);
	if (result == 0 && socket_kind(file) == SOCKET_DATAGRAM)
		result = socket_address_find(&m->to);
	if (result == 0)
		result = socket_message_send(file, m);
	socket_message_end(m);
	return result;
}

/* sendto(fd, buffer, size, flags, address, address size) */
long sys_sendto(const uint32_t *a)
{
	struct socket_message message = { .length = a[2] < MOST ? a[2] : MOST, .flags = a[3] };
	struct emul_file *file;
	long result = socket_hold(a[0], &file);

	if (result != 0)
		return result;
	if (emul_user_range(a[1], a[2])) {
		cursor_of_buffer(&message.cursor, a[1], a[2]);
		result = send_to(file, &message, a[4], a[5], 0, 0);
	} else {
		result = -EFAULT;
	}
	file_release(file);
	return result;
}

static long send_header(struct emul_file *file, uint32_t address, uint32_t flags)
{
	struct socket_message message = { .flags = flags };
	struct message_header header;
	long result;

	if (!emul_user_range(address, sizeof header))
		return -EFAULT;
	memcpy(&header, (const void *)address, sizeof header);
	result = cursor_of_vector(&message.cursor, header.vector, header.count);
	if (result < 0)
		return result == -EINVAL && header.count > UIO_MAXIOV ? -EMSGSIZE : result;
	message.length = (uint32_t)result;
	return send_to(
		file, &message, header.name, header.name_size, header.control, header.control_size);
}

/* sendmsg(fd, header, flags) */
long sys_sendmsg(const uint32_t *a)
{
	struct emul_file *file;
	long result = socket_hold(a[0], &file);

	if (result != 0)
		return result;
	result = send_header(file, a[1], a[2]);
	file_release(file);
	return result;
}

/* sendmmsg(fd, items, count, flags): how many went; an error only if none did. */
long sys_sendmmsg(const uint32_t *a)
{
	struct message_item *items = (struct message_item *)a[1];
	uint32_t count = a[2] < UIO_MAXIOV ? a[2] : UIO_MAXIOV, done = 0;
	struct emul_file *file;
	long result = socket_hold(a[0], &file);

	if (result != 0)
		return result;
	for (; done < count && result >= 0; done += result >= 0) {
		result = emul_user_range((uint32_t)&items[done], sizeof items[0])
				 ? send_header(file, (uint32_t)&items[done].header, a[3])
				 : -EFAULT;
		if (result >= 0)
			items[done].length = (uint32_t)result;
	}
	file_release(file);
	return done > 0 ? (long)done : result < 0 ? result : 0;
}

/* --- Receiving --- */

/* The result of recv for what was asked: MSG_TRUNC tells how long the datagram was. */
static long received(
	const struct emul_file *file, const struct socket_message *m, long result, uint32_t *flags)
{
	if (socket_kind(file) == SOCKET_STREAM || m->info.full <= (uint32_t)result)
		return result;
	*flags |= MSG_TRUNC;
	return m->flags & MSG_TRUNC ? (long)m->info.full : result;
}

static long give_no_name(uint32_t size_address)
{
	if (!emul_user_range(size_address, 4))
		return -EFAULT;
	*(uint32_t *)size_address = 0;
	return 0;
}

/* recvfrom(fd, buffer, size, flags, address, address size) */
long sys_recvfrom(const uint32_t *a)
{
	struct socket_message message = { .length = a[2] < MOST ? a[2] : MOST, .flags = a[3] };
	uint32_t flags = 0;
	struct emul_file *file;
	long result = socket_hold(a[0], &file), error = 0;

	if (result != 0)
		return result;
	if (emul_user_range(a[1], a[2])) {
		cursor_of_buffer(&message.cursor, a[1], a[2]);
		result = socket_message_receive(file, &message);
		socket_message_end(&message);
	} else {
		result = -EFAULT;
	}
	if (result >= 0) {
		result = received(file, &message, result, &flags);
		if (a[4] != 0 && message.info.name_length > 0)
			error = socket_address_write(
				file, message.info.name, message.info.name_length, a[4], a[5]);
		else if (a[4] != 0)
			error = give_no_name(a[5]);
	}
	file_release(file);
	return error != 0 ? error : result;
}

/* Tell the program of a message; a fault must find nothing held. */
static void give_header(struct socket_message *m, struct message_header *header, uint32_t flags)
{
	uint32_t room =
		header->control != 0 && emul_user_range(header->control, header->control_size)
			? header->control_size
			: 0;
	uint32_t used = socket_control_write(m, header->control, room, &flags);

	socket_message_end(m);
	header->control_size = used;
	header->flags = flags | (m->flags & MSG_CMSG_CLOEXEC);
}

static long receive_header(struct emul_file *file, uint32_t address, uint32_t call_flags)
{
	struct socket_message message = { .flags = call_flags, .wants_more = 1 };
	struct message_header *user = (struct message_header *)address, header;
	uint32_t flags = 0;
	long result;

	if (!emul_user_range(address, sizeof header))
		return -EFAULT;
	memcpy(&header, user, sizeof header);
	result = cursor_of_vector(&message.cursor, header.vector, header.count);
	if (result < 0)
		return result == -EINVAL && header.count > UIO_MAXIOV ? -EMSGSIZE : result;
	message.length = (uint32_t)result;
	result = socket_message_receive(file, &message);
	if (result < 0) {
		socket_message_end(&message);
		return result;
	}
	result = received(file, &message, result, &flags);
	give_header(&message, &header, flags);
	if (header.name != 0) {
		if (message.info.name_length > 0) {
			long error = socket_address_write(file, message.info.name,
				message.info.name_length, header.name, (uint32_t)&user->name_size);

			if (error != 0)
				return error;
		} else {
			user->name_size = 0;
		}
	}
	user->control_size = header.control_size;
	user->flags = header.flags;
	return result;
}

/* recvmsg(fd, header, flags) */
long sys_recvmsg(const uint32_t *a)
{
	struct emul_file *file;
	long result = socket_hold(a[0], &file);

	if (result != 0)
		return result;
	result = receive_header(file, a[1], a[2]);
	file_release(file);
	return result;
}

/* As many messages as come; the time-out is looked at between them, as in Linux. */
static long receive_many(const uint32_t *a, enum timeout_format format)
{
	struct message_item *items = (struct message_item *)a[1];
	uint32_t count = a[2] < UIO_MAXIOV ? a[2] : UIO_MAXIOV, done = 0, flags = a[3];
	uint64_t deadline = WAITING_FOREVER;
	struct emul_file *file;
	long result = a[4] != 0 ? timeout_read(a[4], format, &deadline) : 0;

	if (result == 0)
		result = socket_hold(a[0], &file);
	if (result != 0)
		return result;
	while (done < count) {
		result = emul_user_range((uint32_t)&items[done], sizeof items[0])
				 ? receive_header(file, (uint32_t)&items[done].header,
					   flags & ~MSG_WAITFORONE)
				 : -EFAULT;
		if (result < 0)
			break;
		items[done++].length = (uint32_t)result;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (deadline != WAITING_FOREVER && emul_now_ns() >= deadline)
			break;
	}
	file_release(file);
	return done > 0 ? (long)done : result;
}

/* recvmmsg(fd, items, count, flags, timeout) */
long sys_recvmmsg(const uint32_t *a)
{
	return receive_many(a, TIMEOUT_TIMESPEC);
}

long sys_recvmmsg_time64(const uint32_t *a)
{
	return receive_many(a, TIMEOUT_TIMESPEC64);
}
