/* The order in which servers that need each other start.  Pure. */
#ifndef ACS_ORDER_H
#define ACS_ORDER_H

#include "manifest.h"

#define ORDER_MAX 128	   /* servers that are looked at together */
#define ORDER_PATH_MAX 160 /* of the text of a cycle, with its NUL; a longer one is cut */

struct order_problem {
	const char *server;	   /* the one that cannot start */
	const char *need;	   /* what it needs that nobody is; NULL: it is on a cycle */
	char path[ORDER_PATH_MAX]; /* the cycle: "a, which needs b, which needs a" */
};

/* Can all of these start, each after those that it needs?  true, or false with the first problem. */
bool order_possible(
	const struct manifest *const *manifests, unsigned count, struct order_problem *problem);

/* Does one of them need itself, through others?  Needs that are not among them are passed over.
 * The first one found, as in order_possible, or false. */
bool order_cycle(
	const struct manifest *const *manifests, unsigned count, struct order_problem *problem);

#endif
