/* From a path to an open program: #! lines, the ELF interpreter, argument strings.  Everything that can be
 * refused is refused here. */
#include "program.h"

#include <asm/errno.h>
#include <linux/fcntl.h>

#include "acs_client.h"
#include "fd.h"
#include "files.h"
#include "io.h"
#include "mach_port.h"
#include "process.h"

#define SCRIPT_LEVELS 4
#define SCRIPT_LINE_MAX 255u
#define STRING_MAX (128u << 10)

static void drop_program(struct program *p)
{
	if (p->port)
		(void)mach_port_deallocate(EMUL_PORT_TASK, p->port);
	if (p->object)
		(void)mach_port_deallocate(EMUL_PORT_TASK, p->object);
	p->port = p->object = MACH_PORT_NULL;
}

void program_drop(struct exec *e)
{
	drop_program(&e->main);
	drop_program(&e->interpreter);
	emul_memory_free(e, sizeof *e);
}

/* Copy a string of the program: its length with the NUL, or -errno. */
long program_copy_string(char *to, uint32_t room, uint32_t from)
{
	uint32_t done = 0;

	while (done < room) {
		uint32_t chunk = SPACE_PAGE - ((from + done) & (SPACE_PAGE - 1));
		uint32_t i;

		if (chunk > room - done)
			chunk = room - done;
		if (!emul_user_range(from + done, chunk) ||
			emul_copy(to + done, (const void *)(from + done), chunk))
			return -EFAULT;
		for (i = 0; i < chunk; i++)
			if (!to[done + i])
				return (long)(done + i + 1);
		done += chunk;
	}
	return -E2BIG;
}

/* Append the strings of a NULL-terminated vector (0 = empty) from its `skip`th on. */
static long copy_vector(struct exec *e, uint32_t vector, uint32_t skip, uint32_t *count)
{
	uint32_t pointer, i;

	*count = 0;
	if (!vector)
		return 0;
	for (i = 0;; i++) {
		uint32_t room = PROGRAM_STRINGS - e->strings_size;
		long length;

		if (!emul_user_range(vector + 4 * i, 4) ||
			emul_copy(&pointer, (const void *)(vector + 4 * i), 4))
			return -EFAULT;
		if (!pointer)
			return 0;
		if (i < skip)
			continue;
		length = program_copy_string(e->strings + e->strings_size,
			room < STRING_MAX ? room : STRING_MAX, pointer);
		if (length < 0)
			return length;
		e->strings_size += (uint32_t)length;
		++*count;
	}
}

/* A right of our own for the regular file behind `fd` (fexecve). */
static long open_descriptor(struct program *p, int fd)
{
	struct emul_file *file = fd_hold((uint32_t)fd);
	long result = -EACCES;

	if (!file)
		return -EBADF;
	if (file->kind == EMUL_FILE_REGULAR && !io_stat(file->port, &p->stat) &&
		(p->stat.mode & 0111) &&
		!mach_port_mod_refs(EMUL_PORT_TASK, file->port, MACH_PORT_RIGHT_SEND, 1)) {
		p->port = file->port;
		result = 0;
	}
	file_release(file);
	return result;
}

static long open_path(struct program *p, int dirfd, const char *path)
{
	int kind;
	long result = emul_path_open(dirfd, path, MASIX_OPEN_EXEC, 0, &kind, &p->port, &p->stat);

	return result || kind == MASIX_KIND_FILE ? result : -EACCES;
}

/* What the file begins with, and its memory object. */
static long examine(struct program *p)
{
	mach_msg_type_number_t count = PROGRAM_HEAD;
	int64_t size;
	long result;

	result = emul_result(io_read(p->port, 0, 0, 0, PROGRAM_HEAD, p->head, &count));
	if (result)
		return result;
	p->head_size = count;
	result = emul_result(io_map(p->port, &p->object, &size));
	p->size = (uint64_t)size;
	return result;
}

/* An empty path: the descriptor itself. */
static long open_program(struct program *p, int dirfd, const char *path)
{
	long result;

	result = *path ? open_path(p, dirfd, path) : open_descriptor(p, dirfd);
	return result ? result : examine(p);
}

/* "#!INTERPRETER [ARGUMENT]" in head: the two strings cut out in place.  Only the first bytes of the file
 * count: an argument that goes on behind them is cut, a path is refused. */
static long parse_script(struct program *p, char **interpreter, char **argument)
{
	uint32_t length = p->head_size < SCRIPT_LINE_MAX ? p->head_size : SCRIPT_LINE_MAX;
	char *s = p->head + 2, *end = p->head + length, *line;
	int complete;

	for (line = s; line < end && *line != '\n'; line++)
		;
	complete = line < end || p->head_size < SCRIPT_LINE_MAX;
	*line = '\0';
	while (line > s && (line[-1] == ' ' || line[-1] == '\t' || line[-1] == '\r'))
		*--line = '\0';
	while (*s == ' ' || *s == '\t')
		s++;
	if (!*s)
		return -ENOEXEC;
	*interpreter = s;
	while (*s && *s != ' ' && *s != '\t')
		s++;
	if (!*s && !complete)
		return -ENOEXEC;
	*argument = NULL;
	if (*s) {
		*s++ = '\0';
		while (*s == ' ' || *s == '\t')
			s++;
		*argument = s;
	}
	return 0;
}

