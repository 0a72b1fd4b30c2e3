#include "credentials.h"

#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>

#define KEEP 0xffffffffu

unsigned credentials_pack(const struct credentials *c, uint32_t *to)
{
	const uint32_t ids[6] = { c->ruid, c->euid, c->suid, c->rgid, c->egid, c->sgid };

	memcpy(to, ids, sizeof(ids));
	memcpy(to + 6, c->groups, c->group_count * sizeof(*to));
	return 6 + c->group_count;
}

/* Without privilege each new id must be one of the three that the process has. */
static bool may_become(uint32_t id, uint32_t real, uint32_t effective, uint32_t saved)
{
	return id == KEEP || id == real || id == effective || id == saved;
}

static uint32_t choose(uint32_t new_id, uint32_t old_id)
{
	return new_id == KEEP ? old_id : new_id;
}

int credentials_change(const struct credentials *old, const uint32_t *from, unsigned count,
	struct credentials *changed)
{
	unsigned groups = count - 6;

	if (count < 6 || groups > CREDENTIALS_GROUPS)
		return MASIX_E_INVALID;

	if (old->euid != 0) {
		for (unsigned i = 0; i < 3; i++) {
			if (!may_become(from[i], old->ruid, old->euid, old->suid) ||
				!may_become(from[3 + i], old->rgid, old->egid, old->sgid))
				return MASIX_E_PERMISSION;
		}
		if (groups != old->group_count ||
			memcmp(from + 6, old->groups, groups * sizeof(*from)) != 0)
			return MASIX_E_PERMISSION;
	}

	*changed = (struct credentials){
		.ruid = choose(from[0], old->ruid),
		.euid = choose(from[1], old->euid),
		.suid = choose(from[2], old->suid),
		.rgid = choose(from[3], old->rgid),
		.egid = choose(from[4], old->egid),
		.sgid = choose(from[5], old->sgid),
		.group_count = groups,
	};
	memcpy(changed->groups, from + 6, groups * sizeof(*from));
	return 0;
}

bool credentials_exec(const struct credentials *old, uint32_t mode, uint32_t uid, uint32_t gid,
	struct credentials *changed)
{
	*changed = *old;
	if ((mode & S_ISUID) != 0)
		changed->euid = uid;
	/* Without the group's x it means something else: mandatory locking. */
	if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		changed->egid = gid;
	changed->suid = changed->euid;
	changed->sgid = changed->egid;
	return changed->euid != old->euid || changed->egid != old->egid;
}

static bool has_group(const struct credentials *c, uint32_t gid)
{
	for (unsigned i = 0; i < c->group_count; i++)
		if (c->groups[i] == gid)
			return true;
	return c->egid == gid;
}

bool credentials_may(
	const struct credentials *c, unsigned want, uint32_t mode, uint32_t uid, uint32_t gid)
{
	unsigned bits = c->euid == uid ? mode >> 6 : has_group(c, gid) ? mode >> 3 : mode;

	return c->euid == 0 || (want & ~bits & 7) == 0;
}

bool credentials_may_execute(const struct credentials *c, uint32_t mode, uint32_t uid, uint32_t gid)
{
	if (c->euid == 0)
		return (mode & 0111) != 0;
	if (c->euid == uid)
		return (mode & S_IXUSR) != 0;
	return (mode & (has_group(c, gid) ? S_IXGRP : S_IXOTH)) != 0;
}

unsigned credentials_for_files(const struct credentials *c, uint32_t *to)
{
	to[0] = c->euid;
	to[1] = c->egid;
	memcpy(to + 2, c->groups, c->group_count * sizeof(*to));
	return 2 + c->group_count;
}

bool credentials_may_signal(const struct credentials *from, const struct credentials *to)
{
	return from->euid == 0 || from->euid == to->ruid || from->euid == to->suid ||
	       from->ruid == to->ruid || from->ruid == to->suid;
}
