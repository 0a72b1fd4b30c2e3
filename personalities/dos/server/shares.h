/* What the machines have open and locked, as SHARE.EXE would keep it for all of them.  A file is known by its device and inode;
 * a claim to it by its machine and that machine's own number for it.  Between programs of one machine the machine decides.
 * Pure: the caller's lock guards it. */
#ifndef DOS_SHARES_H
#define DOS_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#define SHARES_CLAIMS 2048
#define SHARES_LOCKS 1024

struct share_claim {
	uint64_t inode;
	uint32_t device;
	int machine; /* 0: free */
	uint32_t slot;
	uint8_t mode;
};

struct share_lock {
	unsigned claim; /* + 1; 0: free */
	uint32_t start, end;
};

struct shares {
	struct share_claim claims[SHARES_CLAIMS];
	struct share_lock locks[SHARES_LOCKS];
};

/* 0, or MASIX_E_BUSY: another machine denies it; MASIX_E_EXISTS: the slot is taken; MASIX_E_LIMIT. */
int shares_open(struct shares *shares, const struct share_claim *claim)
	__attribute__((warn_unused_result));
void shares_close(struct shares *shares, int machine, uint32_t slot);
void shares_close_all(struct shares *shares, int machine);
/* Bytes from start up to end.  MASIX_E_BUSY: another machine has locked some of them; MASIX_E_NOT_FOUND: no such claim, or no
 * such lock to take away; MASIX_E_LIMIT. */
int shares_lock(struct shares *shares, int machine, uint32_t slot, uint32_t start, uint32_t end)
	__attribute__((warn_unused_result));
int shares_unlock(struct shares *shares, int machine, uint32_t slot, uint32_t start, uint32_t end)
	__attribute__((warn_unused_result));

#endif
