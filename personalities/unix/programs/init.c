/* Process 1: does what the host asks for on the control channel (docs/host-channel.md), one
 * command at a time, and stops the machine when it is told to or the only command is over.
 * Without a host channel it keeps a shell on the console. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "request.h"

#define CONSOLE "/dev/console"
#define CHANNELS "/dev/host/"
#define ON_DEMAND "/etc/masix/on-demand"
#define REVOKED "/var/lib/masix/revoked"
#define GRACE_MS 300 /* between SIGTERM and SIGKILL for what a command left behind */

#define STATUS_NO_START 125
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127

static char *shell[] = { (char *)"/bin/bash", (char *)"-l", NULL };

static const char *const default_environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root",
	"USER=root",
	"LOGNAME=root",
	"SHELL=/bin/bash",
	"TERM=linux",
};

/* --- The control channel --- */

static int control = -1;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line to the host.  If it cannot be told, there is nobody to tell that to. */
static void say(const char *format, ...)
{
	char line[1024];
	va_list arguments;
	size_t length, done = 0;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof line - 1, format, arguments);
	va_end(arguments);
	length = strlen(line);
	line[length++] = '\n';
	while (control >= 0 && done < length) {
		ssize_t written = write(control, line + done, length - done);

		if (written < 0 && errno != EINTR)
			return;
		if (written > 0)
			done += (size_t)written;
	}
}

/* Reads one request into `text`; its length, or 0 when it is too long or the channel ended. */
static size_t read_request(char *text)
{
	size_t length = 0;

	while (!request_is_complete(text, length)) {
		ssize_t count;

		if (length == REQUEST_MAX)
			return 0;
		count = read(control, text + length, REQUEST_MAX - length);
		if (count > 0)
			length += (size_t)count;
		else if (count == 0 || errno != EINTR)
			return 0;
	}
	return length;
}

/* --- The command --- */

/* Makes `path` the descriptor `fd`. */
static void attach(const char *path, int flags, int fd)
{
	int opened = open(path, flags | O_NOCTTY);

	if (opened == fd)
		return;
	if (opened < 0 || dup2(opened, fd) < 0)
		_exit(STATUS_NO_START);
	close(opened);
}

static void attach_terminal(void)
{
	attach(CONSOLE, O_RDWR, 0);
	if (dup2(0, 1) < 0 || dup2(0, 2) < 0)
		_exit(STATUS_NO_START);
	/* Without job control the shell says so itself. */
	(void)ioctl(0, TIOCSCTTY, 1);
}

static void attach_channels(void)
{
	attach(CHANNELS "stdin", O_RDONLY, 0);
	attach(CHANNELS "stdout", O_WRONLY, 1);
	attach(CHANNELS "stderr", O_WRONLY, 2);
}

/* In the child: becomes the command, or writes errno to `failure`. */
static void become(const struct request *request, int failure)
{
	char **arguments = request->arguments[0] ? request->arguments : shell;
	sigset_t none;
	int error;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* these two cannot fail: a new child */
	(void)setsid();				     /* leads no group yet */
	if (request->tty)
		attach_terminal();
	else
		attach_channels();
	for (size_t i = 0; i < sizeof default_environment / sizeof default_environment[0]; i++)
		(void)putenv((char *)default_environment[i]);
	for (char **variable = request->environment; *variable; variable++)
		(void)putenv(*variable);
	if (!chdir(request->directory ? request->directory : "/root"))
		execvp(arguments[0], arguments);
	error = errno;
	if (write(failure, &error, sizeof error) != sizeof error)
		_exit(STATUS_NO_START);
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

/* The host interrupts a command only to end it all. */
static bool host_says_halt(void)
{
	static char text[REQUEST_MAX];
	struct request request;
	const char *why;
	bool halt = true;

	if (request_parse(text, read_request(text), &request, &why)) {
		halt = request.halt;
		request_free(&request);
	}
	return halt;
}

static void stop_machine(void) __attribute__((noreturn));

/* Reaps whatever ends until `child` does; its wait status, or -1.  SIGCHLD is blocked but
 * while this waits. */
static int await(pid_t child)
{
	struct pollfd host = { .fd = control, .events = POLLIN };
	sigset_t none;
	int status;

	sigemptyset(&none);
	for (;;) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid == child)
			return status;
		if (pid < 0 && errno != EINTR)
			return -1;
		if (pid == 0 && ppoll(&host, 1, NULL, &none) > 0 && host_says_halt())
			stop_machine();
	}
}

/* Reaps what has ended; true when no child is left. */
static bool all_gone(void)
{
	pid_t pid;

	do {
		pid = waitpid(-1, NULL, WNOHANG);
	} while (pid > 0 || (pid < 0 && errno == EINTR));
	return pid < 0;
}

