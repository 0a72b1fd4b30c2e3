/* What the Unix server writes into the emulation library of a task that it makes (process 1, set-ID programs), at
 * the symbol emul_boot, before it starts the main thread at emul_start. */
#ifndef EMUL_BOOT_H
#define EMUL_BOOT_H

#include <masix/types.h>

#define EMUL_BASE 0xbf000000u	/* where the library is linked and loaded */
#define EMUL_MEMORY 0xbf800000u /* its own memory begins */
#define EMUL_END 0xc0000000u
#define EMUL_BOOT_MAGIC 0x4d585541u
#define EMUL_MOUNTS 16

/* Fixed port names of every Unix process (docs/unix.md). */
#define EMUL_PORT_PROCESS 0x1001
#define EMUL_PORT_ROOT 0x1002
#define EMUL_PORT_CWD 0x1003
#define EMUL_PORT_TASK 0x1004
#define EMUL_PORT_THREAD 0x1005

struct emul_mount {
	uint32_t id;   /* 0 = unused */
	char path[60]; /* absolute, without a trailing slash */
};

struct emul_boot {
	uint32_t magic;	   /* EMUL_BOOT_MAGIC, written last */
	uint32_t takeover; /* size of what lies at TAKEOVER_ADDRESS (takeover.h); 0: process 1 */
	struct masix_start start; /* clock calibration */
	struct emul_mount mounts[EMUL_MOUNTS];
	char program[256]; /* absolute path of the first program */
};

/* What the library tells of its process, at the symbol emul_view; the server reads it for /proc. Nothing keeps a process
 * from lying here. */
#define EMUL_VIEW_THREADS 256
#define EMUL_VIEW_MAPPINGS 128

struct emul_view_thread {
	uint32_t id;   /* 0: unused */
	uint32_t port; /* its name in the task */
};

struct emul_view_mapping {
	uint32_t start, end; /* end 0: unused */
	uint32_t offset, dev;
	uint64_t ino;
	char name[104];
};

struct emul_view {
	struct emul_view_thread threads[EMUL_VIEW_THREADS];
	struct emul_view_mapping mappings[EMUL_VIEW_MAPPINGS];
};

#endif
