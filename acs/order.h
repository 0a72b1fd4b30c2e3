/* The order in which servers that need each other start.  Pure. */
#ifndef ACS_ORDER_H
#define ACS_ORDER_H

#include "manifest.h"

struct order_problem {
	const char *server; /* the one that cannot start */
	const char *need;   /* what it needs that nobody is; NULL: it is on a cycle */
};

/* Can all of these start, each after those that it needs?  true, or false with the first problem. */
bool order_possible(
	const struct manifest *const *manifests, unsigned count, struct order_problem *problem);

#endif
