/* log: the system log. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acs_client.h"
#include "console.h"
#include "json.h"
#include "masix.h"

#define FOLLOW_US 200000

/* Add what the log has got since `*offset` to the text; false if there is nothing new. */
static bool read_log(const struct options *options, mach_port_t console, int64_t *offset, FILE *to)
{
	static masix_inline_t data;
	mach_msg_type_number_t count = sizeof data;
	int64_t start;
	kern_return_t kr = console_read_log(console, *offset, &start, data, &count);

	if (kr != KERN_SUCCESS)
		die(options, "log", "%s", masix_strerror(kr));
	if (start > *offset) {
		if (*offset != 0)
			fprintf(to, "[%lld bytes lost]\n", (long long)(start - *offset));
		*offset = start;
	}
	*offset += count;
	fwrite(data, 1, count, to);
	return count != 0;
}

/* "[ SECONDS] NAME: text" with or without the time, as one object; what has no name is the kernel's. */
static void print_line(char *line)
{
	size_t length = strlen(line);
	char *seconds = NULL, *end = strstr(line, "] "), *text;

	if (length != 0 && line[length - 1] == '\r')
		line[length - 1] = '\0';
	if (line[0] == '[' && end != NULL) {
		*end = '\0';
		seconds = line + 1 + strspn(line + 1, " ");
		line = end + 2;
	}
	text = strstr(line, ": ");
	if (text != NULL && strcspn(line, " ") > (size_t)(text - line)) {
		*text = '\0';
		text += 2;
	} else {
		text = NULL;
	}
	json_object();
	json_string("name", text != NULL ? line : "kernel");
	json_string("line", text != NULL ? text : line);
	if (seconds != NULL)
		json_string("seconds", seconds);
}

/* The whole log as JSON. */
static void print_log_json(const struct options *options, mach_port_t console)
{
	int64_t offset = 0;
	char *text = NULL, *left, *line;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (memory == NULL)
		die(options, "log", "out of memory");
	while (read_log(options, console, &offset, memory))
		;
	if (fclose(memory) != 0)
		die(options, "log", "out of memory");
	json_open();
	for (left = text; (line = strsep(&left, "\n")) != NULL;)
		if (*line != '\0')
			print_line(line);
	json_close();
	free(text);
}

void command_log(const struct options *options)
{
	int64_t offset = 0;
	mach_port_t console;
	kern_return_t kr =
		acs_lookup(acs_port(options), "console/log", strlen("console/log"), 0, &console);

	if (kr != KERN_SUCCESS)
		die(options, "log", "%s",
			kr == MASIX_E_NOT_FOUND ? "the console does not show it"
						: masix_strerror(kr));
	if (options->json && options->follow)
		die(options, "log",
			"what goes on for ever is no array: -f and --json exclude each other");
	if (options->json) {
		print_log_json(options, console);
		return;
	}
	do {
		while (read_log(options, console, &offset, stdout))
			;
		fflush(stdout);
	} while (options->follow && usleep(FOLLOW_US) == 0);
}
