/* The hash-chained audit record. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "bytes.h"

#define LABEL "MASIX-AUDIT-v1"

static const char *const event_names[] = {
#define AUDIT_EVENT_NAME(name, text) [AUDIT_##name] = text,
	AUDIT_EVENTS(AUDIT_EVENT_NAME)
#undef AUDIT_EVENT_NAME
};

void audit_begin(struct audit *audit, const uint8_t first[MASIX_HASH_SIZE])
{
	audit->count = 0;
	memcpy(audit->anchor, first, sizeof audit->anchor);
}

static void link_record(const uint8_t previous[MASIX_HASH_SIZE], const struct audit_record *record,
	uint8_t link[MASIX_HASH_SIZE])
{
	crypto_generichash_state state;
	uint8_t numbers[20];

	bytes_put64(numbers, record->number);
	bytes_put64(numbers + 8, record->time);
	bytes_put32(numbers + 16, record->event);
	crypto_generichash_init(&state, NULL, 0, MASIX_HASH_SIZE);
	crypto_generichash_update(&state, (const uint8_t *)LABEL, sizeof LABEL);
	crypto_generichash_update(&state, previous, MASIX_HASH_SIZE);
	crypto_generichash_update(&state, numbers, sizeof numbers);
	/* Fixed size and zero-filled: no two records have the same bytes. */
	crypto_generichash_update(&state, (const uint8_t *)record->name, sizeof record->name);
	crypto_generichash_update(&state, (const uint8_t *)record->detail, sizeof record->detail);
	crypto_generichash_final(&state, link, MASIX_HASH_SIZE);
}

static void copy_text(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; i + 1 < size && from[i] != '\0'; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	memset(to + i, 0, size - i);
}

void audit_append(struct audit *audit, uint64_t time, enum audit_event event, const char *name,
	const char *detail)
{
	struct audit_record *record = &audit->records[audit->count % AUDIT_KEPT];
	const uint8_t *previous = audit->count == 0
					  ? audit->anchor
					  : audit->records[(audit->count - 1) % AUDIT_KEPT].link;

	/* The oldest record makes room: its link is where the chain begins now. */
	if (audit->count >= AUDIT_KEPT)
		memcpy(audit->anchor, record->link, sizeof audit->anchor);
	record->number = ++audit->count;
	record->time = time;
	record->event = event;
	copy_text(record->name, sizeof record->name, name);
	copy_text(record->detail, sizeof record->detail, detail);
	link_record(previous, record, record->link);
}

static uint64_t oldest(const struct audit *audit)
{
	return audit->count > AUDIT_KEPT ? audit->count - AUDIT_KEPT + 1 : 1;
}

size_t audit_format(const struct audit *audit, char *text, size_t room)
{
	size_t used = 0;
	uint64_t number;

	for (number = oldest(audit); number <= audit->count; number++) {
		const struct audit_record *record = &audit->records[(number - 1) % AUDIT_KEPT];
		char line[AUDIT_LINE_MAX], link[17];
		int length;

		sodium_bin2hex(link, sizeof link, record->link, 8);
		length = snprintf(line, sizeof line, "%llu %llu.%03u %s %s %s #%s\n",
			(unsigned long long)record->number,
			(unsigned long long)(record->time / 1000000000),
			(unsigned)(record->time / 1000000 % 1000), event_names[record->event],
			record->name, record->detail, link);
		if (length < 0 || (size_t)length > room - used)
			break;
		memcpy(text + used, line, length);
		used += length;
	}
	return used;
}

bool audit_intact(const struct audit *audit)
{
	const uint8_t *previous = audit->anchor;
	uint64_t number;

	for (number = oldest(audit); number <= audit->count; number++) {
		const struct audit_record *record = &audit->records[(number - 1) % AUDIT_KEPT];
		uint8_t link[MASIX_HASH_SIZE];

		if (record->number != number)
			return false;
		link_record(previous, record, link);
		if (memcmp(link, record->link, sizeof link) != 0)
			return false;
		previous = record->link;
	}
	return true;
}
