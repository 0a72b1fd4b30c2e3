/* What read and write do with each kind of file. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>

#include <masix/error.h>

#include "io.h"
#include "kernel.h"
#include "message.h"
#include "random.h"
#include "rlimits.h"
#include "signalfd.h"
#include "signals.h"
#include "sockets.h"
#include "transfer.h"
#include "trust.h"
#include "tty.h"
#include "window.h"

/* Larger transfers go out of line: from here on remapping is cheaper than copying four times (and a
 * reader pays for fresh pages on top of that). */
#define INLINE_READ_MOST (4 * MASIX_INLINE_MAX)
#define INLINE_WRITE_MOST MASIX_INLINE_MAX
#define TTY_PART 4096u
#define EVENT_SIZE 8u

static int io_flags(struct emul_file *file)
{
	return file_flags(file) & O_NONBLOCK ? MASIX_IO_NONBLOCK : 0;
}

/* The result of a transfer that stopped with `error` (0 or -errno) after `done` bytes. */
static long outcome(uint32_t done, long error)
{
	return done > 0 || error == 0 ? (long)done : error;
}

/* Out of line: the server's pages become ours for a moment. */
static kern_return_t read_large(
	struct emul_file *file, int64_t offset, uint32_t n, struct cursor *to, uint32_t *got)
{
	char *data;
	mach_msg_type_number_t size;
	kern_return_t kr;

	if (n > MASIX_BULK_MAX)
		n = MASIX_BULK_MAX;
	*got = 0;
	kr = io_read_large(file->port, 0, 0, offset, n, &data, &size);
	if (kr != KERN_SUCCESS)
		return kr;
	if (size > n)
		kr = MASIX_E_IO;
	else
		*got = cursor_put(to, data, size);
	if (size > 0)
		(void)trap_vm_deallocate(EMUL_PORT_TASK, (vm_address_t)data, size);
	if (kr == KERN_SUCCESS && *got != size)
		kr = KERN_PROTECTION_FAILURE;
	return kr;
}

static long read_regular(struct emul_file *file, struct cursor *to, uint32_t n, int64_t offset)
{
	const struct message_target target = { .port = file->port };
	int64_t start = offset == AT_POSITION ? file_take(file, n) : offset;
	uint32_t done = window_read(file, to, n, start);
	kern_return_t kr = KERN_SUCCESS;

	if (done < n)
		trust_end();
	while (done < n && kr == KERN_SUCCESS) {
		uint32_t part = n - done, got;

		if (part > INLINE_READ_MOST) {
			if (part > MASIX_BULK_MAX)
				part = MASIX_BULK_MAX;
			kr = read_large(file, start + done, part, to, &got);
		} else {
			if (part > MASIX_INLINE_MAX)
				part = MASIX_INLINE_MAX;
			kr = message_read(&target, start + done, part, to, &got);
		}
		done += got;
		if (got < part)
			break; /* the end of the file, or of the program's memory */
	}
	if (offset == AT_POSITION)
		file_give_back(file, start, n, done);
	return outcome(done, emul_result(kr));
}

/* What is taken out of a stream is gone: ask only for what the program can take.  -EFAULT: nothing. */
static long room(const struct cursor *to, uint32_t n, uint32_t most)
{
	uint32_t fits = cursor_probe(to, n < most ? n : most);

	return fits > 0 ? (long)fits : -EFAULT;
}

/* Waits for the first bytes only: what comes in later messages must be there already. */
static long read_stream(struct emul_file *file, struct cursor *to, uint32_t n)
{
	long fits = room(to, n, MASIX_INLINE_MAX);
	uint32_t token = emul_wait_begin(EMUL_WAIT_IO, file->port);
	struct message_target target = { file->port, token, io_flags(file) };
	kern_return_t kr = emul_signal_arrived() ? MASIX_E_INTERRUPTED : KERN_SUCCESS;
	uint32_t done = 0, got;

	while (kr == KERN_SUCCESS && fits > 0) {
		kr = message_read(&target, MASIX_STREAM, (uint32_t)fits, to, &got);
		done += got;
		target.flags |= MASIX_IO_NONBLOCK;
		if (got < MASIX_INLINE_MAX || done == n)
			break;
		fits = room(to, n - done, MASIX_INLINE_MAX);
	}
	emul_wait_end();
	trust_end();
	return outcome(done, kr != KERN_SUCCESS ? emul_result(kr) : fits < 0 ? fits : 0);
}

