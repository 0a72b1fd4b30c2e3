#include "devices.h"

#include <console.h>
#include <masix/error.h>
#include <masix/types.h>
#include <sys/stat.h>

#include "pty.h"
#include "server.h"
#include "session.h"
#include "terminal.h"

#define MAJOR(rdev) ((rdev) >> 8 & 0xfff)
#define MINOR(rdev) (((rdev)&0xff) | ((rdev) >> 12 & 0xfff00))

#define MAJOR_CONSOLES 4 /* /dev/tty0 and on: the console here */
#define MAJOR_TTY 5
#define MINOR_OWN 0 /* /dev/tty */
#define MINOR_CONSOLE 1
#define MINOR_PTMX 2
#define MAJOR_PTS 136
#define VIRTUAL_CONSOLES 64

/* The terminal that the device names for this caller, with a reference; NULL: none. */
static struct terminal *terminal_of(const struct process *p, uint32_t rdev)
{
	unsigned minor = MINOR(rdev);

	switch (MAJOR(rdev)) {
	case MAJOR_CONSOLES:
		return minor < VIRTUAL_CONSOLES ? terminal_ref(unix_server.console_terminal) : NULL;
	case MAJOR_TTY:
		if (minor == MINOR_CONSOLE)
			return terminal_ref(unix_server.console_terminal);
		if (minor == MINOR_OWN && p->session->terminal != NULL)
			return terminal_ref(terminal_of_jobs(p->session->terminal));
		return NULL;
	case MAJOR_PTS:
		return pty_slave(minor);
	default:
		return NULL;
	}
}

/* tty(4): a session leader's first terminal becomes its controlling one. */
static void become_controlling(struct process *p, struct terminal *terminal, int flags)
{
	if ((flags & MASIX_OPEN_NOCTTY) == 0 && p->session->sid == p->pid &&
		p->session->terminal == NULL) {
		/* Somebody else's terminal stays theirs. */
		int ignored = terminal_acquire(p, terminal_jobs(terminal), false);

		(void)ignored;
	}
}

/* The file server has checked who opens a node of its own; for those of /dev/pts it is done here. */
static bool may_open(const struct credentials *credentials, const struct handed *node, int flags)
{
	const bool reads = (flags & MASIX_OPEN_READ) != 0, writes = (flags & MASIX_OPEN_WRITE) != 0;
	const int access = flags & (MASIX_OPEN_READ | MASIX_OPEN_WRITE);

	if (node->maker == HANDED_FILE)
		return (access & ~node->rights) == 0;
	return credentials_may(credentials, (reads ? 4 : 0) | (writes ? 2 : 0), node->stat.mode,
		node->stat.uid, node->stat.gid);
}

kern_return_t device_open_for(
	mach_port_t proc, const struct handed *node, int flags, mach_port_t *object, int *is_tty)
{
	uint32_t rdev = node->stat.rdev;
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	struct credentials credentials = caller.process->credentials;

	if (!S_ISCHR(node->stat.mode) || !may_open(&credentials, node, flags)) {
		caller_leave(&caller);
		return S_ISCHR(node->stat.mode) ? MASIX_E_ACCESS : MASIX_E_INVALID;
	}
	struct terminal *terminal = terminal_of(caller.process, rdev);

	if (terminal != NULL)
		become_controlling(caller.process, terminal, flags);
	caller_leave(&caller);

	if (terminal != NULL) {
		*is_tty = 1;
		kr = terminal_open_object(terminal, (flags & MASIX_OPEN_READ) != 0,
			(flags & MASIX_OPEN_WRITE) != 0, object);
		terminal_put(terminal);
		return kr;
	}
	if (rdev == (MAJOR_TTY << 8 | MINOR_PTMX)) {
		*is_tty = 1;
		return pty_open_master(credentials.euid, credentials.egid, object);
	}
	if (MAJOR(rdev) == MASIX_HOST_MAJOR && MINOR(rdev) <= MASIX_CHANNEL_CONTROL) {
		if (credentials.euid != 0)
			return MASIX_E_PERMISSION;
		return console_open(unix_server.console, MINOR(rdev), object);
	}
	return MASIX_E_NO_DEVICE;
}
