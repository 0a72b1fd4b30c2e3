/* prctl, arch_prctl, personality. */
#include <asm/errno.h>
#include <asm/prctl.h>
#include <linux/capability.h>
#include <linux/prctl.h>

#include "calls.h"
#include "capabilities.h"
#include "process.h"

#define COMM_SIZE sizeof emul_process.comm
#define PERSONALITY_QUERY 0xffffffffu

/* At most 15 bytes and a terminator. */
static long set_name(uint32_t address)
{
	const char *name = (const char *)address;
	char copy[COMM_SIZE] = { 0 };

	for (uint32_t i = 0; i < COMM_SIZE - 1 && name[i] != '\0'; i++)
		copy[i] = name[i];
	memcpy(emul_process.comm, copy, sizeof copy);
	return 0;
}

static long get_name(uint32_t address)
{
	if (!emul_user_range(address, COMM_SIZE))
		return -EFAULT;
	memcpy((void *)address, emul_process.comm, COMM_SIZE);
	return 0;
}

static long give_int(uint32_t address, int value)
{
	if (!emul_user_range(address, sizeof value))
		return -EFAULT;
	*(int *)address = value;
	return 0;
}

/* Tell the Unix server, which acts on it, and keep what was told. */
static long relate(int what, uint32_t value, uint32_t *kept)
{
	long result = emul_result(process_set_relation(EMUL_PORT_PROCESS, what, (int)value));

	if (result == 0)
		*kept = value;
	return result;
}

/* What is not here is answered as by a kernel that was built without it. */
long sys_prctl(const uint32_t *a)
{
	switch (a[0]) {
	case PR_SET_NAME:
		return set_name(a[1]);
	case PR_GET_NAME:
		return get_name(a[1]);
	case PR_GET_DUMPABLE:
		return (long)emul_process.dumpable;
	case PR_SET_DUMPABLE:
		if (a[1] > 1)
			return -EINVAL;
		emul_process.dumpable = a[1];
		return 0;
	case PR_SET_PDEATHSIG:
		return relate(MASIX_DEATH_SIGNAL, a[1], &emul_process.death_signal);
	case PR_GET_PDEATHSIG:
		return give_int(a[1], (int)emul_process.death_signal);
	case PR_SET_CHILD_SUBREAPER:
		return relate(MASIX_SUBREAPER, a[1] != 0, &emul_process.subreaper);
	case PR_GET_CHILD_SUBREAPER:
		return give_int(a[1], (int)emul_process.subreaper);
	case PR_GET_NO_NEW_PRIVS:
		return a[1] | a[2] | a[3] | a[4] ? -EINVAL : (long)emul_process.no_new_privileges;
	case PR_SET_NO_NEW_PRIVS:
		if (a[1] != 1 || (a[2] | a[3] | a[4]) != 0)
			return -EINVAL;
		return relate(MASIX_NO_NEW_PRIVILEGES, 1, &emul_process.no_new_privileges);
	case PR_GET_KEEPCAPS:
		return capabilities_kept();
	case PR_SET_KEEPCAPS:
		return capabilities_keep(a[1]);
	case PR_CAPBSET_READ:
		return cap_valid(a[1]) ? 1 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* CPUID cannot be made to fault. */
long sys_arch_prctl(const uint32_t *a)
{
	switch (a[0]) {
	case ARCH_GET_CPUID:
		return 1;
	case ARCH_SET_CPUID:
		return -ENODEV;
	default:
		return -EINVAL;
	}
}

/* The execution domain is kept and told; none changes what the system does. */
long sys_personality(const uint32_t *a)
{
	uint32_t old = emul_process.personality;

	if (a[0] != PERSONALITY_QUERY)
		emul_process.personality = a[0];
	return (long)old;
}
