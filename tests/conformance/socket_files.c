/* Files and credentials in messages: SCM_RIGHTS, SCM_CREDENTIALS (unix(7)). */
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "check.h"

#define MANY 8

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(MANY * sizeof(int))];
};

static void pair(int type, int fds[2])
{
	OK(socketpair(AF_UNIX, type, 0, fds));
}

/* Send `text` with descriptors. */
static ssize_t send_files(int fd, const char *text, const int *files, unsigned count)
{
	union control control;
	struct iovec part = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	memset(&control, 0, sizeof control);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), files, count * sizeof(int));
	return sendmsg(fd, &message, 0);
}

/* Receive bytes and at most `most` descriptors; returns how many came. */
static int receive_files(
	int fd, char *text, size_t size, int *files, unsigned most, int flags, int *told)
{
	union control control;
	struct iovec part = { text, size - 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_LEN(most * sizeof(int)) };
	struct cmsghdr *header;
	int count = 0;
	ssize_t n = OK(recvmsg(fd, &message, flags));

	text[n] = '\0';
	if (told != NULL)
		*told = message.msg_flags;
	for (header = CMSG_FIRSTHDR(&message); header != NULL;
		header = CMSG_NXTHDR(&message, header)) {
		EQUAL(header->cmsg_level, SOL_SOCKET);
		if (header->cmsg_type != SCM_RIGHTS)
			continue;
		count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(files, CMSG_DATA(header), (size_t)count * sizeof(int));
	}
	return count;
}

static int receive_one(int fd)
{
	char text[16];
	int file = -1;

	EQUAL(receive_files(fd, text, sizeof text, &file, 1, 0, NULL), 1);
	return file;
}

CASE(pipe_travels)
{
	char text[16];
	int fds[2], ends[2], got;

	pair(SOCK_STREAM, fds);
	OK(pipe(ends));
	EQUAL(send_files(fds[0], "x", &ends[1], 1), 1);
	OK(close(ends[1]));
	/* Under way it counts as open. */
	OK(fcntl(ends[0], F_SETFL, O_NONBLOCK));
	FAILS(read(ends[0], text, 1), EAGAIN);
	got = receive_one(fds[1]);
	EQUAL(write(got, "hello", 5), 5);
	EQUAL(fcntl(got, F_GETFD), 0);
	EQUAL(fcntl(got, F_GETFL) & O_ACCMODE, O_WRONLY);
	OK(close(got));
	EQUAL(read(ends[0], text, sizeof text), 5);
	EQUAL(read(ends[0], text, sizeof text), 0);
}

CASE(files_travel_to_another_process)
{
	char text[16] = "";
	int fds[2], file;
	pid_t child;

	pair(SOCK_STREAM, fds);
	child = OK(fork());
	if (child == 0) {
		file = OK(open("file", O_CREAT | O_RDWR, 0600));
		EQUAL(write(file, "content", 7), 7);
		EQUAL(lseek(file, 3, SEEK_SET), 3);
		OK(unlink("file"));
		EQUAL(send_files(fds[1], "x", &file, 1), 1);
		_exit(0);
	}
	file = receive_one(fds[0]);
	EXITS(child, 0);
	EQUAL(read(file, text, sizeof text), 4);
	SAME_TEXT(text, "tent");
	EQUAL(pwrite(file, "C", 1, 0), 1);
	EQUAL(pread(file, text, 1, 0), 1);
	EQUAL(text[0], 'C');
}

/* The same open file: where one reads on, the other does too. */
CASE(position_is_shared)
{
	char text[4] = "";
	int fds[2], file, got;

	pair(SOCK_STREAM, fds);
	file = OK(open("file", O_CREAT | O_RDWR, 0600));
	EQUAL(write(file, "abcdef", 6), 6);
	EQUAL(lseek(file, 0, SEEK_SET), 0);
	EQUAL(send_files(fds[0], "x", &file, 1), 1);
	got = receive_one(fds[1]);
	EQUAL(read(got, text, 2), 2);
	EQUAL(lseek(file, 0, SEEK_CUR), 2);
}

