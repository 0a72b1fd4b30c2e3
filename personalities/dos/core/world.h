/* What a DOS machine asks of the world outside: streams and terminal of its caller, files, time.  The machine's task
 * implements it over Mach's contracts, the unit tests over a directory of the host.  Paths are the caller's: absolute,
 * '/' between names.  Functions that can fail return a DOS error code (error.h), 0 for success. */
#ifndef DOS_WORLD_H
#define DOS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

struct vga; /* vga.h */

#define WORLD_PATH_MAX 1024 /* with its NUL */
#define WORLD_NAME_MAX 256

#define WORLD_READ 1u
#define WORLD_WRITE 2u
#define WORLD_CREATE 4u
#define WORLD_EXCLUSIVE 8u
#define WORLD_TRUNCATE 16u

struct world_stat {
	bool is_directory;
	bool is_file;
	bool is_writable; /* some permission to write is set */
	uint32_t size;	  /* 4 GiB - 1 where it is more */
	int64_t mtime;	  /* seconds since 1970 */
	uint64_t inode;	  /* with the device: which file it is */
	uint32_t device;
};

struct world_space {
	uint32_t block_size;
	uint64_t blocks, blocks_free;
};

struct world {
	void *context;

	/* Streams 0 to 2 of the caller: up to n bytes, 0 at the end, -1 for an error. Wait. */
	int (*stream_read)(void *context, int stream, void *to, unsigned n);
	int (*stream_write)(void *context, int stream, const void *from, unsigned n);
	bool (*stream_is_terminal)(void *context, int stream);

	/* The next byte typed on the terminal, -1: none now (with wait: none will ever come). */
	int (*key)(void *context, bool wait);
	/* Bytes for the terminal; shown before the next wait at the latest. */
	void (*show)(void *context, const void *bytes, unsigned n);
	/* The program has nothing to do: until the next tick or key. */
	void (*idle)(void *context);

	int64_t (*now_ns)(void *context); /* since 1970 */
	void (*log)(void *context, const char *line);

	int (*open)(void *context, const char *path, unsigned flags, int *file,
		struct world_stat *stat);
	void (*close)(void *context, int file);
	int (*read)(void *context, int file, uint32_t offset, void *to, uint32_t n, uint32_t *done);
	int (*write)(void *context, int file, uint32_t offset, const void *from, uint32_t n,
		uint32_t *done);
	int (*set_size)(void *context, int file, uint32_t size);
	int (*file_stat)(void *context, int file, struct world_stat *stat);
	int (*set_time)(void *context, int file, int64_t mtime);
	int (*sync)(void *context, int file);

	/* Against programs of other machines: the file may be used by `mode` (sharing.h), until `unshare`: DOS_E_SHARE.  `slot` is
	 * the caller's number for it.  Lock or unlock the bytes from start up to end: DOS_E_LOCK. */
	int (*share)(void *context, unsigned slot, const struct world_stat *stat, uint8_t mode);
	void (*unshare)(void *context, unsigned slot);
	int (*lock)(void *context, unsigned slot, bool set, uint32_t start, uint32_t end);

	int (*stat)(void *context, const char *path, struct world_stat *stat);
	/* Each name in the directory but . and ..; until `each` returns false. */
	int (*list)(void *context, const char *path, bool (*each)(void *argument, const char *name),
		void *argument);
	int (*make_directory)(void *context, const char *path);
	int (*remove)(void *context, const char *path, bool directory);
	int (*rename)(void *context, const char *from, const char *to);
	int (*set_writable)(void *context, const char *path, bool writable);
	int (*space)(void *context, const char *path, struct world_space *space);

	/* Descriptor `number` of the program's local table; false: refused.  NULL: there is no protected mode here. */
	bool (*set_descriptor)(void *context, unsigned number, const uint8_t descriptor[8]);

	/* Servers of the system that programs may use: DOS_E_FILE (none of that name, after `wait_ms`), DOS_E_HANDLES.  A call sends
	 * the message *id with `n` bytes in words, as its contract says, without rights; what is answered takes at most *room
	 * bytes, *room of them.  DOS_E_HANDLE, DOS_E_GONE, DOS_E_DATA (a request or an answer that is too long, or an answer with
	 * rights), DOS_E_GENERAL.  NULL: there are none. */
	int (*find_server)(void *context, const char *name, unsigned wait_ms, unsigned *server);
	int (*call_server)(void *context, unsigned server, uint32_t *id, const void *request,
		unsigned n, void *answer, unsigned *room);
	int (*drop_server)(void *context, unsigned server);

	/* Expanded memory, all of it; once.  Have the part of it at `offset` (-1: other memory) be seen at `at`, too. */
	uint8_t *(*expanded_make)(void *context, uint32_t size);
	bool (*expanded_map)(void *context, uint8_t *at, int offset, uint32_t size);

	/* The screen, if the machine has it; else the program's text is shown on the terminal. */
	const struct vga *vga;

	/* Zeroed memory; NULL: there is none. */
	void *(*allocate)(void *context, uint32_t size);
	void (*free)(void *context, void *memory, uint32_t size);
};

#endif
