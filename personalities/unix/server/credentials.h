/* Whose process it is, and the rules by which that may change (setresuid(2), setresgid(2),
 * setgroups(2), kill(2)).  Pure. */
#ifndef UNIX_CREDENTIALS_H
#define UNIX_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#define CREDENTIALS_GROUPS 32

struct credentials {
	uint32_t ruid, euid, suid;
	uint32_t rgid, egid, sgid;
	unsigned group_count;
	uint32_t groups[CREDENTIALS_GROUPS];
};

/* The six ids and the groups as they travel in process_get_ids and process_set_ids,
 * `to` having room for 6 + CREDENTIALS_GROUPS words.  Returns the number of words. */
unsigned credentials_pack(const struct credentials *c, uint32_t *to);

/* What `from` (count words, same layout; 0xffffffff leaves one of the six as it is) makes of
 * `old`: MASIX_E_INVALID for a malformed request, MASIX_E_PERMISSION if `old` may not. */
int credentials_change(const struct credentials *old, const uint32_t *from, unsigned count,
	struct credentials *changed) __attribute__((warn_unused_result));

/* What execve(2) of a file with this mode and owner makes of `old`.  True: other effective ids. */
bool credentials_exec(const struct credentials *old, uint32_t mode, uint32_t uid, uint32_t gid,
	struct credentials *changed);

/* May it use what has these permission bits and this owner?  want: 4 read, 2 write. */
bool credentials_may(
	const struct credentials *c, unsigned want, uint32_t mode, uint32_t uid, uint32_t gid);

/* May it run the file, by these permission bits? */
bool credentials_may_execute(
	const struct credentials *c, uint32_t mode, uint32_t uid, uint32_t gid);

/* uid, gid and groups for fs_mint; room for 2 + CREDENTIALS_GROUPS words. */
unsigned credentials_for_files(const struct credentials *c, uint32_t *to);

/* kill(2), apart from SIGCONT within a session. */
bool credentials_may_signal(const struct credentials *from, const struct credentials *to);

#endif