/* Put the strings in front of the prefix, whose first one (the script's own name, or none) they
 * replace: INTERPRETER [ARGUMENT] SCRIPT. */
static long push_prefix(
	struct exec *e, const char *interpreter, const char *argument, const char *script)
{
	const char *part[3] = { interpreter, argument ? argument : script,
		argument ? script : NULL };
	uint32_t skip = e->prefix_count ? (uint32_t)strlen(e->prefix) + 1 : 0;
	uint32_t kept = e->prefix_size - skip, added = 0, at = 0;
	int i;

	for (i = 0; i < 3 && part[i]; i++)
		added += (uint32_t)strlen(part[i]) + 1;
	if (added + kept > sizeof e->prefix)
		return -ENAMETOOLONG;
	memmove(e->prefix + added, e->prefix + skip, kept);
	for (i = 0; i < 3 && part[i]; i++) {
		uint32_t length = (uint32_t)strlen(part[i]) + 1;

		memcpy(e->prefix + at, part[i], length);
		at += length;
	}
	e->prefix_size = added + kept;
	e->prefix_count += (uint32_t)i - (skip ? 1 : 0);
	return 0;
}

static int begins_with(const struct program *p, const char *magic)
{
	uint32_t n = (uint32_t)strlen(magic);

	return p->head_size >= n && !memcmp(p->head, magic, n);
}

/* A file that is no program of Unix: if another personality has a program that runs it, its first line becomes the
 * #! line that names that one. */
static void ask_for_runner(struct program *p, const char *path)
{
	const char *name = path, *s;
	mach_msg_type_number_t size = sizeof(masix_name_t);
	masix_name_t runner;
	mach_port_t acs;

	for (s = path; *s; s++)
		if (*s == '/')
			name = s + 1;
	if (!*name || strlen(name) > MASIX_NAME_MAX || process_acs(EMUL_PORT_PROCESS, &acs))
		return;
	if (!acs_runner(acs, p->head, p->head_size, name, strlen(name), runner, &size) &&
		size < SCRIPT_LINE_MAX - 3) {
		memcpy(p->head, "#!", 2);
		memcpy(p->head + 2, runner, size);
		p->head[2 + size] = '\n';
		p->head_size = size + 3;
	}
	(void)mach_port_deallocate(EMUL_PORT_TASK, acs);
}

/* Follow #! lines until a binary is open in e->main. */
static long find_program(struct exec *e, int dirfd)
{
	char *interpreter, *argument;
	int level;
	long result;

	for (level = 0; level <= SCRIPT_LEVELS; level++) {
		result = open_program(&e->main, dirfd, e->path);
		if (result)
			return result;
		if (!begins_with(&e->main, "#!") && !begins_with(&e->main, "\177ELF"))
			ask_for_runner(&e->main, e->path);
		if (!begins_with(&e->main, "#!"))
			return 0;
		result = parse_script(&e->main, &interpreter, &argument);
		if (!result)
			result = push_prefix(e, interpreter, argument, e->path);
		if (result)
			return result;
		if (strlen(interpreter) >= sizeof e->path)
			return -ENAMETOOLONG;
		memcpy(e->path, interpreter, strlen(interpreter) + 1);
		drop_program(&e->main);
		dirfd = AT_FDCWD;
	}
	return -ELOOP;
}

static long parse(struct program *p)
{
	const char *why;

	return masix_elf_parse(p->head, p->head_size, p->size, &p->elf, &why) ? -ENOEXEC : 0;
}

/* The ELF interpreter that the program names, if it does. */
static long find_interpreter(struct exec *e)
{
	const struct masix_elf *elf = &e->main.elf;
	const char *path = e->main.head + elf->interpreter_offset;
	long result;

	if (!elf->interpreter_size)
		return 0;
	if (elf->interpreter_offset >= e->main.head_size ||
		elf->interpreter_size > e->main.head_size - elf->interpreter_offset ||
		path[elf->interpreter_size - 1])
		return -ENOEXEC;
	result = open_program(&e->interpreter, AT_FDCWD, path);
	if (!result)
		result = parse(&e->interpreter);
	if (!result && (!e->interpreter.elf.is_dynamic || e->interpreter.elf.interpreter_size))
		result = -EINVAL;
	return result;
}

long program_prepare(struct exec *e, int dirfd, const uint32_t *vectors)
{
	long result;

	result = find_program(e, dirfd);
	if (!result)
		result = copy_vector(e, vectors[0], e->prefix_count ? 1 : 0, &e->argc);
	if (!result)
		result = copy_vector(e, vectors[1], 0, &e->envc);
	if (!result)
		result = parse(&e->main);
	if (!result)
		result = find_interpreter(e);
	return result;
}

long program_prepare_open(struct exec *e)
{
	long result = examine(&e->main);

	if (!result)
		result = parse(&e->main);
	if (!result)
		result = find_interpreter(e);
	return result;
}
