/* servers and top: the table of acs_list. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "acs_client.h"
#include "json.h"
#include "masix.h"

#define ROWS_MAX 128
#define COLUMNS 10

char *list_servers(const struct options *options, const char *prefix, uint32_t interface)
{
	masix_bulk_t table;
	mach_msg_type_number_t size;
	const mach_port_t acs = acs_port(options);
	kern_return_t kr =
		interface != 0 ? acs_list_interface(acs, interface, &table, &size)
			       : acs_list(acs, prefix, name_length(options, prefix), &table, &size);

	if (kr != KERN_SUCCESS)
		die(options, "servers", "%s", masix_strerror(kr));
	return take_text(options, table, size);
}

bool next_row(char **text, struct server_row *row)
{
	char *line, *words[COLUMNS];
	unsigned count = 0;

	while ((line = strsep(text, "\n")) != NULL) {
		for (count = 0; count < COLUMNS && line != NULL; count++)
			words[count] = strsep(&line, " ");
		if (count == COLUMNS)
			break;
	}
	if (count != COLUMNS)
		return false;
	*row = (struct server_row){
		.name = words[0],
		.state = words[1],
		.session = strtoul(words[2], NULL, 10),
		.starts = strtoul(words[3], NULL, 10),
		.role = words[4],
		.kib = strtoul(words[5], NULL, 10),
		.threads = strtoul(words[6], NULL, 10),
		.messages = strtoull(words[7], NULL, 10),
		.cpu_ms = strtoull(words[8], NULL, 10),
		.names = words[9],
	};
	return true;
}

static void print_json(const struct server_row *row)
{
	json_object();
	json_string("name", row->name);
	json_string("state", row->state);
	json_number("session", row->session);
	json_number("starts", row->starts);
	json_string("role", row->role);
	json_number("kib", row->kib);
	json_number("threads", row->threads);
	json_number("messages", row->messages);
	json_number("cpu_ms", row->cpu_ms);
	json_string("registered", strcmp(row->names, "-") == 0 ? "" : row->names);
}

void command_servers(const struct options *options)
{
	const char *prefix = options->arguments[0] != NULL ? options->arguments[0] : "";
	char *text, *left;
	struct server_row row;

	if (options->interface != NULL && prefix[0] != '\0')
		options->wrong_usage();
	text = left = list_servers(options, prefix,
		options->interface != NULL ? interface_of(options, options->interface) : 0);
	if (options->json)
		json_open();
	else
		printf("%-12s %-9s %7s %6s %-7s %9s %7s  %s\n", "NAME", "STATE", "SESSION",
			"STARTS", "ROLE", "KIB", "THREADS", "REGISTERED");
	while (next_row(&left, &row))
		if (options->json)
			print_json(&row);
		else
			printf("%-12s %-9s %7u %6u %-7s %9u %7u  %s\n", row.name, row.state,
				row.session, row.starts, row.role, row.kib, row.threads, row.names);
	if (options->json)
		json_close();
	free(text);
}

/* What `top` compares with: one row of each life (session 0 is that of ACS, and of who has no task). */
struct sample {
	struct timespec time;
	unsigned count;
	struct {
		unsigned session;
		unsigned long long messages, cpu_ms;
	} rows[ROWS_MAX];
};

static double since(const struct timespec *from, const struct timespec *to)
{
	return (to->tv_sec - from->tv_sec) + (to->tv_nsec - from->tv_nsec) / 1e9;
}

/* Messages and milliseconds in the time between, of the same life; a new one counts from its start. */
static void difference(const struct sample *before, struct server_row *row)
{
	unsigned i;

	for (i = 0; i < before->count; i++)
		if (before->rows[i].session == row->session && row->threads != 0) {
			row->messages -= before->rows[i].messages;
			row->cpu_ms -= before->rows[i].cpu_ms;
		}
}

static void print_top(const struct options *options, struct server_row *row, double seconds)
{
	unsigned rate = row->messages / seconds, cpu = row->cpu_ms / seconds / 10 + 0.5;
	unsigned restarts = row->starts > 1 ? row->starts - 1 : 0;

	if (!options->json) {
		printf("%-12s %-9s %8u %10u %5u %9u %8u\n", row->name, row->state, row->threads,
			rate, cpu, row->kib, restarts);
		return;
	}
	json_object();
	json_string("name", row->name);
	json_string("state", row->state);
	json_number("threads", row->threads);
	json_number("messages_per_second", rate);
	json_number("cpu_percent", cpu);
	json_number("kib", row->kib);
	json_number("restarts", restarts);
}

/* One table; the sample becomes the present one. */
static void refresh(const struct options *options, struct sample *sample, bool print)
{
	char *text = list_servers(options, "", 0), *left = text;
	struct sample now = { .count = 0 };
	struct server_row row;

	clock_gettime(CLOCK_MONOTONIC, &now.time);
	if (print && options->json)
		json_open();
	else if (print)
		printf("%s%-12s %-9s %8s %10s %5s %9s %8s\n",
			isatty(STDOUT_FILENO) ? "\033[H\033[J" : "", "NAME", "STATE", "THREADS",
			"MESSAGES/S", "CPU%", "KIB", "RESTARTS");
	while (next_row(&left, &row)) {
		if (now.count < ROWS_MAX && row.threads != 0) {
			now.rows[now.count].session = row.session;
			now.rows[now.count].messages = row.messages;
			now.rows[now.count++].cpu_ms = row.cpu_ms;
		}
		difference(sample, &row);
		if (print)
			print_top(options, &row, since(&sample->time, &now.time));
	}
	if (print && options->json)
		json_close();
	fflush(stdout);
	*sample = now;
	free(text);
}

void command_top(const struct options *options)
{
	const struct timespec pause = {
		.tv_sec = (time_t)options->delay,
		.tv_nsec = (long)((options->delay - (time_t)options->delay) * 1e9),
	};
	static struct sample sample;
	unsigned i;

	refresh(options, &sample, false);
	for (i = 0; options->count == 0 || i < options->count; i++) {
		(void)nanosleep(&pause, NULL); /* a signal makes it shorter; times are measured */
		refresh(options, &sample, true);
	}
}
