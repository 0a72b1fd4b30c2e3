/* Short forms of the calls of dir.defs and io.defs, for the boot test of the file server. */
#ifndef FS_BOOT_CLIENT_H
#define FS_BOOT_CLIENT_H

#include <mach/mach_types.h>
#include <masix/error.h>
#include <masix/server.h>
#include <masix/types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

extern atomic_uint failures;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			failures++;                                                                \
			masix_log("%s:%d: failed: %s", __FILE__, __LINE__, #condition);            \
		}                                                                                  \
	} while (0)

/* As CHECK(call == wanted), and says what came instead. */
#define WANT(wanted, call) want(wanted, call, __FILE__, __LINE__, #call)
void want(int wanted, int result, const char *file, int line, const char *text);

/* Directory ports: with the ids of root, and of user 1000. */
struct roots {
	mach_port_t control;
	mach_port_t root, user;
};

int open_path(mach_port_t dir, const char *path, int flags, uint32_t mode, mach_port_t *object);
/* As open_path with everything that dir_open says. */
struct opened {
	int kind;
	mach_port_t object;
	masix_stat_t stat;
	char rest[MASIX_PATH_MAX + 1];
};
int open_full(mach_port_t dir, const char *path, int flags, uint32_t mode, struct opened *opened);
int stat_path(mach_port_t dir, const char *path, int flags, masix_stat_t *stat);
int make_directory(mach_port_t dir, const char *path, uint32_t mode);
int remove_path(mach_port_t dir, const char *path, int flags);
int make_link(mach_port_t dir, const char *path, const char *target);
int move(mach_port_t dir, const char *from, const char *to, int flags);
void drop(mach_port_t port);

int write_at(mach_port_t file, int64_t offset, const void *data, size_t size, size_t *written);
/* Reads `size` bytes with io_read_large. */
int read_at(mach_port_t file, int64_t offset, void *data, size_t size, size_t *got);

/* A file with these contents. */
int put_file(mach_port_t dir, const char *path, const void *data, size_t size);

void test_files(mach_port_t dir);
void test_names(const struct roots *roots, mach_port_t dir);
void test_again(mach_port_t dir);
void test_maps(mach_port_t dir);
void test_space(mach_port_t dir);
void test_timing(const char *name, mach_port_t dir);

#endif
