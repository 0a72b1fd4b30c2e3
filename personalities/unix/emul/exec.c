/* execve: a new program in this task.  Everything that can be refused is refused before
 * the old program is touched. */
#include "exec.h"
#include "calls.h"

#include "fd.h"
#include "files.h"
#include "io.h"
#include "mach_port.h"
#include "process.h"
#include "random.h"
#include "signals.h"
#include "space.h"
#include "threads.h"
#include <masix/elf.h>
#include <masix/error.h>

#define EACCES 13
#define EBADF 9
#define ENOENT 2
#define E2BIG 7
#define EFAULT 14
#define ELOOP 40
#define ENOEXEC 8
#define ENOMEM 12
#define EINVAL 22
#define ENAMETOOLONG 36

#define AT_FDCWD (-100)
#define AT_EMPTY_PATH 0x1000u
#define HEAD_SIZE SPACE_PAGE /* of a file, read to find out what it is */
#define SCRIPT_LEVELS 4
#define SCRIPT_LINE_MAX 255u
#define STRINGS_MAX (1u << 20) /* arguments and environment, bytes */
#define STRING_MAX (128u << 10)
#define STACK_MIN (128u << 10)
#define STACK_MAX (256u << 20)
#define RLIMIT_STACK 3

void emul_leave(void) __attribute__((noreturn));

/* A file to be run, not yet mapped. */
struct program {
	mach_port_t port;   /* io; MACH_PORT_NULL = none */
	mach_port_t object; /* memory object */
	uint64_t size;
	struct masix_stat stat;
	struct masix_elf elf;
	uint32_t head_size;
	char head[HEAD_SIZE];
};

/* Everything of one execve; in the library's memory, because the program's goes away. */
struct exec {
	struct program main, interpreter;
	char path[MASIX_PATH_MAX];	 /* what is run in the end */
	char first[MASIX_PATH_MAX];	 /* what was asked for: AT_EXECFN */
	char prefix[2 * MASIX_PATH_MAX]; /* arguments that #! put in front, NUL-terminated */
	uint32_t prefix_size, prefix_count;
	uint32_t strings_size, argc, envc;
	char strings[STRINGS_MAX]; /* argv, then envp */
};

static void drop_program(struct program *p)
{
	if (p->port)
		(void)mach_port_deallocate(EMUL_PORT_TASK, p->port);
	if (p->object)
		(void)mach_port_deallocate(EMUL_PORT_TASK, p->object);
	p->port = p->object = MACH_PORT_NULL;
}

static void drop(struct exec *e)
{
	drop_program(&e->main);
	drop_program(&e->interpreter);
	emul_memory_free(e, sizeof *e);
}

