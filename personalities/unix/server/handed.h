/* Rights that programs hand in.  What such a right stands for is asked of who made it, never of the
 * program: a port of the program's own is nobody's file. */
#ifndef UNIX_HANDED_H
#define UNIX_HANDED_H

#include <mach/mach_types.h>
#include <stdint.h>

#include <masix/types.h>

enum handed_maker {
	HANDED_STRANGE, /* none of those below */
	HANDED_OURS,	/* an object of this server's */
	HANDED_FILE,	/* an open object of a file server */
	HANDED_NETWORK, /* a socket of the network server */
};

struct handed {
	enum handed_maker maker;
	int rights;	   /* HANDED_FILE: MASIX_OPEN_READ, _WRITE, _EXEC that it was opened with */
	masix_stat_t stat; /* zeros if strange */
};

/* The right stays the caller's.  `mount` is where the program says it lies: if that is wrong, a file is
 * strange.  Blocks for the file server. */
void handed_identify(mach_port_t right, uint32_t mount, struct handed *handed);

#endif
