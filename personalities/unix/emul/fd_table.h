/* The descriptor table as a pure core: which words are set, in what order they are given out.
 * A word is 0 or a slot of file.h: a pointer and the low bits FD_*.  The caller locks. */
#ifndef EMUL_FD_TABLE_H
#define EMUL_FD_TABLE_H

#include <stdint.h>

#define FD_TABLE_SIZE 4096u /* the hard limit of RLIMIT_NOFILE */
#define FD_WORD_CLOEXEC 1u

struct fd_table {
	uint32_t lowest; /* no free descriptor is below it */
	uint32_t high;	 /* no open descriptor is at or above it */
	volatile uint32_t words[FD_TABLE_SIZE];
};

/* The lowest free descriptor from `from` on, or -1 when there is none below `limit`. */
int fd_table_find(const struct fd_table *table, uint32_t from, uint32_t limit);
/* Set a descriptor (word 0: free it) and answer what was there. */
uint32_t fd_table_set(struct fd_table *table, uint32_t fd, uint32_t word);

#endif
