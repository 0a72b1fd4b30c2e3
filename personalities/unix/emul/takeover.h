/* What the library of a process hands to the library of the fresh task in which a set-ID program runs.  The
 * Unix server carries it from one to the other and replaces each port's name, checking what the port is.
 * Whoever wrote it wants to run with ids that it has not: nobody believes more of it than is checked. */
#ifndef EMUL_TAKEOVER_H
#define EMUL_TAKEOVER_H

#include <stdint.h>

#include <masix/types.h>

#define TAKEOVER_ADDRESS 0x10000000u /* where the server puts it */
#define TAKEOVER_MAX (2u << 20)

/* What a port was found to be. */
enum takeover_origin {
	TAKEOVER_NO_PORT,
	TAKEOVER_UNKNOWN, /* some right that the process held */
	TAKEOVER_SERVER,  /* an object of the Unix server */
	TAKEOVER_FILE,	  /* an open file of a file server */
	TAKEOVER_NETWORK, /* a socket of the network server */
};

struct takeover_file {
	uint32_t kind;	 /* enum emul_file_kind */
	uint32_t port;	 /* its name in the old task, then in the new one */
	uint32_t origin; /* from the server */
	uint32_t mount;
	uint32_t flags;
	uint32_t position; /* address of the shared one, or 0 and: */
	int64_t offset;
	struct masix_stat stat; /* from the server; zero if TAKEOVER_UNKNOWN */
};

struct takeover_descriptor {
	uint32_t fd, file;
};

struct takeover_signal {
	int32_t signal;
	uint32_t reserved;
	struct masix_siginfo info;
};

struct takeover {
	uint32_t program; /* port of the file that is to be run */
	uint32_t file_count, descriptor_count, signal_count, released_count;
	uint32_t prefix_count, prefix_size, argc, envc, strings_size;
	uint32_t umask, personality, subreaper, reserved;
	uint64_t signal_mask, ignored_signals;
	struct takeover_timer { /* interval timers: what is left, ns; 0 = off */
		uint64_t value, interval;
	} timers[3];
	struct takeover_file directory; /* the working directory */
	char path[MASIX_PATH_MAX];	/* of the program, and as it was asked for */
	char first[MASIX_PATH_MAX];
	char root[MASIX_PATH_MAX]; /* from the server: where chroot went, "" = nowhere */
	/* Then file_count files, descriptor_count descriptors, signal_count signals, released_count addresses of
	 * shared positions that are given up, prefix_size and strings_size bytes. */
};

/* The size of all that, or 0 if it is more than TAKEOVER_MAX. */
static inline uint32_t takeover_size(const struct takeover *t)
{
	uint64_t size = sizeof(*t);

	size += (uint64_t)t->file_count * sizeof(struct takeover_file);
	size += (uint64_t)t->descriptor_count * sizeof(struct takeover_descriptor);
	size += (uint64_t)t->signal_count * sizeof(struct takeover_signal);
	size += (uint64_t)t->released_count * sizeof(uint32_t);
	size += (uint64_t)t->prefix_size + t->strings_size;
	return size <= TAKEOVER_MAX ? (uint32_t)size : 0;
}

#endif
