/* A request of the host to process 1 (docs/host-channel.md, "Control"): a pure parser. */
#ifndef PROGRAMS_REQUEST_H
#define PROGRAMS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_MAX 65536

struct request {
	bool tty;
	bool session;
	bool halt;
	const char *directory; /* NULL: not given */
	char **environment;    /* NULL-terminated */
	char **arguments;      /* NULL-terminated; [0] NULL: an interactive shell */
};

/* Does `text` end with the empty field that ends a request? */
bool request_is_complete(const char *text, size_t length);

/* Takes a complete request apart.  The strings point into `text`; the arrays are the caller's
 * until request_free.  False: *why tells what is wrong. */
bool request_parse(char *text, size_t length, struct request *request, const char **why);

void request_free(struct request *request);

#endif
