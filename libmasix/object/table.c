#include "object/table.h"

#include <stddef.h>

#include <masix/object.h>

/* Names are an index and a generation in the low 8 bits. */
static unsigned bucket_of(uint32_t port)
{
	return (port ^ port >> 8) & (TABLE_BUCKETS - 1);
}

void table_add(struct table *table, struct masix_object *object)
{
	struct masix_object **bucket = &table->buckets[bucket_of(object->port)];

	object->next = *bucket;
	*bucket = object;
	table->count++;
}

struct masix_object *table_find(const struct table *table, uint32_t port)
{
	struct masix_object *object = table->buckets[bucket_of(port)];

	while (object != NULL && object->port != port)
		object = object->next;
	return object;
}

int table_remove(struct table *table, struct masix_object *object)
{
	struct masix_object **link = &table->buckets[bucket_of(object->port)];

	while (*link != NULL && *link != object)
		link = &(*link)->next;
	if (*link == NULL)
		return 0;
	*link = object->next;
	object->next = NULL;
	table->count--;
	return 1;
}
