/* execve: a new program in this task.  Everything that can be refused is refused before
 * the old program is touched. */
#include "exec.h"

#include <asm/errno.h>
#include <linux/fcntl.h>

#include <masix/error.h>

#include "calls.h"
#include "pass.h"
#include "signals.h"
#include "threads.h"

/* dirfd, path (in the program's or the library's memory), { argv, envp }. */
static long exec_at(int dirfd, uint32_t path, const uint32_t *vectors, uint32_t flags)
{
	struct exec *e = emul_memory_allocate(sizeof *e, 0);
	long result;

	if (!e)
		return -ENOMEM;
	result = program_copy_string(e->path, sizeof e->path, path);
	if (result == -E2BIG)
		result = -ENAMETOOLONG;
	if (result == 1 && !(flags & AT_EMPTY_PATH))
		result = -ENOENT;
	if (result > 0) {
		memcpy(e->first, e->path, (uint32_t)result);
		result = program_prepare(e, dirfd, vectors);
	}
	if (!result && pass_is_needed(e)) {
		kern_return_t kr = pass_on(e);

		result = kr != MASIX_E_PERMISSION ? emul_result(kr) : 0;
	}
	if (!result)
		result = threads_end_others();
	if (result) {
		program_drop(e);
		return result;
	}
	image_commit(e);
}

long sys_execve(const uint32_t *a)
{
	return exec_at(AT_FDCWD, a[0], a + 1, 0);
}

long sys_execveat(const uint32_t *a)
{
	if (a[4] & ~0x1100u)
		return -EINVAL;
	return exec_at((int)a[0], a[1], a + 2, a[4]);
}

void exec_first(const char *path)
{
	static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	const uint32_t none[2] = { 0, 0 };
	struct exec *e = emul_memory_allocate(sizeof *e, 0);
	uint32_t length = (uint32_t)strlen(path) + 1;
	long result = -ENOMEM;

	if (e && length <= sizeof e->path) {
		memcpy(e->path, path, length);
		memcpy(e->first, path, length);
		memcpy(e->strings, path, length);
		memcpy(e->strings + length, environment[0], strlen(environment[0]) + 1);
		result = program_prepare(e, AT_FDCWD, none);
		e->strings_size = length + (uint32_t)strlen(environment[0]) + 1;
		e->argc = e->envc = 1;
	}
	if (!result)
		image_commit(e);
	emul_log("the first program cannot be run, error ", (uint32_t)-result);
	signals_kill(SIGKILL);
}
