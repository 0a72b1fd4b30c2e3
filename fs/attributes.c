#include "attributes.h"

#include <sys/stat.h>

#include <masix/error.h>

static int check_owner(const struct identity *who, const struct node *node)
{
	if (node->volume->read_only)
		return MASIX_E_READ_ONLY;
	return access_is_owner(who, &node->stat) ? 0 : MASIX_E_PERMISSION;
}

int attributes_set_mode(const struct identity *who, struct node *node, uint32_t mode)
{
	int error;

	volume_lock(node->volume);
	error = check_owner(who, node);
	if (!error && S_ISLNK(node->stat.mode))
		error = MASIX_E_NOT_SUPPORTED;
	if (!error) {
		node_change(node);
		mode &= 07777;
		/* Nobody gives a file to a group that he is not in. */
		if (who->uid != 0 && !identity_has_group(who, node->stat.gid))
			mode &= ~(uint32_t)S_ISGID;
		node->stat.mode = (node->stat.mode & S_IFMT) | mode;
		node_touch(node, NODE_CTIME);
	}
	volume_unlock(node->volume);
	return error;
}

static int check_new_owner(
	const struct identity *who, const struct node *node, uint32_t uid, uint32_t gid)
{
	if (who->uid == 0)
		return 0;
	if (uid != ATTRIBUTES_LEAVE && uid != node->stat.uid)
		return MASIX_E_PERMISSION;
	if (gid != ATTRIBUTES_LEAVE && gid != node->stat.gid && !identity_has_group(who, gid))
		return MASIX_E_PERMISSION;
	return 0;
}

int attributes_set_owner(const struct identity *who, struct node *node, uint32_t uid, uint32_t gid)
{
	int error;

	volume_lock(node->volume);
	error = check_owner(who, node);
	if (!error)
		error = check_new_owner(who, node, uid, gid);
	if (!error) {
		node_change(node);
		if (uid != ATTRIBUTES_LEAVE)
			node->stat.uid = uid;
		if (gid != ATTRIBUTES_LEAVE)
			node->stat.gid = gid;
		if (node_is_file(node) && (node->stat.mode & 0111))
			node->stat.mode &= ~(uint32_t)(S_ISUID | S_ISGID);
		node_touch(node, NODE_CTIME);
	}
	volume_unlock(node->volume);
	return error;
}

static bool is_valid(struct new_time time)
{
	return time.nanoseconds < 1000000000u || time.nanoseconds == ATTRIBUTES_TIME_NOW ||
	       time.nanoseconds == ATTRIBUTES_TIME_LEAVE;
}

int attributes_set_times(const struct identity *who, bool writable, struct node *node,
	struct new_time atime, struct new_time mtime)
{
	bool now = atime.nanoseconds == ATTRIBUTES_TIME_NOW &&
		   mtime.nanoseconds == ATTRIBUTES_TIME_NOW;
	int error;

	if (!is_valid(atime) || !is_valid(mtime))
		return MASIX_E_INVALID;
	volume_lock(node->volume);
	error = check_owner(who, node);
	if (error == MASIX_E_PERMISSION && now)
		error = writable || access_allowed(who, &node->stat, ACCESS_WRITE) ? 0
										   : MASIX_E_ACCESS;
	if (!error) {
		node_touch(node,
			NODE_CTIME | (atime.nanoseconds == ATTRIBUTES_TIME_NOW ? NODE_ATIME : 0) |
				(mtime.nanoseconds == ATTRIBUTES_TIME_NOW ? NODE_MTIME : 0));
		if (atime.nanoseconds < 1000000000u) {
			node->stat.atime = atime.seconds;
			node->stat.atime_nsec = atime.nanoseconds;
		}
		if (mtime.nanoseconds < 1000000000u) {
			node->stat.mtime = mtime.seconds;
			node->stat.mtime_nsec = mtime.nanoseconds;
		}
	}
	volume_unlock(node->volume);
	return error;
}

void attributes_after_write(const struct identity *who, struct node *node)
{
	if (who->uid == 0 || !(node->stat.mode & (S_ISUID | S_ISGID)))
		return;
	node_change(node);
	node->stat.mode &= ~(uint32_t)S_ISUID;
	if (node->stat.mode & S_IXGRP)
		node->stat.mode &= ~(uint32_t)S_ISGID;
	node->dirty = true;
}
