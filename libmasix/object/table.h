/* The port table: objects by the name of their port.  Pure; every function needs the caller's
 * lock. */
#ifndef LIBMASIX_TABLE_H
#define LIBMASIX_TABLE_H

#include <stdint.h>

struct masix_object;

#define TABLE_BUCKETS 1024 /* power of two */

struct table { /* all zero = empty */
	struct masix_object *buckets[TABLE_BUCKETS];
	unsigned count;
};

void table_add(struct table *table, struct masix_object *object);
struct masix_object *table_find(const struct table *table, uint32_t port);

/* 1 if it was there. */
int table_remove(struct table *table, struct masix_object *object);

#endif