/* Ends everything that runs beside this process. */
static void kill_the_rest(void)
{
	static const struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };

	if (kill(-1, SIGTERM) && errno == ESRCH)
		return;
	(void)kill(-1, SIGCONT); /* the stopped ones hear it only then */
	for (int waited = 0; waited < GRACE_MS && !all_gone(); waited += 10)
		(void)nanosleep(&step, NULL);
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		continue;
}

/* What the terminal still holds must be with the host before it hears the status. */
static void drain_terminal(void)
{
	int terminal = open(CONSOLE, O_RDWR | O_NOCTTY);

	if (terminal < 0)
		return;
	(void)tcdrain(terminal);
	close(terminal);
}

static void report(const struct request *request, int status, int error)
{
	if (request->tty)
		drain_terminal();
	if (error)
		say("error cannot run %s: %s",
			request->arguments[0] ? request->arguments[0] : shell[0], strerror(error));
	if (status < 0)
		say("status %d", STATUS_NO_START);
	else if (WIFSIGNALED(status))
		say("status signal %d", WTERMSIG(status));
	else
		say("status %d", WEXITSTATUS(status));
}

static void run(const struct request *request)
{
	int failure[2];
	int error = 0;
	pid_t child;
	ssize_t count;

	if (pipe2(failure, O_CLOEXEC)) {
		report(request, -1, errno);
		return;
	}
	child = fork();
	if (!child)
		become(request, failure[1]);
	error = child < 0 ? errno : 0;
	close(failure[1]);
	if (child > 0) {
		do { /* nothing: exec closed it */
			count = read(failure[0], &error, sizeof error);
		} while (count < 0 && errno == EINTR);
	}
	close(failure[0]);
	report(request, child < 0 ? -1 : await(child), error);
}

/* --- Life --- */

static void stop_machine(void)
{
	kill_the_rest();
	sync();
	say("bye");
	/* The host ends the virtual machine at the reset. */
	(void)reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void serve(void)
{
	static char text[REQUEST_MAX];
	struct request request;
	const char *why;
	bool again;

	do {
		size_t length;

		say("ready");
		length = read_request(text);
		if (!request_parse(text, length, &request, &why)) {
			say("error bad request: %s", why);
			say("status %d", STATUS_NO_START);
			return;
		}
		again = request.session && !request.halt;
		if (!request.halt)
			run(&request);
		request_free(&request);
		if (again)
			kill_the_rest();
	} while (again);
}

/* No host: a shell on the console, again and again. */
static void serve_console(void)
{
	static char *nothing[] = { NULL };
	const struct request request = {
		.tty = true, .environment = nothing, .arguments = nothing
	};

	for (;;) {
		run(&request);
		sleep(1); /* a shell that cannot start must not take the machine */
	}
}

/* Process 1 may start with no descriptor at all; what it opens must not be 0, 1 or 2, which the
 * child makes the command's own. */
static bool reserve_standard_descriptors(void)
{
	int opened;

	do {
		opened = open("/dev/null", O_RDWR);
	} while (opened >= 0 && opened <= 2);
	if (opened < 0)
		return false;
	close(opened);
	return true;
}

/* masix with these arguments; what it has to say is in the log. */
static void run_masix(const char *command, const char *option, const char *file)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execl("/usr/bin/masix", "masix", command, option, file, NULL);
		_exit(STATUS_NOT_EXECUTABLE);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
}

/* Servers of the root disk that start when somebody looks for them: links in ON_DEMAND.  Without one of them the machine
 * is still of use, and its log says why it is not there. */
static void declare(const char *link)
{
	char file[PATH_MAX];

	if (realpath(link, file))
		run_masix("start", "--on-demand", file);
}

static void declare_servers(void)
{
	glob_t links;

	if (glob(ON_DEMAND "/*", 0, NULL, &links) != 0)
		return;
	for (size_t i = 0; i < links.gl_pathc; i++)
		declare(links.gl_pathv[i]);
	globfree(&links);
}

static void on_child(int signal)
{
	(void)signal; /* it only ends the wait in await */
}

int main(void)
{
	const struct sigaction action = { .sa_handler = on_child };
	sigset_t child;

	if (getpid() != 1) {
		fprintf(stderr, "init: only process 1 may run this\n");
		return 1;
	}
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (!reserve_standard_descriptors() || sigprocmask(SIG_BLOCK, &child, NULL) ||
		sigaction(SIGCHLD, &action, NULL))
		return 1;
	/* Before any server is started: ACS refuses again whose key was revoked in an earlier boot. */
	if (access(REVOKED, F_OK) == 0)
		run_masix("trust", "load", NULL);
	declare_servers();
	control = open(CHANNELS "control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		serve_console();
	serve();
	stop_machine();
}
