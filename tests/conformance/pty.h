/* A pseudo-terminal: its two sides, typing at it, what shows on it. */
#ifndef PTY_H
#define PTY_H

#include "check.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static char slave_name[64];

static inline void open_pair(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master == -1)
		skip("no pseudo-terminals");
	OK(grantpt(master));
	OK(unlockpt(master));
	EQUAL(ptsname_r(master, slave_name, sizeof slave_name), 0);
	slave = OK(open(slave_name, O_RDWR | O_NOCTTY));
}

static inline void type(const char *keys)
{
	EQUAL(write(master, keys, strlen(keys)), strlen(keys));
}

/* What a read of the slave gives: one line in canonical mode. */
static inline void expect_line(const char *want)
{
	char got[512];
	struct pollfd item = { slave, POLLIN, 0 };
	ssize_t length;

	if (poll(&item, 1, 5000) != 1)
		check_fail(__LINE__, "nothing to read, wanted \"%s\"", want);
	length = OK(read(slave, got, sizeof got - 1));
	got[length] = 0;
	SAME_TEXT(got, want);
}

/* What comes out on the terminal's own side; waits until as much is there. */
static inline void expect_output(const char *want)
{
	char got[512];
	size_t length = 0;
	struct pollfd item = { master, POLLIN, 0 };

	while (length < strlen(want) && poll(&item, 1, 5000) == 1)
		length += (size_t)OK(read(master, got + length, sizeof got - 1 - length));
	got[length] = 0;
	SAME_TEXT(got, want);
}

static inline int is_readable(int fd)
{
	struct pollfd item = { fd, POLLIN, 0 };

	return OK(poll(&item, 1, 30)) == 1;
}

static inline void change_modes(tcflag_t input, tcflag_t output, tcflag_t local, int on)
{
	struct termios modes;

	OK(tcgetattr(slave, &modes));
	modes.c_iflag = on ? modes.c_iflag | input : modes.c_iflag & ~input;
	modes.c_oflag = on ? modes.c_oflag | output : modes.c_oflag & ~output;
	modes.c_lflag = on ? modes.c_lflag | local : modes.c_lflag & ~local;
	OK(tcsetattr(slave, TCSANOW, &modes));
}

#endif
