#include "procfs_tree.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include <masix/error.h>

#define LINKS_MAX 40
#define NAME_ROOM 16

struct member {
	const char *name;
	enum proc_kind kind;
};

static const struct member root_members[] = { { "self", PROC_SELF }, { "mounts", PROC_MOUNTS_LINK },
	{ "meminfo", PROC_MEMINFO }, { "uptime", PROC_UPTIME }, { "loadavg", PROC_LOADAVG },
	{ "version", PROC_VERSION }, { "cpuinfo", PROC_CPUINFO },
	{ "filesystems", PROC_FILESYSTEMS }, { "stat", PROC_STAT }, { "vmstat", PROC_VMSTAT },
	{ "swaps", PROC_SWAPS }, { "devices", PROC_DEVICES }, { "sys", PROC_SYS },
	{ "masix", PROC_MASIX }, { "tty", PROC_TTY }, { "net", PROC_NET }, { NULL, PROC_NONE } };

static const struct member tty_members[] = { { "drivers", PROC_TTY_DRIVERS }, { NULL, PROC_NONE } };

static const struct member net_members[] = { { "dev", PROC_NET_DEV }, { "route", PROC_NET_ROUTE },
	{ "if_inet6", PROC_NET_IF_INET6 }, { "pnp", PROC_NET_PNP }, { "tcp", PROC_NET_TCP },
	{ "tcp6", PROC_NET_TCP6 }, { "udp", PROC_NET_UDP }, { "udp6", PROC_NET_UDP6 },
	{ "raw", PROC_NET_RAW }, { "raw6", PROC_NET_RAW6 }, { NULL, PROC_NONE } };

static const struct member sys_members[] = { { "kernel", PROC_SYS_KERNEL }, { NULL, PROC_NONE } };

static const struct member kernel_members[] = { { "hostname", PROC_HOSTNAME },
	{ "ostype", PROC_OSTYPE }, { "osrelease", PROC_OSRELEASE }, { "pid_max", PROC_PID_MAX },
	{ NULL, PROC_NONE } };

#define MEMBERS_OF_BOTH                                                                            \
	{ "stat", PROC_PID_STAT }, { "status", PROC_PID_STATUS }, { "statm", PROC_PID_STATM },     \
		{ "cmdline", PROC_PID_CMDLINE }, { "comm", PROC_PID_COMM }, { "exe", PROC_EXE },   \
		{ "root", PROC_PROCESS_ROOT }, { "mounts", PROC_PID_MOUNTS },                      \
		{ "mountinfo", PROC_PID_MOUNTINFO }, { "maps", PROC_PID_MAPS },                    \
	{                                                                                          \
		"environ", PROC_PID_ENVIRON                                                        \
	}

static const struct member process_members[] = { MEMBERS_OF_BOTH, { "task", PROC_TASKS },
	{ NULL, PROC_NONE } };

static const struct member thread_members[] = { MEMBERS_OF_BOTH, { NULL, PROC_NONE } };

static const struct member no_members[] = { { NULL, PROC_NONE } };

static const struct member *members_of(enum proc_kind kind)
{
	switch (kind) {
	case PROC_ROOT:
		return root_members;
	case PROC_SYS:
		return sys_members;
	case PROC_SYS_KERNEL:
		return kernel_members;
	case PROC_TTY:
		return tty_members;
	case PROC_NET:
		return net_members;
	case PROC_PROCESS:
		return process_members;
	case PROC_TASKS:
		return no_members;
	case PROC_THREAD:
		return thread_members;
	default:
		return NULL;
	}
}

bool proc_is_directory(struct proc_node node)
{
	return members_of(node.kind) != NULL;
}

bool proc_is_link(struct proc_node node)
{
	return node.kind >= PROC_SELF && node.kind <= PROC_PROCESS_ROOT;
}

/* The number that a name without leading zeros is, or 0. */
static int number_of(const char *name, uint32_t length)
{
	int number = 0;

	if (length == 0 || length > 9 + (name[0] == '1') || name[0] == '0')
		return 0;
	for (uint32_t i = 0; i < length; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, name[i] - '0', &number))
			return 0;
	}
	return number;
}

