/* A program that is to be run, as it is before anything is touched: execve(2). */
#ifndef EMUL_PROGRAM_H
#define EMUL_PROGRAM_H

#include "space.h"
#include <masix/elf.h>
#include <masix/types.h>

#define PROGRAM_HEAD SPACE_PAGE	   /* of a file, read to find out what it is */
#define PROGRAM_STRINGS (1u << 20) /* arguments and environment, bytes */

/* A file to be run, not yet mapped. */
struct program {
	mach_port_t port;   /* io; MACH_PORT_NULL = none */
	mach_port_t object; /* memory object */
	uint64_t size;
	struct masix_stat stat;
	struct masix_elf elf;
	uint32_t head_size;
	char head[PROGRAM_HEAD];
};

/* Everything of one execve; in the library's memory, because the program's goes away. */
struct exec {
	struct program main, interpreter;
	char path[MASIX_PATH_MAX];	 /* what is run in the end */
	char first[MASIX_PATH_MAX];	 /* what was asked for: AT_EXECFN */
	char prefix[2 * MASIX_PATH_MAX]; /* arguments that #! put in front, NUL-terminated */
	uint32_t prefix_size, prefix_count;
	uint32_t strings_size, argc, envc;
	char strings[PROGRAM_STRINGS]; /* argv, then envp */
};

/* Find e->path, following #! lines, and its interpreter; copy { argv, envp }, which are the program's.
 * 0 or -errno. */
long program_prepare(struct exec *e, int dirfd, const uint32_t *vectors);
/* The same for a file that is open already as e->main.port; the strings are there. */
long program_prepare_open(struct exec *e);
/* A NUL-terminated string of the program: its length with the NUL, or -errno. */
long program_copy_string(char *to, uint32_t room, uint32_t from);
/* Give up what was found, and the struct itself. */
void program_drop(struct exec *e);

/* Nothing can be refused any more: the program in this task goes, this one begins. */
void image_commit(struct exec *e) __attribute__((noreturn));

#endif
