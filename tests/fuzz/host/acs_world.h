/* What ACS stands on, played: libmasix's objects, its clock and log, replies; and an ACS in it. */
#ifndef FUZZ_ACS_WORLD_H
#define FUZZ_ACS_WORLD_H

#include "acs.h"
#include "kernel.h"
#include "session.h"

/* Signed servers of the build, which may be started. */
#define IMAGES 5

struct signed_image {
	uint8_t *bytes, *manifest_bytes;
	size_t size, manifest_size;
	struct manifest manifest;
	uint8_t secret_key[64];
};
extern struct signed_image images[IMAGES];

extern struct acs acs;

/* Once: read the images. */
void world_load(void);
/* A fresh ACS, and its end: everything it knows goes, and then nothing may be held. */
void world_begin(void);
void world_end(void);

/* The port of an object: client face, admin port, sessions in the order of their making. */
mach_port_t world_port(unsigned n);
/* A session that lives and its image; NULL if there is none. */
struct session *world_session(unsigned n, const struct signed_image **image);

/* Time has passed. */
void world_run(void);

#endif
