/* Process groups and sessions. */
#include <asm/errno.h>

#include "calls.h"
#include "process.h"

/* Words of process_get_ids. */
enum { PPID, PGID, SID };

static long get(int pid, int which)
{
	masix_ids_t ids;
	mach_msg_type_number_t count = sizeof ids / sizeof ids[0];
	long error;

	if (pid < 0)
		return -ESRCH;
	error = emul_result(process_get_ids(EMUL_PORT_PROCESS, pid, ids, &count));
	if (error != 0)
		return error;
	return count > SID ? (long)ids[which] : -EIO;
}

long sys_setpgid(const uint32_t *a)
{
	if ((int32_t)a[0] < 0 || (int32_t)a[1] < 0)
		return -EINVAL;
	return emul_result(process_set_group(EMUL_PORT_PROCESS, (int)a[0], (int)a[1]));
}

long sys_getpgid(const uint32_t *a)
{
	return get((int)a[0], PGID);
}

long sys_getpgrp(const uint32_t *a)
{
	(void)a;
	return get(0, PGID);
}

long sys_getsid(const uint32_t *a)
{
	return get((int)a[0], SID);
}

long sys_setsid(const uint32_t *a)
{
	int sid;
	long error = emul_result(process_new_session(EMUL_PORT_PROCESS, &sid));

	(void)a;
	return error != 0 ? error : sid;
}

long sys_getppid(const uint32_t *a)
{
	(void)a;
	return emul_process.ppid;
}
