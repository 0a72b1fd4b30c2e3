#include "keyboard.h"

#include <masix/error.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "foreign_program.h"

#define CHUNK 64

static mach_port_t program;
static int keyboard = -1;
static struct termios saved;
static volatile sig_atomic_t is_changed;

static void restore(void)
{
	if (is_changed)
		(void)tcsetattr(keyboard, TCSADRAIN, &saved);
	is_changed = 0;
}

static void on_end(int signal_number)
{
	restore();
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

static void make_raw(void)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct termios raw;

	if (tcgetattr(keyboard, &saved) < 0)
		return; /* no terminal: bytes of a pipe are keys, too */
	raw = saved;
	raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON | ISTRIP);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VINTR] = raw.c_cc[VSUSP] = _POSIX_VDISABLE;
	for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++)
		(void)signal(ends[i], on_end);
	is_changed = tcsetattr(keyboard, TCSADRAIN, &raw) == 0;
}

/* The program may have no room for more: it is asked again as long as it lives. */
static void *pass_keys(void *unused)
{
	static const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	char keys[CHUNK];
	ssize_t n;
	kern_return_t kr;

	(void)unused;
	do {
		n = read(keyboard, keys, sizeof keys);
		if (n < 0 && errno == EINTR)
			continue;
		do {
			kr = program_keys(program, keys, n > 0 ? (mach_msg_type_number_t)n : 0);
			if (kr == MASIX_E_LIMIT)
				(void)nanosleep(&pause, NULL);
		} while (kr == MASIX_E_LIMIT);
	} while (n > 0 && kr == KERN_SUCCESS);
	return NULL;
}

void keyboard_open(mach_port_t port)
{
	pthread_t thread;

	if (keyboard >= 0)
		return;
	program = port;
	keyboard = isatty(0) ? 0 : open("/dev/tty", O_RDWR);
	if (keyboard < 0)
		keyboard = 0;
	make_raw();
	if (pthread_create(&thread, NULL, pass_keys, NULL) != 0)
		(void)program_keys(program, NULL, 0); /* then nothing will ever be typed */
}

void keyboard_close(void)
{
	restore();
}