CASE(several_kinds_at_once)
{
	char text[16];
	struct stat info;
	int fds[2], got[MANY], told;
	int files[5];

	files[0] = OK(open("/dev/null", O_RDWR));
	files[1] = OK(open(".", O_RDONLY));
	files[2] = OK(open("/etc/passwd", O_RDONLY));
	files[3] = OK(open("/proc/self/stat", O_RDONLY));
	files[4] = OK(open("/dev/zero", O_RDONLY));
	pair(SOCK_SEQPACKET, fds);
	EQUAL(send_files(fds[0], "text", files, 5), 4);
	EQUAL(receive_files(fds[1], text, sizeof text, got, MANY, MSG_CMSG_CLOEXEC, &told), 5);
	SAME_TEXT(text, "text");
	EQUAL(told & (MSG_TRUNC | MSG_CTRUNC), 0);
	EQUAL(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	EQUAL(write(got[0], "x", 1), 1);
	OK(fstat(got[0], &info));
	CHECK(S_ISCHR(info.st_mode));
	EQUAL(info.st_rdev, 0x103);
	OK(fstat(got[1], &info));
	CHECK(S_ISDIR(info.st_mode));
	OPENS(openat(got[1], "made", O_CREAT | O_RDWR, 0600));
	OK(access("made", F_OK));
	FAILS(write(got[2], "x", 1), EBADF);
	EQUAL(read(got[3], text, 1), 1);
	EQUAL(read(got[4], text, 1), 1);
	EQUAL(text[0], 0);
}

CASE(rights_part_the_bytes_of_a_stream)
{
	char text[16];
	int fds[2], got, file = OK(open("/dev/null", O_RDWR));

	pair(SOCK_STREAM, fds);
	EQUAL(write(fds[0], "a", 1), 1);
	EQUAL(send_files(fds[0], "b", &file, 1), 1);
	EQUAL(write(fds[0], "c", 1), 1);
	EQUAL(receive_files(fds[1], text, sizeof text, &got, 1, 0, NULL), 1);
	SAME_TEXT(text, "ab");
	EQUAL(receive_files(fds[1], text, sizeof text, &got, 1, 0, NULL), 0);
	SAME_TEXT(text, "c");
	/* Who does not ask for them loses them. */
	EQUAL(send_files(fds[0], "d", &file, 1), 1);
	EQUAL(read(fds[1], text, sizeof text), 1);
	FAILS(recv(fds[1], text, 1, MSG_DONTWAIT), EAGAIN);
}

CASE(too_little_room)
{
	char text[16];
	int fds[2], got[MANY], told, ends[2], files[3];

	pair(SOCK_STREAM, fds);
	OK(pipe(ends));
	files[0] = files[1] = files[2] = ends[1];
	EQUAL(send_files(fds[0], "x", files, 3), 1);
	OK(close(ends[1]));
	EQUAL(receive_files(fds[1], text, sizeof text, got, 2, 0, &told), 2);
	EQUAL(told & MSG_CTRUNC, MSG_CTRUNC);
	OK(close(got[0]));
	OK(close(got[1]));
	EQUAL(read(ends[0], text, 1), 0); /* the third is gone */
}

CASE(bad_messages)
{
	union control control = { .bytes = { 0 } };
	struct iovec part = { "x", 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(int)) };
	int fds[2], bad = 999;

	pair(SOCK_STREAM, fds);
	FAILS(send_files(fds[0], "x", &bad, 1), EBADF);
	control.header = (struct cmsghdr){ 4, SOL_SOCKET, SCM_RIGHTS };
	FAILS(sendmsg(fds[0], &message, 0), EINVAL);
	control.header.cmsg_len = 4000;
	FAILS(sendmsg(fds[0], &message, 0), EINVAL);
	control.header = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, 99 };
	FAILS(sendmsg(fds[0], &message, 0), EINVAL);
	FAILS(recv(fds[1], &bad, 1, MSG_DONTWAIT), EAGAIN);
}

CASE(dying_with_rights_in_the_queue)
{
	char byte;
	int fds[2], ends[2];

	pair(SOCK_STREAM, fds);
	OK(pipe(ends));
	EQUAL(send_files(fds[0], "x", &ends[1], 1), 1);
	OK(close(ends[1]));
	OK(close(fds[0]));
	OK(close(fds[1]));
	EQUAL(read(ends[0], &byte, 1), 0);
}

CASE(socket_travels)
{
	char text[8] = "";
	int fds[2], others[2], got;

	pair(SOCK_STREAM, fds);
	pair(SOCK_STREAM, others);
	EQUAL(send_files(fds[0], "x", &others[1], 1), 1);
	OK(close(others[1]));
	EQUAL(write(others[0], "hello", 5), 5);
	got = receive_one(fds[1]);
	EQUAL(recv(got, text, sizeof text, 0), 5);
	SAME_TEXT(text, "hello");
	OK(close(got));
	EQUAL(read(others[0], text, 1), 0);
}

