/* The system as a whole: uname, sysinfo, host name, sync, reboot. */
#include <asm/errno.h>
#include <linux/reboot.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>

#include "calls.h"
#include "fd.h"
#include "process.h"

_Static_assert(sizeof(struct sysinfo) == 64, "struct sysinfo");

/* Programs look at these to know which calls there are: the interface is Linux 6.1's. */
#define SYSTEM "Linux"
#define RELEASE "6.1.0-masix"
#define VERSION "#1 Masix on GNU Mach"
#define MACHINE "i686"
#define DOMAIN "(none)"

static long host_name(char *to, uint32_t size)
{
	masix_name_t name;
	mach_msg_type_number_t length = sizeof name;
	long error = emul_result(process_hostname(EMUL_PORT_PROCESS, 0, "", 0, name, &length));

	if (error != 0)
		return error;
	if (length >= size)
		length = size - 1;
	memcpy(to, name, length);
	to[length] = '\0';
	return 0;
}

long sys_uname(const uint32_t *a)
{
	struct new_utsname name;
	long error;

	memset(&name, 0, sizeof name);
	memcpy(name.sysname, SYSTEM, sizeof SYSTEM);
	memcpy(name.release, RELEASE, sizeof RELEASE);
	memcpy(name.version, VERSION, sizeof VERSION);
	memcpy(name.machine, MACHINE, sizeof MACHINE);
	memcpy(name.domainname, DOMAIN, sizeof DOMAIN);
	error = host_name(name.nodename, sizeof name.nodename);
	if (error != 0)
		return error;
	if (!emul_user_range(a[0], sizeof name))
		return -EFAULT;
	memcpy((void *)a[0], &name, sizeof name);
	return 0;
}

long sys_sethostname(const uint32_t *a)
{
	masix_name_t name, current;
	mach_msg_type_number_t length = sizeof current;

	if (a[1] > __NEW_UTS_LEN)
		return -EINVAL;
	if (!emul_user_range(a[0], a[1]))
		return -EFAULT;
	memcpy(name, (const void *)a[0], a[1]);
	return emul_result(process_hostname(EMUL_PORT_PROCESS, 1, name, a[1], current, &length));
}

long sys_sysinfo(const uint32_t *a)
{
	masix_ids_t words;
	mach_msg_type_number_t count = sizeof words / sizeof words[0];
	struct masix_system system;
	struct sysinfo info;
	long error = emul_result(process_system(EMUL_PORT_PROCESS, words, &count));

	if (error != 0)
		return error;
	if (count * sizeof words[0] < sizeof system)
		return -EIO;
	if (!emul_user_range(a[0], sizeof info))
		return -EFAULT;
	memcpy(&system, words, sizeof system);
	memset(&info, 0, sizeof info);
	info.uptime = (long)system.uptime_seconds;
	for (int i = 0; i < 3; i++)
		info.loads[i] = system.load[i];
	info.totalram = system.pages_total;
	info.freeram = system.pages_free;
	info.bufferram = system.pages_cached;
	info.procs = (unsigned short)system.processes;
	info.mem_unit = system.page_size;
	memcpy((void *)a[0], &info, sizeof info);
	return 0;
}

long sys_sync(const uint32_t *a)
{
	(void)a;
	(void)process_sync(EMUL_PORT_PROCESS); /* sync(2) cannot fail */
	return 0;
}

/* All mounts are synced: a little more than was asked for. */
long sys_syncfs(const uint32_t *a)
{
	struct emul_file *file = fd_hold(a[0]);

	if (file == NULL)
		return -EBADF;
	file_release(file);
	return emul_result(process_sync(EMUL_PORT_PROCESS));
}

/* reboot(magic, magic2, command) */
long sys_reboot(const uint32_t *a)
{
	if (emul_process.euid != 0)
		return -EPERM;
	if (a[0] != LINUX_REBOOT_MAGIC1 ||
		(a[1] != LINUX_REBOOT_MAGIC2 && a[1] != LINUX_REBOOT_MAGIC2A &&
			a[1] != LINUX_REBOOT_MAGIC2B && a[1] != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	switch (a[2]) {
	case LINUX_REBOOT_CMD_RESTART:
		return emul_result(process_reboot(EMUL_PORT_PROCESS, MASIX_REBOOT));
	case LINUX_REBOOT_CMD_HALT:
	case LINUX_REBOOT_CMD_POWER_OFF:
		return emul_result(process_reboot(EMUL_PORT_PROCESS, MASIX_HALT));
	default: /* Ctrl-Alt-Del is not ours to switch */
		return -EINVAL;
	}
}