struct proc_node proc_lookup(
	const struct proc_view *view, struct proc_node dir, const char *name, uint32_t length)
{
	for (const struct member *m = members_of(dir.kind); m != NULL && m->name != NULL; m++)
		if (strlen(m->name) == length && memcmp(m->name, name, length) == 0)
			return (struct proc_node){ m->kind, dir.pid, dir.thread };

	const int number =
		dir.kind == PROC_ROOT || dir.kind == PROC_TASKS ? number_of(name, length) : 0;

	if (number != 0 && dir.kind == PROC_ROOT && view->exists(number))
		return (struct proc_node){ .kind = PROC_PROCESS, .pid = number };
	if (number != 0 && dir.kind == PROC_TASKS && view->next_thread(dir.pid, number) == number)
		return (struct proc_node){ PROC_THREAD, dir.pid, number };
	return (struct proc_node){ .kind = PROC_NONE };
}

static struct proc_node parent_of(struct proc_node node)
{
	if (node.kind == PROC_SYS_KERNEL)
		return (struct proc_node){ .kind = PROC_SYS };
	if (node.kind == PROC_TASKS)
		return (struct proc_node){ .kind = PROC_PROCESS, .pid = node.pid };
	if (node.kind == PROC_THREAD)
		return (struct proc_node){ .kind = PROC_TASKS, .pid = node.pid };
	return (struct proc_node){ .kind = PROC_ROOT };
}

uint32_t proc_readlink(const struct proc_view *view, struct proc_node node, char *to, uint32_t room)
{
	int length = 0;

	switch (node.kind) {
	case PROC_SELF:
		length = snprintf(to, room, "%d", view->self);
		break;
	case PROC_MOUNTS_LINK:
		length = snprintf(to, room, "self/mounts");
		break;
	default:
		return view->link(view->self, node, to, room);
	}
	return length > 0 && (uint32_t)length < room ? length : 0;
}

/* Put a link's target in front of what is left of the path. */
static int expand(const struct proc_view *view, struct proc_node link, struct proc_walk *walk)
{
	char target[MASIX_PATH_MAX];
	uint32_t length = proc_readlink(view, link, target, sizeof(target));

	if (length == 0)
		return MASIX_E_NOT_FOUND;
	if (length + 1 + walk->rest_length > sizeof(walk->rest))
		return MASIX_E_NAME_TOO_LONG;
	uint32_t slash = walk->rest_length > 0 ? 1 : 0;

	memmove(walk->rest + length + slash, walk->rest, walk->rest_length);
	memcpy(walk->rest, target, length);
	if (slash)
		walk->rest[length] = '/';
	walk->rest_length += length + slash;
	return 0;
}

/* Cut the first component off `rest`. */
static void next_component(struct proc_walk *walk, char *name, uint32_t *length)
{
	uint32_t begin = 0, end;

	while (begin < walk->rest_length && walk->rest[begin] == '/')
		begin++;
	end = begin;
	while (end < walk->rest_length && walk->rest[end] != '/')
		end++;
	*length = end - begin;
	if (*length <= MASIX_NAME_MAX)
		memcpy(name, walk->rest + begin, *length);
	while (end < walk->rest_length && walk->rest[end] == '/')
		end++;
	walk->rest_length -= end;
	memmove(walk->rest, walk->rest + end, walk->rest_length);
}

int proc_walk(const struct proc_view *view, struct proc_node from, const char *path,
	uint32_t length, bool follow, struct proc_walk *walk)
{
	char name[MASIX_NAME_MAX];
	uint32_t name_length;
	unsigned links = 0;

	if (length > sizeof(walk->rest))
		return MASIX_E_NAME_TOO_LONG;
	/* A trailing slash asks for what a link points to. */
	if (length > 0 && path[length - 1] == '/')
		follow = true;
	memcpy(walk->rest, path, length);
	walk->rest_length = length;
	walk->cross = 0;
	walk->found = from;
	for (;;) {
		next_component(walk, name, &name_length);
		if (name_length == 0)
			return 0;
		if (!proc_is_directory(walk->found))
			return MASIX_E_NOT_DIRECTORY;
		if (name_length > MASIX_NAME_MAX)
			return MASIX_E_NAME_TOO_LONG;
		if (name_length == 1 && name[0] == '.')
			continue;
		if (name_length == 2 && name[0] == '.' && name[1] == '.') {
			if (walk->found.kind == PROC_ROOT) {
				walk->cross = MASIX_CROSS_PARENT;
				return 0;
			}
			walk->found = parent_of(walk->found);
			continue;
		}
		struct proc_node member = proc_lookup(view, walk->found, name, name_length);

		if (member.kind == PROC_NONE)
			return MASIX_E_NOT_FOUND;
		if (!proc_is_link(member) || (!follow && walk->rest_length == 0)) {
			walk->found = member;
			continue;
		}
		if (++links > LINKS_MAX)
			return MASIX_E_LOOP;
		int error = expand(view, member, walk);

		if (error != 0)
			return error;
		if (walk->rest[0] == '/') {
			walk->cross = MASIX_CROSS_ROOT;
			return 0;
		}
	}
}

