/* The hash-chained audit record. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"

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

/* The line of a record without its link; its length. */
static size_t write_line(const struct audit_record *record, char line[AUDIT_LINE_MAX])
{
	int length = snprintf(line, AUDIT_LINE_MAX, "%llu %llu.%03u %s %s %s",
		(unsigned long long)record->number, (unsigned long long)(record->time / 1000000000),
		(unsigned)(record->time / 1000000 % 1000), event_names[record->event], record->name,
		record->detail);

	/* AUDIT_LINE_MAX has room for the longest fields. */
	return length > 0 && length < AUDIT_LINE_MAX ? (size_t)length : 0;
}

static void link_record(const uint8_t previous[MASIX_HASH_SIZE], const struct audit_record *record,
	uint8_t link[MASIX_HASH_SIZE])
{
	char line[AUDIT_LINE_MAX];

	masix_audit_link(previous, line, write_line(record, line), link);
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

/* " #LINK\n" behind the text of a line. */
static size_t add_link(char *line, size_t length, const uint8_t link[MASIX_HASH_SIZE])
{
	line[length++] = ' ';
	line[length++] = '#';
	sodium_bin2hex(line + length, MASIX_AUDIT_LINK_HEX + 1, link, MASIX_HASH_SIZE);
	length += MASIX_AUDIT_LINK_HEX;
	line[length++] = '\n';
	return length;
}

size_t audit_format(const struct audit *audit, char *text, size_t room)
{
	char line[AUDIT_LINE_MAX + AUDIT_LINK_MAX];
	size_t used = 0, length;
	uint64_t number = oldest(audit);

	length = snprintf(line, AUDIT_LINE_MAX, "anchor %llu", (unsigned long long)number - 1);
	length = add_link(line, length, audit->anchor);
	while (length <= room - used) {
		const struct audit_record *record = &audit->records[(number - 1) % AUDIT_KEPT];

		memcpy(text + used, line, length);
		used += length;
		if (number++ > audit->count)
			break;
		length = add_link(line, write_line(record, line), record->link);
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
