/* From a caller's path to an object, over the directory ports that it handed in. */
#include "walk.h"

#include <string.h>

#include <masix/error.h>

#include "dir.h"
#include "machine.h"

#define CROSSINGS 40

static struct {
	const char *path; /* no slash at the end: "" is the root */
	mach_port_t port;
	uint32_t mount;
} directories[MASIX_DIRECTORIES_MAX];
static uint32_t directory_count;

/* A path on its way through the file systems. */
struct walk {
	char path[MASIX_PATH_MAX];
	uint32_t from, length; /* what is left, in `path` */
	unsigned directory;
};

/* The directory that the absolute path begins with, the longest one. */
static void begin(struct walk *w)
{
	size_t best = 0;

	w->directory = 0;
	for (unsigned i = 1; i < directory_count; i++) {
		size_t n = strlen(directories[i].path);

		if (n > best && n <= w->length && memcmp(w->path, directories[i].path, n) == 0 &&
			(n == w->length || w->path[n] == '/')) {
			best = n;
			w->directory = i;
		}
	}
	w->from = (uint32_t)best;
	w->length -= w->from;
}

static kern_return_t cross(
	struct walk *w, int kind, uint32_t mount, const char *rest, uint32_t length)
{
	uint32_t before = 0;

	w->from = 0;
	if (kind == MASIX_CROSS_MOUNT) {
		for (unsigned i = 1; i < directory_count; i++)
			if (directories[i].mount == mount) {
				w->directory = i;
				memcpy(w->path, rest, length);
				w->length = length;
				return KERN_SUCCESS;
			}
		return MASIX_E_NOT_FOUND; /* not handed in */
	}
	if (kind == MASIX_CROSS_PARENT) {
		const char *path = directories[w->directory].path;

		before = (uint32_t)strlen(path);
		while (before > 0 && path[before - 1] != '/')
			before--;
		memcpy(w->path, path, before);
	} else if (kind != MASIX_CROSS_ROOT) {
		return MASIX_E_IO;
	}
	if (before + 1 + length > sizeof(w->path))
		return MASIX_E_NAME_TOO_LONG;
	w->path[before] = '/';
	memcpy(w->path + before + 1, rest, length);
	w->length = before + 1 + length;
	begin(w);
	return KERN_SUCCESS;
}

static kern_return_t set_out(struct walk *w, const char *path)
{
	w->length = (uint32_t)strlen(path);
	if (w->length > sizeof(w->path))
		return MASIX_E_NAME_TOO_LONG;
	memcpy(w->path, path, w->length);
	begin(w);
	return KERN_SUCCESS;
}

kern_return_t walk_open(const char *path, int flags, uint32_t mode, int *kind, mach_port_t *port,
	struct masix_stat *stat)
{
	static struct walk w;
	static masix_path_t rest;
	kern_return_t kr = set_out(&w, path);

	for (unsigned i = 0; kr == KERN_SUCCESS && i < CROSSINGS; i++) {
		mach_msg_type_number_t n = sizeof(rest);

		if (port != NULL)
			kr = dir_open(directories[w.directory].port, w.path + w.from, w.length,
				flags, mode, kind, port, stat, rest, &n);
		else
			kr = dir_stat(directories[w.directory].port, w.path + w.from, w.length,
				flags, kind, stat, rest, &n);
		if (kr != KERN_SUCCESS || *kind < MASIX_CROSS_ROOT)
			return kr;
		kr = cross(&w, *kind, stat->rdev, rest, n);
	}
	return kr != KERN_SUCCESS ? kr : MASIX_E_LOOP;
}

kern_return_t walk_parent(const char *path, mach_port_t *port, const char **name)
{
	static char above[MASIX_PATH_MAX];
	const char *last = strrchr(path, '/');
	struct masix_stat stat;
	int kind;
	kern_return_t kr;

	*name = last + 1;
	memcpy(above, path, (size_t)(last - path));
	above[last - path] = '\0';
	kr = walk_open(above, MASIX_OPEN_READ | MASIX_OPEN_DIRECTORY, 0, &kind, port, &stat);
	if (kr == MASIX_E_ACCESS) /* it may be searched, and not read */
		kr = walk_open(
			above, MASIX_OPEN_PATH | MASIX_OPEN_DIRECTORY, 0, &kind, port, &stat);
	return kr;
}

void walk_init(void)
{
	const struct machine_boot *boot = machine_boot();
	const char *path = boot->strings;

	directory_count = boot->directory_count;
	for (unsigned i = 0; i < directory_count; i++) {
		directories[i].path = path;
		directories[i].port = MACHINE_PORT_DIRECTORY + i;
		directories[i].mount = boot->mounts[i];
		path += strlen(path) + 1;
	}
}
