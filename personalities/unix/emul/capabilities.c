/* capget, capset (capabilities(7)).  Here user 0 may do everything and others what belongs to them: no server knows
 * of parts of root's power.  The library keeps a process's sets by Linux's rules, as programs expect that give up what
 * they do not need; they neither take anything from user 0 nor give anything to another. */
#include <asm/errno.h>
#include <linux/capability.h>
#include <stdbool.h>

#include "calls.h"
#include "capabilities.h"
#include "process.h"

#define ALL (((uint64_t)2 << CAP_LAST_CAP) - 1)
#define WORDS_MAX 2

static struct sets {
	uint64_t effective, permitted, inheritable;
} own;
static uint32_t keep; /* PR_SET_KEEPCAPS */

static struct sets of_user(uint32_t real, uint32_t effective)
{
	return (struct sets){
		.permitted = real == 0 || effective == 0 ? ALL : 0,
		.effective = effective == 0 ? ALL : 0,
	};
}

void capabilities_exec(void)
{
	uint64_t inheritable = own.inheritable;

	own = of_user(emul_process.ruid, emul_process.euid);
	own.inheritable = inheritable;
	keep = 0;
}

void capabilities_change(const uint32_t *new_ids)
{
	const struct emul_process *p = &emul_process;
	bool was_root = p->ruid == 0 || p->euid == 0 || p->suid == 0;

	if (was_root && new_ids[0] != 0 && new_ids[1] != 0 && new_ids[2] != 0 && !keep)
		own.permitted = own.effective = 0;
	if (p->euid == 0 && new_ids[1] != 0)
		own.effective = 0;
	if (p->euid != 0 && new_ids[1] == 0)
		own.effective = own.permitted;
}

long capabilities_keep(uint32_t value)
{
	if (value > 1)
		return -EINVAL;
	keep = value;
	return 0;
}

long capabilities_kept(void)
{
	return (long)keep;
}

/* Words of each set in the header's version, or 0: none that is known, and the header tells one that is. */
static uint32_t words_of(uint32_t address, int *pid)
{
	struct __user_cap_header_struct *header = (void *)address;

	*pid = header->pid;
	switch (header->version) {
	case _LINUX_CAPABILITY_VERSION_1:
		return 1;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		return 2;
	default:
		header->version = _LINUX_CAPABILITY_VERSION_3;
		return 0;
	}
}

/* Of another process only its ids are known here. */
static long held_by(int pid, struct sets *s)
{
	masix_ids_t ids;
	mach_msg_type_number_t count = sizeof ids / sizeof *ids;
	long error;

	if (pid < 0)
		return -EINVAL;
	*s = own;
	if (pid == 0 || pid == emul_process.pid)
		return 0;
	error = emul_result(process_get_ids(EMUL_PORT_PROCESS, pid, ids, &count));
	if (error == 0)
		*s = of_user(ids[3], ids[4]);
	return error;
}

/* capget(header, data) */
long sys_capget(const uint32_t *a)
{
	struct __user_cap_data_struct *data = (void *)a[1];
	struct sets s;
	uint32_t words;
	long error;
	int pid;

	if (!emul_user_range(a[0], sizeof(struct __user_cap_header_struct)))
		return -EFAULT;
	words = words_of(a[0], &pid);
	if (words == 0)
		return data == NULL ? 0 : -EINVAL;
	error = held_by(pid, &s);
	if (error != 0 || data == NULL)
		return error;
	if (!emul_user_range(a[1], words * sizeof *data))
		return -EFAULT;
	for (uint32_t i = 0; i < words; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(s.effective >> 32 * i),
			.permitted = (uint32_t)(s.permitted >> 32 * i),
			.inheritable = (uint32_t)(s.inheritable >> 32 * i),
		};
	return 0;
}

/* capset(header, data): what is not permitted cannot be had again. */
long sys_capset(const uint32_t *a)
{
	const struct __user_cap_data_struct *data = (const void *)a[1];
	struct sets s = { 0 };
	uint32_t words;
	int pid;

	if (!emul_user_range(a[0], sizeof(struct __user_cap_header_struct)))
		return -EFAULT;
	words = words_of(a[0], &pid);
	if (words == 0)
		return -EINVAL;
	if (pid != 0 && pid != emul_process.pid)
		return -EPERM;
	if (!emul_user_range(a[1], words * sizeof *data))
		return -EFAULT;
	for (uint32_t i = 0; i < words; i++) {
		s.effective |= (uint64_t)data[i].effective << 32 * i;
		s.permitted |= (uint64_t)data[i].permitted << 32 * i;
		s.inheritable |= (uint64_t)data[i].inheritable << 32 * i;
	}
	s.effective &= ALL;
	s.permitted &= ALL;
	s.inheritable &= ALL;
	if ((s.permitted & ~own.permitted) != 0 || (s.effective & ~s.permitted) != 0 ||
		(s.inheritable & ~(own.inheritable | own.permitted)) != 0)
		return -EPERM;
	own = s;
	return 0;
}
