/* Sending signals. */
#include <asm/errno.h>

#include "calls.h"
#include "emul.h"
#include "process.h"
#include "service.h"
#include "signals.h"
#include "threads.h"

/* SIGKILL may have met ourselves.  Then the server hears us no more, and ends the task; until then the program does not
 * go on. */
static void wait_if_killed(void)
{
	mach_msg_type_number_t count;
	masix_ids_t ids;

	while (count = sizeof ids / sizeof ids[0],
		process_get_ids(EMUL_PORT_PROCESS, 0, ids, &count))
		emul_sleep_ms(1000);
}

/* What we sent to ourselves is taken before the call returns, as POSIX wants it; and
 * what came while we were stopped before the program goes on. */
static long kill_by_server(int pid, int signal, struct masix_siginfo info)
{
	long result = emul_result(process_kill(EMUL_PORT_PROCESS, pid, signal, info));

	if (result || (pid > 0 && pid != emul_process.pid))
		return result;
	if (signal == SIGKILL)
		wait_if_killed();
	service_take_signals();
	return 0;
}

/* A signal from this process. */
static void info_of_own(struct masix_siginfo *info, int code)
{
	memset(info, 0, sizeof *info);
	info->code = code;
	info->pid = emul_process.pid;
	info->uid = emul_process.ruid;
}

/* tgkill and tkill (tgid 0). */
static long thread_kill(int tgid, int tid, int signal)
{
	struct emul_thread *thread;
	struct masix_siginfo info;

	if (signal < 0 || signal > EMUL_SIGNALS_MAX)
		return -EINVAL;
	info_of_own(&info, SI_TKILL);
	thread = threads_find_id((uint32_t)tid);
	if (!thread) {
		/* Of other processes only main threads can be named. */
		if (tid == emul_process.pid || (tgid && tgid != tid))
			return -ESRCH;
		return emul_result(process_kill(EMUL_PORT_PROCESS, tid, signal, info));
	}
	if (tgid && tgid != emul_process.pid)
		return -ESRCH;
	if (signal == SIGKILL || signal == SIGSTOP)
		return kill_by_server(emul_process.pid, signal, info);
	if (signal)
		signals_post(thread, signal, &info);
	return 0;
}

long sys_tkill(const uint32_t *a)
{
	if ((int)a[0] <= 0)
		return -EINVAL;
	return thread_kill(0, (int)a[0], (int)a[1]);
}

long sys_tgkill(const uint32_t *a)
{
	if ((int)a[0] <= 0 || (int)a[1] <= 0)
		return -EINVAL;
	return thread_kill((int)a[0], (int)a[1], (int)a[2]);
}

/* kill(2): to itself with one thread it needs no message. */
long sys_kill(const uint32_t *a)
{
	int pid = (int)a[0], signal = (int)a[1];
	struct masix_siginfo info;

	if (signal < 0 || signal > EMUL_SIGNALS_MAX)
		return -EINVAL;
	info_of_own(&info, SI_USER);
	if (pid == emul_process.pid && signal && signal != SIGKILL && signal != SIGSTOP &&
		signal != SIGCONT) {
		signals_post(NULL, signal, &info);
		return 0;
	}
	return kill_by_server(pid, signal, info);
}

long sys_rt_sigqueueinfo(const uint32_t *a)
{
	const uint32_t *user = (const void *)a[2];
	struct masix_siginfo info;

	memset(&info, 0, sizeof info);
	info.code = (int)user[2];
	info.value = (int)user[5];
	if (info.code >= 0)
		return -EPERM; /* only negative codes can come from a program */
	return kill_by_server((int)a[0], (int)a[1], info);
}
