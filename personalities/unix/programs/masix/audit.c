/* audit: the record of what ACS admitted, refused and ended. */
#include <masix/audit.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acs_client.h"
#include "json.h"
#include "masix.h"

/* "NUMBER SECONDS EVENT NAME DETAIL #LINK", as one object. */
static void print_record(char *line)
{
	char *words[4], *link = strrchr(line, '#');
	unsigned i;

	for (i = 0; i < 4 && line != NULL; i++)
		words[i] = strsep(&line, " ");
	if (i < 4 || line == NULL || link == NULL || link <= line)
		return;
	link[-1] = '\0';
	json_object();
	json_number("number", strtoull(words[0], NULL, 10));
	json_string("seconds", words[1]);
	json_string("event", words[2]);
	json_string("name", words[3]);
	json_string("detail", line);
	json_string("link", link + 1);
}

/* The record that ACS keeps. */
static char *live_record(const struct options *options)
{
	masix_bulk_t table;
	mach_msg_type_number_t size;
	kern_return_t kr = acs_audit(acs_port(options), &table, &size);

	if (kr == MASIX_E_DENIED)
		die(options, "audit", "only root may read the audit record");
	if (kr != KERN_SUCCESS)
		die(options, "audit", "%s", masix_strerror(kr));
	return take_text(options, table, size);
}

/* The next line; false after the last. What does not follow ends the program. */
static bool next_line(const struct options *options, const char *what,
	struct masix_audit_reader *reader, struct masix_audit_line *line)
{
	const char *why;
	int end = masix_audit_next(reader, line, &why);

	if (end < 0 && !reader->begun)
		die(options, what, "%s", why);
	if (end < 0)
		die(options, what, "what comes after record %llu %s",
			(unsigned long long)reader->number, why);
	return end == 0;
}

/* Does the record in the file follow, and is it what ACS keeps?  `same` counts the lines that both have. */
static unsigned compare(
	const struct options *options, const char *path, const char *live, unsigned *same)
{
	struct bytes file = read_file(options, path);
	struct masix_audit_reader saved, kept;
	struct masix_audit_line saved_line, kept_line;
	unsigned lines = 0;
	bool more;

	masix_audit_begin(&saved, file.data, file.size);
	masix_audit_begin(&kept, live, strlen(live));
	more = next_line(options, "audit", &kept, &kept_line);
	while (next_line(options, path, &saved, &saved_line)) {
		lines++;
		while (more && kept_line.number < saved_line.number)
			more = next_line(options, "audit", &kept, &kept_line);
		if (!more || kept_line.number != saved_line.number)
			continue;
		if (memcmp(kept_line.link, saved_line.link, sizeof saved_line.link) != 0)
			die(options, path, "record %llu is not the one that ACS keeps",
				(unsigned long long)saved_line.number);
		++*same;
	}
	free(file.data);
	return lines;
}

static void verify(const struct options *options, const char *live)
{
	const char *path = options->arguments[0];
	struct masix_audit_reader reader;
	struct masix_audit_line line;
	unsigned lines = 0, same = 0;

	if (path != NULL) {
		lines = compare(options, path, live, &same);
	} else {
		masix_audit_begin(&reader, live, strlen(live));
		while (next_line(options, "audit", &reader, &line))
			lines++;
		same = lines;
	}
	if (options->json) {
		json_open();
		json_object();
		json_string("name", path != NULL ? path : "audit");
		json_number("records", lines);
		json_number("kept_by_acs", same);
		json_close();
	} else {
		printf("%u records, each follows from the one before; ACS keeps %u of them\n",
			lines, same);
	}
}

void command_audit(const struct options *options)
{
	char *text, *left, *line;

	if (options->arguments[0] != NULL && !options->verify)
		options->wrong_usage();
	text = live_record(options);
	if (options->verify) {
		verify(options, text);
	} else if (options->json) {
		json_open();
		for (left = text; (line = strsep(&left, "\n")) != NULL;)
			print_record(line);
		json_close();
	} else {
		fputs(text, stdout);
	}
	free(text);
}