/* Copy a string of the program: its length with the NUL, or -errno. */
static long copy_string(char *to, uint32_t room, uint32_t from)
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
		uint32_t room = STRINGS_MAX - e->strings_size;
		long length;

		if (!emul_user_range(vector + 4 * i, 4) ||
			emul_copy(&pointer, (const void *)(vector + 4 * i), 4))
			return -EFAULT;
		if (!pointer)
			return 0;
		if (i < skip)
			continue;
		length = copy_string(e->strings + e->strings_size,
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
	if (file->kind == EMUL_FILE_REGULAR && (file->stat.mode & 0111) &&
		!mach_port_mod_refs(EMUL_PORT_TASK, file->port, MACH_PORT_RIGHT_SEND, 1)) {
		p->port = file->port;
		p->stat = file->stat;
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

/* An empty path: the descriptor itself. */
static long open_program(struct program *p, int dirfd, const char *path)
{
	mach_msg_type_number_t count = HEAD_SIZE;
	int64_t size;
	long result;

	result = *path ? open_path(p, dirfd, path) : open_descriptor(p, dirfd);
	if (result)
		return result;
	result = emul_result(io_read(p->port, 0, 0, 0, HEAD_SIZE, p->head, &count));
	if (result)
		return result;
	p->head_size = count;
	result = emul_result(io_map(p->port, &p->object, &size));
	p->size = (uint64_t)size;
	return result;
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
		if (e->main.head_size < 2 || e->main.head[0] != '#' || e->main.head[1] != '!')
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

static long prepare(struct exec *e, int dirfd, const uint32_t *vectors)
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

/* Map one segment at `bias`.  Past the point of no return: failure kills. */
static int map_segment(const struct program *p, const struct masix_elf_segment *s, uint32_t bias)
{
	uint32_t start = (bias + s->address) & ~(SPACE_PAGE - 1), address;
	uint32_t file_end = bias + s->address + s->file_size;
	uint32_t end = page_up(bias + s->address + s->memory_size);
	uint32_t mapped = s->file_size ? page_up(file_end) : start;
	struct region_request request = {
		.address = start,
		.length = mapped - start,
		.protection = s->protection,
		.flags = REGION_FIXED,
		.object = p->object,
		.offset = s->file_offset & ~(SPACE_PAGE - 1),
		.max_protection = 7,
	};

	if (s->file_size) {
		if (region_map(&space, &request, &address))
			return 0;
		space_mark(start, mapped - start, 1);
	}
	if (s->memory_size > s->file_size && s->file_size && file_end < mapped) {
		/* What follows the file's bytes in their last page is bss. */
		if (!(s->protection & 2) &&
			region_protect(&space, mapped - SPACE_PAGE, SPACE_PAGE, 7))
			return 0;
		memset((void *)file_end, 0, mapped - file_end);
		if (!(s->protection & 2) &&
			region_protect(&space, mapped - SPACE_PAGE, SPACE_PAGE, s->protection))
			return 0;
	}
	if (end > mapped) {
		request.address = mapped;
		request.length = end - mapped;
		request.object = MACH_PORT_NULL;
		request.offset = 0;
		if (region_map(&space, &request, &address))
			return 0;
		space_mark(mapped, end - mapped, 0);
	}
	return 1;
}

static int map_program(const struct program *p, uint32_t base, uint32_t *bias)
{
	unsigned i;

	*bias = p->elf.is_dynamic ? base - p->elf.low : 0;
	for (i = 0; i < p->elf.segment_count; i++)
		if (!map_segment(p, &p->elf.segments[i], *bias))
			return 0;
	return 1;
}

/* Room for the whole interpreter in the mmap area. */
static uint32_t reserve(uint32_t size)
{
	struct region_request request = { .length = size };
	uint32_t address;

	return region_map(&space, &request, &address) ? 0 : address;
}

/* Copy `size` bytes below *at; the new *at. */
static uint32_t push(uint32_t *at, const void *data, uint32_t size)
{
	*at -= size;
	memcpy((void *)*at, data, size);
	return *at;
}

/* Pointers to the next `count` strings at *string. */
static void put_pointers(uint32_t **word, uint32_t *string, uint32_t count)
{
	while (count--) {
		*(*word)++ = *string;
		*string += (uint32_t)strlen((const char *)*string) + 1;
	}
}

static uint32_t cpu_features(void)
{
	uint32_t a = 1, b, c, d;

	asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return d;
}

struct placed {
	uint32_t bias, interpreter_bias, strings, arg_end, stack;
};

/* The initial stack of the System V ABI; its lowest address. */
static uint32_t build_stack(const struct exec *e, struct placed *placed)
{
	extern const char __kernel_vsyscall[];
	const struct masix_elf *elf = &e->main.elf;
	uint32_t at = EMUL_BASE - 4, random[4], platform, random_at, name, strings, words, *word,
		 string;
	const struct emul_process *p = &emul_process;

	random_bytes(random, sizeof random);
	*(uint32_t *)at = 0;
	name = push(&at, e->first, (uint32_t)strlen(e->first) + 1);
	(void)push(&at, e->strings, e->strings_size);
	strings = push(&at, e->prefix, e->prefix_size);
	platform = push(&at, "i686", 5);
	random_at = push(&at, random, sizeof random);
	words = 1 + e->prefix_count + e->argc + 1 + e->envc + 1 + 2 * 21;
	at = (at - 4 * words) & ~15u;
	word = (uint32_t *)at;
	*word++ = e->prefix_count + e->argc;
	string = strings;
	put_pointers(&word, &string, e->prefix_count + e->argc);
	*word++ = 0;
	placed->strings = strings;
	placed->arg_end = string;
	put_pointers(&word, &string, e->envc);
	*word++ = 0;
#define AUX(type, value) (*word++ = (type), *word++ = (uint32_t)(value))
	AUX(32, __kernel_vsyscall); /* AT_SYSINFO */
	AUX(33, EMUL_BASE);	    /* AT_SYSINFO_EHDR */
	AUX(16, cpu_features());    /* AT_HWCAP */
	AUX(6, SPACE_PAGE);	    /* AT_PAGESZ */
	AUX(17, 100);		    /* AT_CLKTCK */
	AUX(3, elf->headers_address ? placed->bias + elf->headers_address : 0); /* AT_PHDR */
	AUX(4, 32);								/* AT_PHENT */
	AUX(5, elf->header_count);						/* AT_PHNUM */
	AUX(7, placed->interpreter_bias);					/* AT_BASE */
	AUX(8, 0);								/* AT_FLAGS */
	AUX(9, placed->bias + elf->entry);					/* AT_ENTRY */
	AUX(11, p->ruid);
	AUX(12, p->euid);
	AUX(13, p->rgid);
	AUX(14, p->egid);
	AUX(23, 0);	    /* AT_SECURE */
	AUX(25, random_at); /* AT_RANDOM */
	AUX(26, 0);	    /* AT_HWCAP2 */
	AUX(31, name);	    /* AT_EXECFN */
	AUX(15, platform);  /* AT_PLATFORM */
	AUX(0, 0);
#undef AUX
	placed->stack = at;
	return at;
}

/* The new comm and what /proc tells. */
static void announce(const struct exec *e, const struct placed *placed)
{
	const struct masix_elf *elf = &e->main.elf;
	char absolute[MASIX_PATH_MAX];
	uint32_t length = placed->arg_end - placed->strings;
	const char *name = e->path, *s;
	masix_ids_t image = {
		placed->bias + elf->low,
		placed->bias + elf->high,
		placed->stack,
		space.heap,
		placed->strings,
		placed->arg_end,
	};

	for (s = e->path; *s; s++)
		if (*s == '/')
			name = s + 1;
	memset(emul_process.comm, 0, sizeof emul_process.comm);
	for (length = 0; length < sizeof emul_process.comm - 1 && name[length]; length++)
		emul_process.comm[length] = name[length];
	if (emul_path_absolute(e->path, absolute, sizeof absolute))
		memcpy(absolute, e->path, strlen(e->path) + 1);
	length = placed->arg_end - placed->strings;
	if (length > SPACE_PAGE)
		length = SPACE_PAGE;
	(void)process_exec(EMUL_PORT_PROCESS, emul_process.comm, strlen(emul_process.comm),
		(char *)placed->strings, length, absolute, strlen(absolute), image, 6);
}

/* As the limit says, with room for the strings. */
static uint32_t stack_size(const struct exec *e)
{
	uint64_t limit = emul_process.limits[RLIMIT_STACK][0];

	if (limit > STACK_MAX)
		limit = STACK_MAX;
	if (limit < STACK_MIN + e->strings_size + sizeof e->prefix)
		limit = STACK_MIN + e->strings_size + sizeof e->prefix;
	return page_up((uint32_t)limit);
}

/* Nothing can be refused any more. */
static void __attribute__((noreturn)) commit(struct exec *e)
{
	static const uint32_t fresh_sse_control = 0x1f80;
	struct emul_thread *self = emul_self();
	struct placed placed = { 0 };
	uint32_t size = stack_size(e);
	struct region_request request = {
		.address = EMUL_BASE - size,
		.length = size,
		.protection = 3,
		.flags = REGION_FIXED,
	};
	uint32_t address, base, esp, entry;
	int ok;

	threads_end_others();
	emul_files_exec();
	signals_exec();
	space_clear();
	space.object_size = 0; /* the stack is one object: only its end is ever touched */
	ok = !region_map(&space, &request, &address);
	space.object_size = 1u << 20;
	ok = ok && map_program(&e->main, SPACE_PIE, &placed.bias);
	entry = placed.bias + e->main.elf.entry;
	if (ok && e->interpreter.port) {
		base = reserve(e->interpreter.elf.high - e->interpreter.elf.low);
		ok = base && map_program(&e->interpreter, base, &placed.interpreter_bias);
		entry = placed.interpreter_bias + e->interpreter.elf.entry;
	}
	if (!ok)
		signals_kill(SIGSEGV);
	space_set_heap(placed.bias + e->main.elf.high);
	esp = build_stack(e, &placed);
	announce(e, &placed);
	drop(e);

	self->vector.clear_tid = NULL;
	self->robust_list = 0;
	self->gs_used = 0;
	asm volatile("movl %0, %%gs" : : "r"(0));
	asm volatile("fninit");
	asm volatile("ldmxcsr %0" : : "m"(fresh_sse_control));
	memset(&self->state, 0, sizeof self->state);
	self->state.esp = esp;
	self->state.eip = entry;
	self->state.eflags = 0x202;
	self->state.call = ~0u;
	emul_leave();
}

/* dirfd, path (in the program's or the library's memory), { argv, envp }. */
static long exec_at(int dirfd, uint32_t path, const uint32_t *vectors, uint32_t flags)
{
	struct exec *e = emul_memory_allocate(sizeof *e, 0);
	long result;

	if (!e)
		return -ENOMEM;
	result = copy_string(e->path, sizeof e->path, path);
	if (result == -E2BIG)
		result = -ENAMETOOLONG;
	if (result == 1 && !(flags & AT_EMPTY_PATH))
		result = -ENOENT;
	if (result > 0) {
		memcpy(e->first, e->path, (uint32_t)result);
		result = prepare(e, dirfd, vectors);
	}
	if (result) {
		drop(e);
		return result;
	}
	commit(e);
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
		result = prepare(e, AT_FDCWD, none);
		e->strings_size = length + (uint32_t)strlen(environment[0]) + 1;
		e->argc = e->envc = 1;
	}
	if (!result)
		commit(e);
	emul_log("the first program cannot be run, error ", (uint32_t)-result);
	signals_kill(SIGKILL);
}
