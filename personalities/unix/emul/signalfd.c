/* signalfd(2).  Whoever reads gets signals of its own, as in Linux also through an inherited descriptor. */
#include "signalfd.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/signalfd.h>

#include "calls.h"
#include "fd.h"
#include "signals.h"
#include "waiting.h"

/* No mask has this bit, so that none looks like a position that has moved (file.c). */
#define MARK SIGNAL_BIT(SIGKILL)

static volatile uint32_t is_used;

static uint64_t mask_of(struct emul_file *file)
{
	return (uint64_t)file_offset(file) & ~UNBLOCKABLE;
}

static void set_mask(struct emul_file *file, uint64_t mask)
{
	file_set_offset(file, (int64_t)((mask & ~UNBLOCKABLE) | MARK));
}

int signalfd_ready(struct emul_file *file)
{
	return signals_any_of(mask_of(file));
}

void signalfd_arrived(void)
{
	if (is_used)
		waiting_kick();
}

static int put(struct cursor *to, int signal, const struct masix_siginfo *info)
{
	struct signalfd_siginfo out;

	memset(&out, 0, sizeof out);
	out.ssi_signo = (uint32_t)signal;
	out.ssi_code = info->code;
	out.ssi_pid = (uint32_t)info->pid;
	out.ssi_uid = info->uid;
	out.ssi_status = info->status;
	out.ssi_int = info->value;
	out.ssi_ptr = (uint32_t)info->value;
	if (info->code == SI_TIMER)
		out.ssi_tid = info->reserved[0];
	return cursor_put(to, (const char *)&out, sizeof out) == sizeof out;
}

static long wait_for_one(struct emul_file *file)
{
	struct waiting item = { .file = file, .events = MASIX_POLL_IN };
	long result = waiting_wait(&item, 1, WAITING_FOREVER);

	return result == -EMUL_RESTART_NOHAND ? -EMUL_RESTART : result;
}

long signalfd_read(struct emul_file *file, struct cursor *to, uint32_t n)
{
	const uint32_t size = sizeof(struct signalfd_siginfo);
	struct masix_siginfo info;
	uint32_t done = 0;
	int signal;

	if (n < size)
		return -EINVAL;
	/* What is taken is gone: only as much as the program can take. */
	n = cursor_probe(to, n);
	while (n - done >= size) {
		signal = signals_take_from(mask_of(file), &info);
		if (signal != 0) {
			if (!put(to, signal, &info))
				break;
			done += size;
			continue;
		}
		if (done > 0)
			break;
		if (file_flags(file) & O_NONBLOCK)
			return -EAGAIN;

		long result = wait_for_one(file);

		if (result < 0)
			return result;
	}
	return done > 0 ? (long)done : -EFAULT;
}

/* signalfd4(fd or -1, mask, its size, flags) */
static long make(int fd, uint32_t address, uint32_t size, uint32_t flags)
{
	struct emul_file *file;
	uint64_t mask;

	if ((flags & ~(uint32_t)(SFD_CLOEXEC | SFD_NONBLOCK)) != 0 || size != sizeof mask)
		return -EINVAL;
	if (!emul_user_range(address, sizeof mask))
		return -EFAULT;
	memcpy(&mask, (const void *)address, sizeof mask);
	if (fd != -1) {
		file = fd_hold((uint32_t)fd);
		if (file == NULL)
			return -EBADF;
		if (file->kind == EMUL_FILE_SIGNALS)
			set_mask(file, mask);
		else
			fd = -EINVAL;
		file_release(file);
		waiting_kick();
		return fd;
	}
	file = file_create(
		EMUL_FILE_SIGNALS, MACH_PORT_NULL, O_RDWR | (flags & SFD_NONBLOCK), 0, NULL);
	if (file == NULL)
		return -ENFILE;
	set_mask(file, mask);
	is_used = 1;
	return fd_install(file, (flags & SFD_CLOEXEC) != 0);
}

long sys_signalfd4(const uint32_t *a)
{
	return make((int)a[0], a[1], a[2], a[3]);
}

long sys_signalfd(const uint32_t *a)
{
	return make((int)a[0], a[1], a[2], 0);
}
