/* The chain of the audit record. */
#include <masix/audit.h>

#include <sodium.h>
#include <string.h>

#define LABEL "MASIX-AUDIT-v2"
#define ANCHOR "anchor "

void masix_audit_link(const uint8_t previous[MASIX_HASH_SIZE], const char *line, size_t length,
	uint8_t link[MASIX_HASH_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, MASIX_HASH_SIZE);
	crypto_generichash_update(&state, (const uint8_t *)LABEL, sizeof LABEL);
	crypto_generichash_update(&state, previous, MASIX_HASH_SIZE);
	crypto_generichash_update(&state, (const uint8_t *)line, length);
	crypto_generichash_final(&state, link, MASIX_HASH_SIZE);
}

void masix_audit_begin(struct masix_audit_reader *reader, const char *text, size_t size)
{
	*reader = (struct masix_audit_reader){ .next = text, .left = size };
}

/* The number that a text begins with, followed by a blank or its end; -1 if it does not. */
static int read_number(const char *text, size_t length, uint64_t *number)
{
	size_t i;

	*number = 0;
	for (i = 0; i < length && text[i] >= '0' && text[i] <= '9'; i++) {
		if (*number > (UINT64_MAX - 9) / 10)
			return -1;
		*number = *number * 10 + (text[i] - '0');
	}
	return i == 0 || (i < length && text[i] != ' ') ? -1 : 0;
}

/* Cut "TEXT #LINK" at the end of its line. */
static int read_line(struct masix_audit_reader *reader, struct masix_audit_line *line)
{
	const char *end = memchr(reader->next, '\n', reader->left);
	size_t length = end != NULL ? (size_t)(end - reader->next) : 0, read;
	const char *hex;

	if (length < MASIX_AUDIT_LINK_HEX + 2)
		return -1;
	hex = reader->next + length - MASIX_AUDIT_LINK_HEX;
	if (hex[-1] != '#' || hex[-2] != ' ' ||
		sodium_hex2bin(line->link, sizeof line->link, hex, MASIX_AUDIT_LINK_HEX, NULL,
			&read, NULL) != 0 ||
		read != sizeof line->link)
		return -1;
	line->text = reader->next;
	line->length = length - MASIX_AUDIT_LINK_HEX - 2;
	reader->next += length + 1;
	reader->left -= length + 1;
	return 0;
}

static int read_anchor(struct masix_audit_reader *reader)
{
	const size_t label = strlen(ANCHOR);
	struct masix_audit_line line;

	if (read_line(reader, &line) != 0 || line.length < label ||
		memcmp(line.text, ANCHOR, label) != 0 ||
		read_number(line.text + label, line.length - label, &reader->number) != 0)
		return -1;
	memcpy(reader->link, line.link, sizeof reader->link);
	reader->begun = 1;
	return 0;
}

int masix_audit_next(
	struct masix_audit_reader *reader, struct masix_audit_line *line, const char **why)
{
	uint8_t wanted[MASIX_HASH_SIZE];

	if (!reader->begun && read_anchor(reader) != 0) {
		*why = "does not begin with an anchor";
		return -1;
	}
	if (reader->left == 0)
		return 1;
	if (read_line(reader, line) != 0 ||
		read_number(line->text, line->length, &line->number) != 0) {
		*why = "is no line of an audit record";
		return -1;
	}
	if (line->number != reader->number + 1) {
		*why = "does not have the next number";
		return -1;
	}
	masix_audit_link(reader->link, line->text, line->length, wanted);
	if (sodium_memcmp(wanted, line->link, sizeof wanted) != 0) {
		*why = "does not follow from the one before";
		return -1;
	}
	reader->number = line->number;
	memcpy(reader->link, line->link, sizeof reader->link);
	return 0;
}
