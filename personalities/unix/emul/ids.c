/* User and group ids.  The library knows its own; changing them goes through the Unix server, whose rules
 * decide, and brings a root directory that acts with the new ones. */
#include <asm/errno.h>

#include "calls.h"
#include "capabilities.h"
#include "cwd.h"
#include "process.h"

#define KEEP 0xffffffffu
#define IDS 6
#define GROUPS (sizeof emul_process.groups / sizeof emul_process.groups[0])

/* The order of process_set_ids. */
enum { RUID, EUID, SUID, RGID, EGID, SGID };

static void current(uint32_t *ids)
{
	ids[RUID] = emul_process.ruid;
	ids[EUID] = emul_process.euid;
	ids[SUID] = emul_process.suid;
	ids[RGID] = emul_process.rgid;
	ids[EGID] = emul_process.egid;
	ids[SGID] = emul_process.sgid;
}

/* KEEP in `ids` leaves one as it is. */
static long change(const uint32_t *ids, const uint32_t *groups, unsigned group_count)
{
	masix_ids_t request;
	mach_port_t root;
	long error;

	current(request);
	for (int i = 0; i < IDS; i++)
		if (ids[i] != KEEP)
			request[i] = ids[i];
	memcpy(request + IDS, groups, group_count * sizeof *groups);
	error = emul_result(process_set_ids(EMUL_PORT_PROCESS, request, IDS + group_count, &root));
	if (error != 0)
		return error;
	capabilities_change(request);
	emul_process.ruid = request[RUID];
	emul_process.euid = request[EUID];
	emul_process.suid = request[SUID];
	emul_process.rgid = request[RGID];
	emul_process.egid = request[EGID];
	emul_process.sgid = request[SGID];
	memmove(emul_process.groups, request + IDS, group_count * sizeof *groups);
	emul_process.group_count = group_count;
	cwd_new_root(root);
	return 0;
}

static long change_ids(
	uint32_t ruid, uint32_t euid, uint32_t suid, uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	const uint32_t ids[IDS] = { ruid, euid, suid, rgid, egid, sgid };

	return change(ids, emul_process.groups, emul_process.group_count);
}

static long set_uid(uint32_t uid)
{
	if (uid == KEEP)
		return -EINVAL;
	if (emul_process.euid == 0)
		return change_ids(uid, uid, uid, KEEP, KEEP, KEEP);
	return change_ids(KEEP, uid, KEEP, KEEP, KEEP, KEEP);
}

static long set_gid(uint32_t gid)
{
	if (gid == KEEP)
		return -EINVAL;
	if (emul_process.euid == 0)
		return change_ids(KEEP, KEEP, KEEP, gid, gid, gid);
	return change_ids(KEEP, KEEP, KEEP, KEEP, gid, KEEP);
}

long sys_setuid(const uint32_t *a)
{
	return set_uid(a[0]);
}

long sys_setgid(const uint32_t *a)
{
	return set_gid(a[0]);
}

long sys_setuid16(const uint32_t *a)
{
	return set_uid((uint16_t)a[0]);
}

long sys_setgid16(const uint32_t *a)
{
	return set_gid((uint16_t)a[0]);
}

/* setreuid(2): the real id may become the effective one and the other way round; the saved one
 * follows when the real one is set or the effective one becomes something new. */
static long check_real(uint32_t id, uint32_t real, uint32_t effective)
{
	return emul_process.euid == 0 || id == KEEP || id == real || id == effective ? 0 : -EPERM;
}

static uint32_t saved_after(
	uint32_t new_real, uint32_t new_effective, uint32_t real, uint32_t effective)
{
	if (new_real == KEEP && (new_effective == KEEP || new_effective == real))
		return KEEP;
	return new_effective != KEEP ? new_effective : effective;
}

long sys_setreuid(const uint32_t *a)
{
	long error = check_real(a[0], emul_process.ruid, emul_process.euid);

	if (error != 0)
		return error;
	return change_ids(a[0], a[1], saved_after(a[0], a[1], emul_process.ruid, emul_process.euid),
		KEEP, KEEP, KEEP);
}

long sys_setregid(const uint32_t *a)
{
	long error = check_real(a[0], emul_process.rgid, emul_process.egid);

	if (error != 0)
		return error;
	return change_ids(KEEP, KEEP, KEEP, a[0], a[1],
		saved_after(a[0], a[1], emul_process.rgid, emul_process.egid));
}

long sys_setresuid(const uint32_t *a)
{
	return change_ids(a[0], a[1], a[2], KEEP, KEEP, KEEP);
}

long sys_setresgid(const uint32_t *a)
{
	return change_ids(KEEP, KEEP, KEEP, a[0], a[1], a[2]);
}

/* Three words to three places of the program. */
static long give_three(const uint32_t *to, uint32_t real, uint32_t effective, uint32_t saved)
{
	for (int i = 0; i < 3; i++)
		if (!emul_user_range(to[i], 4))
			return -EFAULT;
	*(uint32_t *)to[0] = real;
	*(uint32_t *)to[1] = effective;
	*(uint32_t *)to[2] = saved;
	return 0;
}

long sys_getresuid(const uint32_t *a)
{
	return give_three(a, emul_process.ruid, emul_process.euid, emul_process.suid);
}

long sys_getresgid(const uint32_t *a)
{
	return give_three(a, emul_process.rgid, emul_process.egid, emul_process.sgid);
}

/* The calls of old see ids beyond 16 bits as 65534. */
static long narrow(uint32_t id)
{
	return id > UINT16_MAX ? 65534 : (long)id;
}

long sys_getuid(const uint32_t *a)
{
	(void)a;
	return narrow(emul_process.ruid);
}

long sys_geteuid(const uint32_t *a)
{
	(void)a;
	return narrow(emul_process.euid);
}

long sys_getgid(const uint32_t *a)
{
	(void)a;
	return narrow(emul_process.rgid);
}

long sys_getegid(const uint32_t *a)
{
	(void)a;
	return narrow(emul_process.egid);
}

long sys_getuid32(const uint32_t *a)
{
	(void)a;
	return (long)emul_process.ruid;
}

long sys_geteuid32(const uint32_t *a)
{
	(void)a;
	return (long)emul_process.euid;
}

long sys_getgid32(const uint32_t *a)
{
	(void)a;
	return (long)emul_process.rgid;
}

long sys_getegid32(const uint32_t *a)
{
	(void)a;
	return (long)emul_process.egid;
}

/* getgroups(size, list); size 0 only counts. */
long sys_getgroups(const uint32_t *a)
{
	uint32_t count = emul_process.group_count;

	if ((int32_t)a[0] < 0 || (a[0] != 0 && a[0] < count))
		return -EINVAL;
	if (a[0] == 0 || count == 0)
		return (long)count;
	if (!emul_user_range(a[1], count * sizeof emul_process.groups[0]))
		return -EFAULT;
	memcpy((void *)a[1], emul_process.groups, count * sizeof emul_process.groups[0]);
	return (long)count;
}

long sys_setgroups(const uint32_t *a)
{
	static const uint32_t same[IDS] = { KEEP, KEEP, KEEP, KEEP, KEEP, KEEP };
	uint32_t groups[GROUPS];

	if (emul_process.euid != 0)
		return -EPERM;
	if (a[0] > GROUPS)
		return -EINVAL;
	if (a[0] > 0 && !emul_user_range(a[1], a[0] * sizeof groups[0]))
		return -EFAULT;
	memcpy(groups, (const void *)a[1], a[0] * sizeof groups[0]);
	return change(same, groups, a[0]);
}
