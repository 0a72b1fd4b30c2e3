/* Changing what stat shows: mode, owner, times.  Pure.  Takes the volume's lock. */
#ifndef FS_ATTRIBUTES_H
#define FS_ATTRIBUTES_H

#include "access.h"
#include "volume.h"

#define ATTRIBUTES_LEAVE 0xffffffffu /* of an owner or group */
#define ATTRIBUTES_TIME_NOW 0x3fffffffu
#define ATTRIBUTES_TIME_LEAVE 0x3ffffffeu

/* A time to be set: nanoseconds may be one of the two above. */
struct new_time {
	int64_t seconds;
	uint32_t nanoseconds;
};

int attributes_set_mode(const struct identity *who, struct node *node, uint32_t mode) CHECKED;
int attributes_set_owner(
	const struct identity *who, struct node *node, uint32_t uid, uint32_t gid) CHECKED;
/* `writable`: the caller may write the file, which lets it set both times to now. */
int attributes_set_times(const struct identity *who, bool writable, struct node *node,
	struct new_time atime, struct new_time mtime) CHECKED;

/* A write by anyone but root takes the set-id bits away.  Lock held. */
void attributes_after_write(const struct identity *who, struct node *node);

#endif
