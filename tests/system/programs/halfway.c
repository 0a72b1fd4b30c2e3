/* halfway HOW: makes children as the emulation library does, but lets none run, and then
 *
 *	killed     is killed
 *	exits      exits
 *	abandons   gives them up, and waits for them in vain */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mach.h"
#include "mach_port.h"
#include "process.h"

#define PROCESS_PORT 0x1001 /* docs/unix.md */
#define CHILDREN 4

/* Odd ones have a thread already. */
static int make(unsigned number)
{
	mach_port_t task, process, thread;
	int pid;

	if (process_fork(PROCESS_PORT, &pid, &task, &process) != KERN_SUCCESS)
		return -1;
	if (number % 2 != 0 && thread_create(task, &thread) != KERN_SUCCESS)
		return -1;
	return pid;
}

int main(int argc, char **argv)
{
	const char *how = argc == 2 ? argv[1] : "";

	for (unsigned i = 0; i < CHILDREN; i++) {
		int pid = make(i);

		if (pid < 0) {
			fprintf(stderr, "halfway: no child\n");
			return 1;
		}
		if (strcmp(how, "abandons") == 0 &&
			process_abandon(PROCESS_PORT, pid) != KERN_SUCCESS) {
			fprintf(stderr, "halfway: the child stays\n");
			return 1;
		}
	}
	if (strcmp(how, "killed") == 0)
		raise(SIGKILL);
	if (strcmp(how, "abandons") == 0 && (wait(NULL) != -1 || errno != ECHILD))
		return 1;
	return 0;
}
