/* The operations behind dir.defs, per class of directory.  Ours can be looked at, not changed. */
#ifndef UNIX_SERVE_DIR_H
#define UNIX_SERVE_DIR_H

#include <mach/mach_types.h>
#include <stdint.h>

#include <masix/object.h>
#include <masix/types.h>

/* What a path leads to. */
struct dir_found {
	int kind;	   /* enum masix_kind */
	masix_stat_t stat; /* unless it is a crossing */
	uint32_t rest_length;
	char rest[MASIX_PATH_MAX]; /* after a crossing */
};

struct dir_operations {
	/* Where `path`, which holds no NUL, leads (flags: MASIX_OPEN_NOFOLLOW).  With `object` not NULL
	 * it is opened: a right to it, if dir_check_open agrees and its kind has objects. */
	kern_return_t (*find)(struct masix_object *dir, const char *path, uint32_t length,
		int flags, struct dir_found *found, mach_port_t *object);
	/* The target of a link; *length is the room in `target` before. */
	kern_return_t (*readlink)(struct masix_object *dir, const char *path, uint32_t length,
		char *target, uint32_t *target_length);
	uint32_t (*entries)(
		struct masix_object *dir, int64_t cookie, char *to, uint32_t room, int64_t *next);
	uint32_t (*path)(struct masix_object *dir, char *to, uint32_t room);
	uint32_t magic; /* for statfs(2) */
};

/* May what has this kind be opened with these flags, where nothing can be changed? */
kern_return_t dir_check_open(int kind, int flags) __attribute__((warn_unused_result));

#endif
