/* The audit record: what ACS writes can be checked, what anybody else writes is refused or follows from its anchor. */
#include "audit.h"

#include <sodium.h>

#include "input.h"

static struct audit audit;
static char text[(AUDIT_KEPT + 1) * (AUDIT_LINE_MAX + AUDIT_LINK_MAX)];

/* How many lines follow from each other; -1 if one does not. */
static int check(const char *record, size_t size)
{
	struct masix_audit_reader reader;
	struct masix_audit_line line;
	const char *why = NULL;
	int count = 0, result;

	masix_audit_begin(&reader, record, size);
	while ((result = masix_audit_next(&reader, &line, &why)) == 0) {
		REQUIRE(line.text >= record && line.length <= size);
		count++;
	}
	REQUIRE(result == 1 || why != NULL);
	return result == 1 ? count : -1;
}

static void write_and_change(struct input *input)
{
	static const uint8_t first[MASIX_HASH_SIZE] = { 7 };
	char name[64], detail[256];
	unsigned lines = 0;
	size_t size, at;

	audit_begin(&audit, first);
	/* The ring turns over: what has left is behind the anchor. */
	if (take_below(input, 16) == 15)
		audit.count = AUDIT_KEPT - 2; /* and what it holds follows from nothing */
	while (input->left > 4 && lines < 16) {
		take_name(input, name);
		size = take_bytes(input, detail, sizeof detail - 1);
		detail[size] = '\0';
		audit_append(
			&audit, take64(input), take_below(input, AUDIT_EVENT_COUNT), name, detail);
		lines++;
	}
	if (audit.count != lines || lines == 0)
		return; /* nothing follows from the anchor */
	REQUIRE(audit_intact(&audit));
	size = audit_format(&audit, text, sizeof text);
	REQUIRE(check(text, size) == (int)lines);
	at = take32(input) % size;
	text[at] ^= 1 + take_below(input, 255);
	/* A letter of a link's hexadecimal digits may be large. */
	REQUIRE(check(text, size) != (int)lines || (text[at] >= 'A' && text[at] <= 'F'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	REQUIRE(sodium_init() >= 0);
	if (take_below(&input, 2) == 0)
		write_and_change(&input);
	else
		(void)check((const char *)input.next, input.left);
	return 0;
}