uint64_t proc_ino(struct proc_node node)
{
	return (uint64_t)node.thread << 32 | (uint64_t)node.pid << 8 | node.kind;
}

/* --- Listing --- */

struct listing {
	char *to;
	uint32_t room, used;
};

static bool list(struct listing *l, const char *name, struct proc_node node, int64_t next)
{
	uint32_t length = strlen(name);
	uint32_t size = (sizeof(struct masix_dirent) + length + 7) & ~7u;
	struct masix_dirent entry = {
		.ino = proc_ino(node),
		.next = next,
		.length = size,
		.type = proc_is_directory(node) ? DT_DIR
			: proc_is_link(node)	? DT_LNK
						: DT_REG,
		.name_length = length,
	};

	if (l->room - l->used < size)
		return false;
	memset(l->to + l->used, 0, size);
	memcpy(l->to + l->used, &entry, sizeof(entry));
	memcpy(l->to + l->used + sizeof(entry), name, length);
	l->used += size;
	return true;
}

/* Cookies: 0 ".", 1 "..", then the members, then (in the root, and of threads) FIRST_PID + id. */
#define FIRST_MEMBER 2
#define FIRST_PID 1000

uint32_t proc_entries(const struct proc_view *view, struct proc_node dir, int64_t cookie, char *to,
	uint32_t room, int64_t *next)
{
	const struct member *members = members_of(dir.kind);
	struct listing l = { to, room, 0 };
	int64_t count = 0;

	*next = cookie;
	if (members == NULL || cookie < 0)
		return 0;
	while (members[count].name != NULL)
		count++;
	for (; *next < FIRST_MEMBER + count; ++*next) {
		struct proc_node node = *next == 0 ? dir : parent_of(dir);
		const char *name = *next == 0 ? "." : "..";

		if (*next >= FIRST_MEMBER) {
			name = members[*next - FIRST_MEMBER].name;
			node = (struct proc_node){ members[*next - FIRST_MEMBER].kind, dir.pid,
				dir.thread };
		}
		if (!list(&l, name, node, *next + 1))
			return l.used;
	}
	if (dir.kind != PROC_ROOT && dir.kind != PROC_TASKS)
		return l.used;
	if (*next < FIRST_PID)
		*next = FIRST_PID;

	while (*next - FIRST_PID < INT32_MAX) {
		const int from = *next - FIRST_PID;
		struct proc_node node = { .kind = PROC_PROCESS };
		char name[NAME_ROOM];
		int id;

		if (dir.kind == PROC_TASKS) {
			id = view->next_thread(dir.pid, from);
			node = (struct proc_node){ PROC_THREAD, dir.pid, id };
		} else {
			id = node.pid = view->next(from);
		}
		if (id == 0)
			break;
		snprintf(name, sizeof(name), "%d", id);
		if (!list(&l, name, node, (int64_t)FIRST_PID + id + 1))
			return l.used;
		*next = (int64_t)FIRST_PID + id + 1;
	}
	return l.used;
}

uint32_t proc_path(struct proc_node dir, char *to, uint32_t room)
{
	int length;

	switch (dir.kind) {
	case PROC_SYS:
		length = snprintf(to, room, "/sys");
		break;
	case PROC_SYS_KERNEL:
		length = snprintf(to, room, "/sys/kernel");
		break;
	case PROC_TTY:
		length = snprintf(to, room, "/tty");
		break;
	case PROC_NET:
		length = snprintf(to, room, "/net");
		break;
	case PROC_PROCESS:
		length = snprintf(to, room, "/%d", dir.pid);
		break;
	case PROC_TASKS:
		length = snprintf(to, room, "/%d/task", dir.pid);
		break;
	case PROC_THREAD:
		length = snprintf(to, room, "/%d/task/%d", dir.pid, dir.thread);
		break;
	default:
		length = snprintf(to, room, "/");
	}
	return length > 0 && (uint32_t)length < room ? length : 0;
}
