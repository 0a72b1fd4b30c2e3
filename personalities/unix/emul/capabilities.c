/* capget, capset (capabilities(7)).  Here user 0 may do everything and others what belongs to them: no server knows
 * of parts of root's power.  The library remembers what a process has given up and tells it, as programs expect
 * that do so; it takes nothing from a process that goes on as user 0. */
#include <asm/errno.h>
#include <linux/capability.h>

#include "calls.h"
#include "capabilities.h"
#include "process.h"

#define ALL (((uint64_t)2 << CAP_LAST_CAP) - 1)
#define WORDS_MAX 2

struct sets {
	uint64_t effective, permitted, inheritable;
};

static struct {
	uint64_t effective, permitted; /* given up */
	uint64_t inheritable;
	uint32_t keep;
} own;

void capabilities_exec(void)
{
	own.effective = own.permitted = own.keep = 0;
}

void capabilities_raised(void)
{
	own.effective = own.permitted;
}

long capabilities_keep(uint32_t keep)
{
	if (keep > 1)
		return -EINVAL;
	own.keep = keep;
	return 0;
}

long capabilities_kept(void)
{
	return (long)own.keep;
}

static struct sets held(void)
{
	const struct emul_process *p = &emul_process;
	struct sets s = { .inheritable = own.inheritable };

	if (p->ruid == 0 || p->euid == 0 || p->suid == 0)
		s.permitted = ALL & ~own.permitted;
	if (p->euid == 0)
		s.effective = s.permitted & ~own.effective;
	return s;
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

/* Another process has what its user has: that it gave something up only its own library knows. */
static long held_by(int pid, struct sets *s)
{
	masix_ids_t ids;
	mach_msg_type_number_t count = sizeof ids / sizeof *ids;
	long error;

	if (pid < 0)
		return -EINVAL;
	*s = held();
	if (pid == 0 || pid == emul_process.pid)
		return 0;
	error = emul_result(process_get_ids(EMUL_PORT_PROCESS, pid, ids, &count));
	if (error != 0)
		return error;
	*s = (struct sets){ .permitted = ids[3] == 0 || ids[4] == 0 || ids[5] == 0 ? ALL : 0 };
	s->effective = ids[4] == 0 ? ALL : 0;
	return 0;
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
	const struct sets now = held();
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
	if ((s.permitted & ~now.permitted) != 0 || (s.effective & ~s.permitted) != 0 ||
		(s.inheritable & ~(now.inheritable | now.permitted)) != 0)
		return -EPERM;
	own.permitted = ALL & ~s.permitted;
	own.effective = ALL & ~s.effective;
	own.inheritable = s.inheritable;
	return 0;
}