static long read_tty(struct emul_file *file, struct cursor *to, uint32_t n)
{
	char data[TTY_PART];
	mach_msg_type_number_t size = sizeof data;
	long fits = room(to, n, sizeof data);
	uint32_t token;
	int flags = io_flags(file) | (signals_inert(SIGTTIN) ? MASIX_TTY_TTIN_BLOCKED : 0);
	kern_return_t kr = MASIX_E_INTERRUPTED;

	if (fits < 0)
		return fits;
	token = emul_wait_begin(EMUL_WAIT_IO, file->port);
	if (!emul_signal_arrived())
		kr = tty_read(
			file->port, token, flags, EMUL_PORT_PROCESS, (uint32_t)fits, data, &size);
	emul_wait_end();
	trust_end();
	if (kr != KERN_SUCCESS)
		return emul_result(kr);
	if (size > (uint32_t)fits)
		return -EIO;
	return outcome(cursor_put(to, data, size), size > 0 ? -EFAULT : 0);
}

static long read_random(struct cursor *to, uint32_t n)
{
	char data[256];
	uint32_t done = 0;

	while (done < n) {
		uint32_t part = n - done < sizeof data ? n - done : sizeof data, put;

		random_bytes(data, part);
		put = cursor_put(to, data, part);
		done += put;
		if (put < part)
			break;
	}
	return outcome(done, -EFAULT);
}

long transfer_read(struct emul_file *file, struct cursor *to, uint32_t n, int64_t offset)
{
	if ((file->kind == EMUL_FILE_DIRECTORY || file->kind == EMUL_FILE_DESCRIPTORS) &&
		!(file_flags(file) & O_PATH))
		return -EISDIR;
	if (!file_readable(file))
		return -EBADF;
	switch (file->kind) {
	case EMUL_FILE_REGULAR:
		return n == 0 ? 0 : read_regular(file, to, n, offset);
	case EMUL_FILE_STREAM:
		return n == 0 ? 0 : read_stream(file, to, n);
	case EMUL_FILE_TTY:
		return n == 0 ? 0 : read_tty(file, to, n);
	case EMUL_FILE_SOCKET:
		return socket_read(file, to, n);
	case EMUL_FILE_EVENT:
		return n < EVENT_SIZE ? -EINVAL : read_stream(file, to, EVENT_SIZE);
	case EMUL_FILE_SIGNALS:
		return signalfd_read(file, to, n);
	case EMUL_FILE_NULL:
		return 0;
	case EMUL_FILE_ZERO:
	case EMUL_FILE_FULL:
		return n == 0 ? 0 : outcome(cursor_zero(to, n), -EFAULT);
	case EMUL_FILE_RANDOM:
		return n == 0 ? 0 : read_random(to, n);
	default:
		return -EINVAL;
	}
}

/* Out of line straight from the program's memory at `address`. */
static kern_return_t write_large(struct emul_file *file, int flags, int64_t offset, uint32_t n,
	uint32_t address, struct cursor *from, uint32_t *written, int64_t *end)
{
	kern_return_t kr;

	kr = io_write_large(file->port, 0, flags, offset, (char *)address, n, written, end);
	if (kr == MACH_SEND_INVALID_MEMORY)
		return KERN_PROTECTION_FAILURE;
	if (kr == KERN_SUCCESS && *written > n)
		return MASIX_E_IO;
	if (kr == KERN_SUCCESS)
		cursor_skip(from, *written);
	return kr;
}

/* One request's worth; *part says how much was tried. */
static kern_return_t write_part(struct emul_file *file, int flags, int64_t offset, uint32_t *part,
	struct cursor *from, uint32_t *written, int64_t *end)
{
	const struct message_target target = { .port = file->port, .flags = flags };

	*written = 0;
	if (*part > INLINE_WRITE_MOST) {
		uint32_t size = *part < MASIX_BULK_MAX ? *part : MASIX_BULK_MAX;
		uint32_t address = cursor_contiguous(from, size);

		if (address != 0) {
			kern_return_t kr =
				write_large(file, flags, offset, size, address, from, written, end);

			if (kr != MASIX_E_BUSY) {
				*part = size;
				return kr;
			}
			/* Too many at once: inline. */
		}
	}
	if (*part > MASIX_INLINE_MAX)
		*part = MASIX_INLINE_MAX;
	return message_write(&target, offset, *part, from, written, end);
}

