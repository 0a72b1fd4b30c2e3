/* The log below glibc: lines go to ACS on the session port, or to the sink that ACS itself sets. */
#include <mach/vm_prot.h>

#include "acs_session.h"
#include "start/start.h"

#define LOG_BOUND_MS 200 /* a log that does not drain loses lines instead of stopping servers */

extern const char __executable_start, etext;

void vector_log(const char *line, size_t length)
{
	struct vector_thread *thread = vector_thread();
	uint32_t bound = thread->send_bound;

	if (length > MASIX_NAME_MAX + 1)
		length = MASIX_NAME_MAX + 1;
	if (start.sink != NULL) {
		start.sink(line, length);
		return;
	}
	if (start.session == MACH_PORT_NULL)
		return;
	thread->send_bound = LOG_BOUND_MS;
	(void)acs_log(start.session, line, length);
	thread->send_bound = bound;
}

void output_add(struct text *text, const char *string)
{
	while (*string != '\0' && text->length < sizeof text->bytes)
		text->bytes[text->length++] = *string++;
}

void text_hex(struct text *text, uint32_t value)
{
	char digits[9];
	int i;

	for (i = 7; i >= 0; i--, value >>= 4)
		digits[i] = "0123456789abcdef"[value & 15];
	digits[8] = '\0';
	output_add(text, digits);
}

void text_decimal(struct text *text, uint32_t value)
{
	char digits[11];
	int i = sizeof digits - 1;

	digits[i] = '\0';
	do
		digits[--i] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	output_add(text, digits + i);
}

void text_log(const struct text *text)
{
	vector_log(text->bytes, text->length);
}

void log_callers(uint32_t esp)
{
	const uint32_t looked_at = 2048;
	uint32_t code = (uint32_t)&__executable_start, end = (uint32_t)&etext;
	struct text line = { .length = 0 };
	struct region_entry entry;
	uint32_t at, stop;

	esp &= ~3u;
	if (!region_find(esp, &entry) || entry.address > esp || !(entry.protection & VM_PROT_READ))
		return;
	stop = entry.address + entry.size;
	if (stop - esp > looked_at)
		stop = esp + looked_at;
	output_add(&line, start.program);
	output_add(&line, ": called from");
	for (at = esp; at < stop && line.length + 9 <= sizeof line.bytes; at += 4) {
		uint32_t word = *(const uint32_t *)at;

		if (word > code && word < end) {
			output_add(&line, " ");
			text_hex(&line, word);
		}
	}
	text_log(&line);
}

void vector_output(const char *bytes, size_t length)
{
	static struct vector_lock lock;
	static struct text gathered;
	struct text line;
	size_t i;

	for (i = 0; i < length; i++) {
		int full;

		vector_lock(&lock);
		if (gathered.length == 0) {
			output_add(&gathered, start.program);
			output_add(&gathered, ": ");
		}
		if (bytes[i] != '\n')
			gathered.bytes[gathered.length++] = bytes[i];
		full = bytes[i] == '\n' || gathered.length == sizeof gathered.bytes;
		if (full) {
			line = gathered;
			gathered.length = 0;
		}
		vector_unlock(&lock);
		if (full)
			text_log(&line); /* not while holding the lock: it is a message */
	}
}