/* Sockets that only their own queues hold are gone: so are the files there. */
CASE(cycles_end)
{
	struct pollfd polled;
	int fds[2], ends[2], files[2];

	OK(pipe(ends));
	pair(SOCK_STREAM, fds);
	files[0] = fds[0];
	files[1] = ends[1];
	EQUAL(send_files(fds[1], "x", files, 2), 1); /* fds[0] lies in its own queue */
	files[0] = fds[1];
	EQUAL(send_files(fds[0], "x", files, 1), 1);
	OK(close(ends[1]));
	OK(close(fds[0]));
	OK(close(fds[1]));
	/* Linux looks for them when another socket goes. */
	pair(SOCK_STREAM, fds);
	OK(close(fds[0]));
	OK(close(fds[1]));
	polled = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	EQUAL(poll(&polled, 1, 5000), 1);
	EQUAL(polled.revents, POLLHUP);
}

/* A directory is used with the receiver's rights, not the sender's. */
CASE(directory_of_root_in_other_hands)
{
	char text[8];
	int fds[2], files[2];
	pid_t child;

	if (geteuid() != 0)
		skip("needs root");
	pair(SOCK_STREAM, fds);
	OK(chmod(".", 0755));
	OPENS(open("secret", O_CREAT | O_RDWR, 0600));
	child = OK(fork());
	if (child == 0) {
		OK(setresuid(1000, 1000, 1000));
		EQUAL(receive_files(fds[0], text, sizeof text, files, 2, 0, NULL), 2);
		FAILS(openat(files[0], "secret", O_RDONLY), EACCES);
		FAILS(openat(files[0], "new", O_CREAT | O_RDWR, 0600), EACCES);
		FAILS(fchmod(files[1], 0666), EPERM);
		EQUAL(read(files[1], text, 1), 0);
		_exit(0);
	}
	files[0] = OK(open(".", O_RDONLY));
	files[1] = OK(open("secret", O_RDONLY));
	EQUAL(send_files(fds[1], "x", files, 2), 1);
	EXITS(child, 0);
}

/* --- Credentials --- */

static int receive_ids(int fd, struct ucred *ids)
{
	union control control;
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	struct cmsghdr *header;

	EQUAL(recvmsg(fd, &message, 0), 1);
	header = CMSG_FIRSTHDR(&message);
	if (header == NULL || header->cmsg_type != SCM_CREDENTIALS)
		return 0;
	EQUAL(header->cmsg_len, CMSG_LEN(sizeof *ids));
	memcpy(ids, CMSG_DATA(header), sizeof *ids);
	return 1;
}

static ssize_t send_ids(int fd, const struct ucred *ids)
{
	union control control = { .bytes = { 0 } };
	struct iovec part = { "x", 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof *ids) };

	control.header = (struct cmsghdr){ CMSG_LEN(sizeof *ids), SOL_SOCKET, SCM_CREDENTIALS };
	memcpy(CMSG_DATA(&control.header), ids, sizeof *ids);
	return sendmsg(fd, &message, 0);
}

CASE(credentials_of_the_sender)
{
	struct ucred ids;
	int fds[2], on = 1;
	pid_t child;

	pair(SOCK_STREAM, fds);
	OK(setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
	child = OK(fork());
	if (child == 0)
		_exit(write(fds[1], "x", 1) == 1 ? 0 : 1);
	EQUAL(receive_ids(fds[0], &ids), 1);
	EQUAL(ids.pid, child);
	EQUAL(ids.uid, getuid());
	EQUAL(ids.gid, getgid());
	EXITS(child, 0);
	on = 0;
	OK(setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
	EQUAL(write(fds[1], "x", 1), 1);
	EQUAL(receive_ids(fds[0], &ids), 0);
}

CASE(nobody_claims_to_be_another)
{
	struct ucred ids = { getpid(), getuid(), getgid() };
	int fds[2], on = 1;
	pid_t child;

	pair(SOCK_DGRAM, fds);
	OK(setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
	EQUAL(send_ids(fds[1], &ids), 1);
	EQUAL(receive_ids(fds[0], &ids), 1);
	EQUAL(ids.pid, getpid());
	child = OK(fork());
	if (child == 0) {
		if (geteuid() == 0)
			OK(setresuid(1000, 1000, 1000));
		ids.pid = getppid();
		FAILS(send_ids(fds[1], &ids), EPERM);
		ids.pid = getpid();
		ids.uid = getuid() + 1;
		FAILS(send_ids(fds[1], &ids), EPERM);
		ids.uid = getuid();
		_exit(send_ids(fds[1], &ids) == 1 ? 0 : 1);
	}
	EXITS(child, 0);
	EQUAL(receive_ids(fds[0], &ids), 1);
	EQUAL(ids.pid, child);
}
