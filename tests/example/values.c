/* The keys and values of the store. */
#include "values.h"

#include <masix/error.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x544b564d /* "MVKT" */

void values_begin(struct values *table)
{
	memset(table, 0, sizeof *table);
	table->magic = MAGIC;
	table->size = sizeof *table;
}

/* FNV-1a: against accidents, not against an enemy; nobody else writes here. */
static uint32_t sum_of(const struct values_slot *slot)
{
	const uint8_t *bytes = (const uint8_t *)slot;
	const size_t end = offsetof(struct values_slot, value) + slot->value_size;
	uint32_t sum = 2166136261u;

	for (size_t at = offsetof(struct values_slot, number); at < end; at++)
		sum = (sum ^ bytes[at]) * 16777619u;
	return sum;
}

/* The order in which the compiler and the processor write is the order in which another life may find it. */
static void set_live(struct values_slot *slot, uint32_t live)
{
	atomic_thread_fence(memory_order_seq_cst);
	*(volatile uint32_t *)&slot->live = live;
	atomic_thread_fence(memory_order_seq_cst);
}

static bool has_key(const struct values_slot *slot, const char *key, size_t size)
{
	return slot->live && slot->key_size == size && memcmp(slot->key, key, size) == 0;
}

static struct values_slot *find(struct values *table, const char *key, size_t size)
{
	for (unsigned i = 0; i < STORE_SLOTS; i++)
		if (has_key(&table->slots[i], key, size))
			return &table->slots[i];
	return NULL;
}

static bool is_whole(const struct values_slot *slot)
{
	return slot->live == 1 && slot->key_size > 0 && slot->key_size <= STORE_KEY_MAX &&
	       slot->value_size <= STORE_VALUE_MAX && slot->sum == sum_of(slot) &&
	       values_key_check(slot->key, slot->key_size) == 0;
}

bool values_adopt(struct values *table)
{
	if (table->magic != MAGIC || table->size != sizeof *table)
		return false;
	for (unsigned i = 0; i < STORE_SLOTS; i++) {
		struct values_slot *slot = &table->slots[i], *other;

		if (slot->live == 0)
			continue;
		if (!is_whole(slot))
			return false;
		if (slot->number > table->last)
			table->last = slot->number;
		other = find(table, slot->key, slot->key_size);
		if (other != slot)
			set_live(other->number < slot->number ? other : slot, 0);
	}
	return true;
}

int values_key_check(const char *key, size_t size)
{
	if (size == 0)
		return MASIX_E_INVALID;
	if (size > STORE_KEY_MAX)
		return MASIX_E_NAME_TOO_LONG;
	for (size_t i = 0; i < size; i++)
		if (key[i] < 33 || key[i] > 126)
			return MASIX_E_INVALID;
	return 0;
}

int values_get(
	const struct values *table, const char *key, size_t size, const struct values_slot **slot)
{
	int error = values_key_check(key, size);

	if (error != 0)
		return error;
	for (unsigned i = 0; i < STORE_SLOTS; i++)
		if (has_key(&table->slots[i], key, size)) {
			*slot = &table->slots[i];
			return 0;
		}
	return MASIX_E_NOT_FOUND;
}

/* The slot for the next change, or NULL when the last free one must stay free. */
static struct values_slot *free_slot(struct values *table, bool replaces)
{
	struct values_slot *found = NULL;
	unsigned left = 0;

	for (unsigned i = 0; i < STORE_SLOTS; i++)
		if (!table->slots[i].live) {
			found = &table->slots[i];
			left++;
		}
	return left > 1 || replaces ? found : NULL;
}

int values_put(
	struct values *table, const char *key, size_t size, const void *value, size_t value_size)
{
	struct values_slot *old, *slot;
	int error = values_key_check(key, size);

	if (error != 0)
		return error;
	if (value_size > STORE_VALUE_MAX)
		return MASIX_E_TOO_BIG;
	old = find(table, key, size);
	slot = free_slot(table, old != NULL);
	if (slot == NULL)
		return MASIX_E_LIMIT;
	memset(slot->key, 0, sizeof slot->key);
	memcpy(slot->key, key, size);
	memcpy(slot->value, value, value_size);
	slot->key_size = size;
	slot->value_size = value_size;
	slot->number = ++table->last;
	slot->sum = sum_of(slot);
	set_live(slot, 1);
	if (old != NULL)
		set_live(old, 0);
	return 0;
}

int values_delete(struct values *table, const char *key, size_t size)
{
	struct values_slot *slot;
	int error = values_key_check(key, size);

	if (error != 0)
		return error;
	slot = find(table, key, size);
	if (slot == NULL)
		return MASIX_E_NOT_FOUND;
	set_live(slot, 0);
	return 0;
}

/* The whole value as a decimal number. */
static bool read_number(const struct values_slot *slot, int *number)
{
	char text[16], *end;
	long long value;

	if (slot->value_size == 0 || slot->value_size >= sizeof text)
		return false;
	memcpy(text, slot->value, slot->value_size);
	text[slot->value_size] = '\0';
	value = strtoll(text, &end, 10);
	*number = (int)value;
	return end == text + slot->value_size && *number == value;
}

int values_add(struct values *table, const char *key, size_t size, int amount, int *total)
{
	const struct values_slot *slot;
	char text[16];
	int number = 0, error = values_get(table, key, size, &slot);

	if (error == 0 && !read_number(slot, &number))
		return MASIX_E_INVALID;
	if (error != 0 && error != MASIX_E_NOT_FOUND)
		return error;
	if (__builtin_add_overflow(number, amount, total))
		return MASIX_E_LIMIT;
	return values_put(
		table, key, size, text, (size_t)snprintf(text, sizeof text, "%d", *total));
}

static int compare(const void *a, const void *b)
{
	const struct values_slot *const *first = a, *const *second = b;

	return strcmp((*first)->key, (*second)->key);
}

size_t values_list(
	const struct values *table, const char *prefix, size_t size, char *text, size_t room)
{
	const struct values_slot *found[STORE_SLOTS] = { NULL };
	unsigned count = 0;
	size_t used = 0;

	for (unsigned i = 0; i < STORE_SLOTS; i++) {
		const struct values_slot *slot = &table->slots[i];

		if (slot->live && slot->key_size >= size && memcmp(slot->key, prefix, size) == 0)
			found[count++] = slot;
	}
	qsort(found, count, sizeof found[0], compare);
	for (unsigned i = 0; i < count; i++) {
		int length = snprintf(
			text + used, room - used, "%s %u\n", found[i]->key, found[i]->value_size);

		if (length < 0 || (size_t)length >= room - used)
			break;
		used += (size_t)length;
	}
	return used;
}
