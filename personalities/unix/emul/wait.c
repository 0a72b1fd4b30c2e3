/* Waiting for children. */
#include "calls.h"
#include "emul.h"
#include "frame.h"
#include "process.h"
#include "service.h"
#include "signals.h"
#include <asm/errno.h>
#include <masix/error.h>

#define WNOHANG 1u
#define WSTOPPED 2u
#define WEXITED 4u
#define WCONTINUED 8u
#define WNOWAIT 0x1000000u
#define WAIT_CLONE_FLAGS 0xe0000000u /* __WALL, __WCLONE, __WNOTHREAD: all children are alike */

enum { CLD_EXITED = 1, CLD_KILLED, CLD_DUMPED, CLD_TRAPPED, CLD_STOPPED, CLD_CONTINUED };
enum { P_ALL, P_PID, P_PGID };

struct waited {
	int pid, status;
	uint32_t uid;
	struct masix_usage usage;
};

static long wait_for(int which, int id, uint32_t options, struct waited *w)
{
	uint32_t token = emul_wait_begin(EMUL_WAIT_PROCESS, MACH_PORT_NULL);
	kern_return_t kr = MASIX_E_INTERRUPTED;
	int signals = 0;

	if ((options & WNOHANG) || !emul_signal_arrived())
		kr = process_wait(EMUL_PORT_PROCESS, token, which, id, (int)options, &w->pid,
			&w->status, &w->uid, &w->usage, &signals);
	emul_wait_end();
	/* The poke that tells of them may still be on its way. */
	if (!kr && signals)
		service_take_signals();
	return emul_result(kr);
}

/* struct rusage of i386: times, then 14 words. */
static void put_usage(int32_t *out, const struct masix_usage *usage)
{
	int32_t words[18] = {
		(int32_t)(usage->user / 1000000),
		(int32_t)(usage->user % 1000000),
		(int32_t)(usage->system / 1000000),
		(int32_t)(usage->system % 1000000),
		(int32_t)usage->max_resident,
		0,
		0,
		0,
		(int32_t)usage->faults,
	};

	memcpy(out, words, sizeof words);
}

static long wait4(int pid, int *status, uint32_t options, int32_t *usage)
{
	struct waited w;
	int which = MASIX_WAIT_PID, id = pid;
	long result;

	if (options & ~(WNOHANG | WSTOPPED | WCONTINUED | WAIT_CLONE_FLAGS))
		return -EINVAL;
	if (pid == -1) {
		which = MASIX_WAIT_ANY;
	} else if (pid <= 0) {
		which = MASIX_WAIT_GROUP;
		id = -pid;
	}
	result = wait_for(which, id, (options & ~WAIT_CLONE_FLAGS) | WEXITED, &w);
	if (result || !w.pid)
		return result;
	if (status)
		*status = w.status;
	if (usage)
		put_usage(usage, &w.usage);
	return w.pid;
}

long sys_wait4(const uint32_t *a)
{
	return wait4((int)a[0], (int *)a[1], a[2], (int32_t *)a[3]);
}

long sys_waitpid(const uint32_t *a)
{
	return wait4((int)a[0], (int *)a[1], a[2], NULL);
}

/* wait4's status as the code and status of a siginfo. */
static void to_siginfo(const struct waited *w, struct masix_siginfo *info)
{
	int low = w->status & 0x7f;

	memset(info, 0, sizeof *info);
	info->pid = w->pid;
	info->uid = w->uid;
	if (w->status == 0xffff) {
		info->code = CLD_CONTINUED;
		info->status = SIGCONT;
	} else if (low == 0x7f) {
		info->code = CLD_STOPPED;
		info->status = (w->status >> 8) & 0xff;
	} else if (low) {
		info->code = w->status & MASIX_CORE ? CLD_DUMPED : CLD_KILLED;
		info->status = low;
	} else {
		info->code = CLD_EXITED;
		info->status = (w->status >> 8) & 0xff;
	}
}

long sys_waitid(const uint32_t *a)
{
	static const int which[] = {
		[P_ALL] = MASIX_WAIT_ANY, [P_PID] = MASIX_WAIT_PID, [P_PGID] = MASIX_WAIT_GROUP
	};
	uint32_t options = a[3];
	struct masix_siginfo info;
	struct waited w;
	long result;

	if (a[0] > P_PGID || !(options & (WEXITED | WSTOPPED | WCONTINUED)) ||
		(options &
			~(WNOHANG | WSTOPPED | WEXITED | WCONTINUED | WNOWAIT | WAIT_CLONE_FLAGS)))
		return -EINVAL;
	result = wait_for(which[a[0]], (int)a[1], options & ~WAIT_CLONE_FLAGS, &w);
	if (result)
		return result;
	if (a[2]) {
		if (w.pid) {
			to_siginfo(&w, &info);
			frame_siginfo((void *)a[2], SIGCHLD, &info, 0);
		} else {
			memset((void *)a[2], 0, 128); /* nobody yet: pid 0 */
		}
	}
	if (a[4] && w.pid)
		put_usage((int32_t *)a[4], &w.usage);
	return 0;
}

long sys_getpid(const uint32_t *a)
{
	(void)a;
	return emul_process.pid;
}
