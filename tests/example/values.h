/* The keys and values of the store.  Pure: no message, compiled on the host for the unit tests; the caller's lock guards
 * a table.
 *
 * The table may be cut off between any two instructions and found again by another life of the server: a change
 * writes a free slot and then makes it live by one word, and the slot that it replaces dies by another.  Of two
 * live slots of one key the later one counts.  values_adopt tells whether what was found is whole. */
#ifndef EXAMPLE_VALUES_H
#define EXAMPLE_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_KEY_MAX 63
#define STORE_VALUE_MAX 1024
#define STORE_KEYS 192
#define STORE_SLOTS (STORE_KEYS + 1) /* one is free for the next change */
#define STORE_LINE_MAX (STORE_KEY_MAX + 8)

struct values_slot {
	uint32_t live; /* 0 or 1; the last word that a change writes */
	uint32_t sum;  /* of all that follows */
	uint64_t number;
	uint16_t key_size, value_size;
	char key[STORE_KEY_MAX + 1]; /* zeros behind it */
	uint8_t value[STORE_VALUE_MAX];
};

struct values {
	uint32_t magic, size; /* of the build that made it */
	uint64_t last;	      /* number of the newest change */
	struct values_slot slots[STORE_SLOTS];
};

/* An empty one. */
void values_begin(struct values *table);

/* One that another life has left: finishes the change that was under way, and is false if it is no table of this build
 * or a slot is damaged. */
bool values_adopt(struct values *table) __attribute__((warn_unused_result));

/* Keys are not terminated.  Each returns 0 or MASIX_E_*, as store.defs says. */
int values_get(const struct values *table, const char *key, size_t size,
	const struct values_slot **slot) __attribute__((warn_unused_result));
int values_put(struct values *table, const char *key, size_t size, const void *value,
	size_t value_size) __attribute__((warn_unused_result));
int values_delete(struct values *table, const char *key, size_t size)
	__attribute__((warn_unused_result));
int values_add(struct values *table, const char *key, size_t size, int amount, int *total)
	__attribute__((warn_unused_result));

/* 0, MASIX_E_INVALID or MASIX_E_NAME_TOO_LONG. */
int values_key_check(const char *key, size_t size) __attribute__((warn_unused_result));

/* "KEY SIZE\n" for each key with the prefix, in order, whole lines only; the bytes written. */
size_t values_list(
	const struct values *table, const char *prefix, size_t size, char *text, size_t room);

#endif
