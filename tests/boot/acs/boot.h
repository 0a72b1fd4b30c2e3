/* The boot test of ACS: a boot server that asks ACS everything, allowed and forbidden. */
#ifndef ACS_BOOT_TEST_H
#define ACS_BOOT_TEST_H

#include <mach/mach_types.h>
#include <masix/server.h>
#include <stdatomic.h>

extern atomic_uint failures;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			failures++;                                                                \
			masix_log("%s:%d: failed: %s", __FILE__, __LINE__, #condition);            \
		}                                                                                  \
	} while (0)

/* A file linked into the test. */
struct blob {
	const char *bytes;
	size_t size;
};

extern const struct blob example_image, example_manifest, phoenix_image, phoenix_manifest;

/* acs_session.defs. */
void test_session(void);
/* acs_client.defs, on the client and on the admin port. */
void test_faces(mach_port_t client, mach_port_t admin);
/* Starting and stopping at run time, deaths, watches, restarts. */
void test_lives(mach_port_t client, mach_port_t admin);

#endif
