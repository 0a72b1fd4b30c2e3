/* ioctl: terminals at their server, a few requests for any file. */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/fcntl.h>

#include <masix/error.h>

#include "calls.h"
#include "fd.h"
#include "io.h"
#include "signals.h"
#include "sockets.h"
#include "tty.h"

/* The terminal requests and their arguments (ioctl_tty(2)): `in` bytes are read from where the argument points,
 * at most `out` written there; BY_VALUE: the argument itself is the integer. */
#define BY_VALUE 255
#define TERMIOS 36
#define TERMIOS2 44

static const struct {
	uint32_t request;
	uint8_t in, out;
} terminal_requests[] = {
	{ TCGETS, 0, TERMIOS },
	{ TCSETS, TERMIOS, 0 },
	{ TCSETSW, TERMIOS, 0 },
	{ TCSETSF, TERMIOS, 0 },
	{ TCGETS2, 0, TERMIOS2 },
	{ TCSETS2, TERMIOS2, 0 },
	{ TCSETSW2, TERMIOS2, 0 },
	{ TCSETSF2, TERMIOS2, 0 },
	{ TIOCGWINSZ, 0, 8 },
	{ TIOCSWINSZ, 8, 0 },
	{ FIONREAD, 0, 4 },
	{ TIOCOUTQ, 0, 4 },
	{ TCFLSH, BY_VALUE, 0 },
	{ TCXONC, BY_VALUE, 0 },
	{ TCSBRK, BY_VALUE, 0 },
	{ TCSBRKP, BY_VALUE, 0 },
	{ TIOCSTI, 1, 0 },
	{ TIOCEXCL, 0, 0 },
	{ TIOCNXCL, 0, 0 },
	{ TIOCGPGRP, 0, 4 },
	{ TIOCSPGRP, 4, 0 },
	{ TIOCGSID, 0, 4 },
	{ TIOCSCTTY, BY_VALUE, 0 },
	{ TIOCNOTTY, 0, 0 },
	{ TIOCVHANGUP, 0, 0 },
	{ TIOCGETD, 0, 4 },
	{ TIOCSETD, 4, 0 },
	{ TIOCGDEV, 0, 4 },
	{ TIOCGPTN, 0, 4 },
	{ TIOCSPTLCK, 4, 0 },
	{ TIOCGPTLCK, 0, 4 },
};

/* An index of terminal_requests, or -1. */
static int find_request(uint32_t request)
{
	for (unsigned i = 0; i < sizeof terminal_requests / sizeof terminal_requests[0]; i++)
		if (terminal_requests[i].request == request)
			return (int)i;
	return -1;
}

static long control_terminal(struct emul_file *file, uint32_t request, uint32_t argument)
{
	int index = find_request(request);
	uint32_t in, out, token;
	char data[64], answer[sizeof(masix_name_t)];
	mach_msg_type_number_t size = sizeof answer;
	int flags = signals_inert(SIGTTOU) ? MASIX_TTY_TTIN_BLOCKED : 0;
	kern_return_t kr = MASIX_E_INTERRUPTED;

	if (index < 0)
		return -ENOTTY;
	in = terminal_requests[index].in;
	out = terminal_requests[index].out;
	if (in == BY_VALUE) {
		in = sizeof argument;
		memcpy(data, &argument, in);
	} else if (in > 0) {
		if (!emul_user_range(argument, in))
			return -EFAULT;
		memcpy(data, (const void *)argument, in);
	}
	token = emul_wait_begin(EMUL_WAIT_IO, file->port);
	if (!emul_signal_arrived())
		kr = tty_control(file->port, token, flags, EMUL_PORT_PROCESS, request, data, in,
			answer, &size);
	emul_wait_end();
	if (kr != KERN_SUCCESS)
		return emul_result(kr);
	if (size > out)
		size = out;
	if (size > 0) {
		if (!emul_user_range(argument, size))
			return -EFAULT;
		memcpy((void *)argument, answer, size);
	}
	return 0;
}

/* How many bytes could be read. */
static long bytes_waiting(struct emul_file *file, uint32_t argument)
{
	struct masix_stat stat;
	int64_t waiting;
	long error;

	if (file->kind != EMUL_FILE_REGULAR && file->kind != EMUL_FILE_STREAM &&
		file->kind != EMUL_FILE_SOCKET)
		return -ENOTTY;
	error = emul_result(io_stat(file->port, &stat));
	if (error != 0)
		return error;
	waiting = (int64_t)stat.size;
	if (file->kind == EMUL_FILE_REGULAR)
		waiting -= file_offset(file);
	if (waiting < INT32_MIN)
		waiting = INT32_MIN;
	if (waiting > INT32_MAX)
		waiting = INT32_MAX;
	if (!emul_user_range(argument, 4))
		return -EFAULT;
	*(int32_t *)argument = (int32_t)waiting;
	return 0;
}

static long control_file(struct emul_file *file, uint32_t request, uint32_t argument)
{
	if (file_flags(file) & O_PATH)
		return -EBADF;
	if (request == FIONBIO) {
		if (!emul_user_range(argument, 4))
			return -EFAULT;
		file_set_flags(file, O_NONBLOCK, *(const int32_t *)argument ? O_NONBLOCK : 0);
		return 0;
	}
	if (file->kind == EMUL_FILE_TTY)
		return control_terminal(file, request, argument);
	if (request == FIONREAD)
		return bytes_waiting(file, argument);
	if (file->kind == EMUL_FILE_SOCKET)
		return socket_control(file, request, argument);
	return -ENOTTY;
}

long sys_ioctl(const uint32_t *a)
{
	struct emul_file *file;
	long result;

	if (a[1] == FIOCLEX || a[1] == FIONCLEX)
		return fd_set_close_on_exec(a[0], a[1] == FIOCLEX);
	file = fd_hold(a[0]);
	if (file == NULL)
		return -EBADF;
	result = control_file(file, a[1], a[2]);
	file_release(file);
	return result;
}
