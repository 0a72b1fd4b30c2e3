/* A world for the core on the host: files in a directory of its own, streams and keys that the test sets. */
#ifndef TEST_HOST_WORLD_H
#define TEST_HOST_WORLD_H

#include "dos.h"

struct host {
	struct world world;
	struct dos dos;
	uint8_t *memory;
	char root[64]; /* drive C: */

	const char *input; /* of stream 0, to its end */
	bool is_terminal;  /* all streams */
	const char *keys;
	char output[65536]; /* of streams and terminal */
	unsigned output_size;
	int64_t now_ns;
	unsigned idles;
	int files[64];
};

struct host *host_begin(void);
/* The same with a terminal and these keys. */
struct host *host_begin_terminal(const char *keys);
void host_end(struct host *host);

/* Files of drive C: */
void host_put_file(struct host *host, const char *name, const void *data, size_t size);
size_t host_get_file(struct host *host, const char *name, void *data, size_t room);

/* A program is loaded that is never run: the calls of INT 21h that follow are its own. */
void host_load(struct host *host);
/* INT 21h with the registers as they are in host->dos.cpu, but ax; carry tells of an error. */
int host_call(struct host *host, uint16_t ax);
/* A string at ds:offset (ds is set to the program). */
uint16_t host_string(struct host *host, uint16_t offset, const char *text);
uint8_t *host_at(struct host *host, uint16_t offset);

#endif
