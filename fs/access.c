#include "access.h"

#include <sys/stat.h>

bool identity_has_group(const struct identity *who, uint32_t gid)
{
	if (who->gid == gid)
		return true;
	for (uint32_t i = 0; i < who->group_count; i++)
		if (who->groups[i] == gid)
			return true;
	return false;
}

bool access_allowed(const struct identity *who, const struct masix_stat *file, unsigned want)
{
	unsigned granted;

	if (who->uid == 0) {
		if (!(want & ACCESS_EXEC) || S_ISDIR(file->mode))
			return true;
		return (file->mode & 0111) != 0;
	}
	/* The first class that fits decides, even if it grants less than a later one. */
	if (who->uid == file->uid)
		granted = file->mode >> 6;
	else if (identity_has_group(who, file->gid))
		granted = file->mode >> 3;
	else
		granted = file->mode;
	return (want & ~granted & 7) == 0;
}

bool access_is_owner(const struct identity *who, const struct masix_stat *file)
{
	return who->uid == 0 || who->uid == file->uid;
}

bool access_may_remove(const struct identity *who, const struct masix_stat *directory,
	const struct masix_stat *entry)
{
	if (!(directory->mode & S_ISVTX))
		return true;
	return access_is_owner(who, directory) || access_is_owner(who, entry);
}
