/* Who may do what with which file: the classic owner, group, other rule.  Pure. */
#ifndef FS_ACCESS_H
#define FS_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <masix/types.h>

#define ACCESS_READ 4
#define ACCESS_WRITE 2
#define ACCESS_EXEC 1 /* for a directory: search */

#define IDENTITY_GROUPS 62

struct identity {
	uint32_t uid;
	uint32_t gid;
	uint32_t group_count;
	uint32_t groups[IDENTITY_GROUPS];
};

bool identity_has_group(const struct identity *who, uint32_t gid);

/* May `who` have all of `want` (ACCESS_*) on a file with these attributes?  uid 0 may read and
 * write everything, search every directory, and execute what anyone may execute. */
bool access_allowed(const struct identity *who, const struct masix_stat *file, unsigned want);

/* Owner of the file, or uid 0. */
bool access_is_owner(const struct identity *who, const struct masix_stat *file);

/* With the sticky bit on `directory`, only the owner of the entry or of the directory (or uid
 * 0) may remove or rename it. */
bool access_may_remove(const struct identity *who, const struct masix_stat *directory,
	const struct masix_stat *entry);

#endif
