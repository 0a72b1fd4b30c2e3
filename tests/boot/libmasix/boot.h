/* The boot test of libmasix: one function per file, all checks by CHECK. */
#ifndef LIBMASIX_BOOT_H
#define LIBMASIX_BOOT_H

#include <masix/server.h>

extern unsigned failures;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			failures++;                                                                \
			masix_log("%s:%d: failed: %s", __FILE__, __LINE__, #condition);            \
		}                                                                                  \
	} while (0)

void test_threads(void);
void test_memory(void);
/* Never returns: it becomes a worker; `done` is called by another thread. */
void test_objects(void (*done)(void));

#endif