static long write_regular(struct emul_file *file, struct cursor *from, uint32_t n, int64_t offset)
{
	uint32_t status = file_flags(file);
	int append = (status & O_APPEND) != 0;
	int64_t start, end = 0;
	uint32_t done = 0;
	kern_return_t kr = KERN_SUCCESS;

	start = offset == AT_POSITION && !append ? file_take(file, n) : offset;
	if (append && limits_file_size_is_set()) {
		struct masix_stat stat;

		kr = io_stat(file->port, &stat);
		if (kr != KERN_SUCCESS)
			return emul_result(kr);
		n = limits_file_size((int64_t)stat.size, n);
		if (n == 0)
			return -EFBIG;
	}
	if (!append) {
		uint32_t allowed = limits_file_size(start, n);

		if (allowed < n && offset == AT_POSITION)
			file_give_back(file, start, n, allowed);
		if (allowed == 0)
			return -EFBIG;
		n = allowed;
	}
	if (!append)
		done = window_write(file, from, n, start);
	if (done < n)
		trust_epoch++;
	while (done < n && kr == KERN_SUCCESS) {
		uint32_t part = n - done, written;

		kr = write_part(file, append ? MASIX_IO_APPEND : 0, append ? 0 : start + done,
			&part, from, &written, &end);
		done += written;
		if (!append && written > 0)
			window_wrote(file, written, start + done - written);
		if (written < part)
			break;
	}
	if (offset == AT_POSITION && append && done > 0)
		file_set_offset(file, end);
	else if (offset == AT_POSITION && !append)
		file_give_back(file, start, n, done);
	if (done > 0 && (status & (O_SYNC | O_DSYNC)) != 0)
		kr = io_sync(file->port);
	return outcome(done, emul_result(kr));
}

/* A blocking write to a stream goes on until all is written or a signal comes. */
static long write_stream(struct emul_file *file, struct cursor *from, uint32_t n)
{
	uint32_t token = emul_wait_begin(EMUL_WAIT_IO, file->port);
	const struct message_target target = { file->port, token, io_flags(file) };
	kern_return_t kr = KERN_SUCCESS;
	uint32_t done = 0;

	trust_end();
	while (done < n && kr == KERN_SUCCESS) {
		uint32_t part = n - done < MASIX_INLINE_MAX ? n - done : MASIX_INLINE_MAX,
			 written = 0;
		int64_t end;

		if (emul_signal_arrived())
			kr = MASIX_E_INTERRUPTED;
		else
			kr = message_write(&target, MASIX_STREAM, part, from, &written, &end);
		done += written;
		if (written == 0 || (written < part && (target.flags & MASIX_IO_NONBLOCK)))
			break;
	}
	emul_wait_end();
	if (kr == MASIX_E_PIPE)
		emul_raise(SIGPIPE, SI_USER);
	return outcome(done, emul_result(kr));
}

static long write_tty(struct emul_file *file, struct cursor *from, uint32_t n)
{
	int flags = io_flags(file) | (signals_inert(SIGTTOU) ? MASIX_TTY_TTIN_BLOCKED : 0);
	uint32_t token = emul_wait_begin(EMUL_WAIT_IO, file->port);
	kern_return_t kr = KERN_SUCCESS;
	uint32_t done = 0;

	trust_end();
	while (done < n && kr == KERN_SUCCESS) {
		char data[TTY_PART];
		uint32_t part = n - done < sizeof data ? n - done : sizeof data, sent = 0,
			 written = 0;

		part = cursor_get(from, data, part);
		if (part == 0)
			kr = KERN_PROTECTION_FAILURE;
		while (sent < part && kr == KERN_SUCCESS) {
			kr = emul_signal_arrived()
				     ? MASIX_E_INTERRUPTED
				     : tty_write(file->port, token, flags, EMUL_PORT_PROCESS,
					       data + sent, part - sent, &written);
			if (kr != KERN_SUCCESS)
				break;
			if (written > part - sent)
				written = part - sent;
			sent += written;
			if (written == 0 || (flags & MASIX_IO_NONBLOCK))
				break;
		}
		done += sent;
		if (sent < part)
			break;
	}
	emul_wait_end();
	return outcome(done, emul_result(kr));
}

long transfer_write(struct emul_file *file, struct cursor *from, uint32_t n, int64_t offset)
{
	if (!file_writable(file))
		return -EBADF;
	switch (file->kind) {
	case EMUL_FILE_REGULAR:
		return n == 0 ? 0 : write_regular(file, from, n, offset);
	case EMUL_FILE_STREAM:
		return n == 0 ? 0 : write_stream(file, from, n);
	case EMUL_FILE_SOCKET:
		return socket_write(file, from, n);
	case EMUL_FILE_EVENT:
		return n < EVENT_SIZE ? -EINVAL : write_stream(file, from, EVENT_SIZE);
	case EMUL_FILE_TTY:
		return n == 0 ? 0 : write_tty(file, from, n);
	case EMUL_FILE_NULL:
	case EMUL_FILE_ZERO:
	case EMUL_FILE_RANDOM:
		return (long)n;
	case EMUL_FILE_FULL:
		return n == 0 ? 0 : -ENOSPC;
	default:
		return -EINVAL;
	}
}
