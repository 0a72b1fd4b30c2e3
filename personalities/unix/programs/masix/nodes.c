/* nodes, ping, net: other nodes, as the network server of this one knows them. */
#include <inttypes.h>
#include <masix/client.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/proxy.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acs_client.h"
#include "gns.h"
#include "json.h"
#include "masix.h"

#define START_MS 20000 /* it may be in the middle of a new life */
#define ONE_PING 4     /* by default */

/* One line of gns_list, with pointers into it. */
struct peer_row {
	const char *kind, *name, *address;
	uint64_t incarnation, proxies, sent, received, again, bytes_sent, bytes_received,
		handshakes, dropped, credits;
};

/* Is there a network server, in whatever state?  Nobody waits for one that was never started. */
static bool is_entered(const struct options *options)
{
	char *text = list_servers(options, "gns", 0), *left = text;
	struct server_row row;
	bool found = false;

	while (!found && next_row(&left, &row))
		found = strcmp(row.name, "gns") == 0;
	free(text);
	return found;
}

static mach_port_t gns_port(const struct options *options)
{
	mach_port_t port;
	kern_return_t kr = MASIX_E_NOT_FOUND;

	if (is_entered(options))
		kr = acs_lookup(acs_port(options), "gns", strlen("gns"), START_MS, &port);
	if (kr == MASIX_E_NOT_FOUND)
		die(options, "gns", "this machine is in no cluster");
	if (kr != KERN_SUCCESS)
		die(options, "gns", "%s", masix_strerror(kr));
	return port;
}

/* For free. */
static char *list_nodes(const struct options *options, mach_port_t gns)
{
	masix_bulk_t table;
	mach_msg_type_number_t size;
	kern_return_t kr = gns_list(gns, &table, &size);

	if (kr != KERN_SUCCESS)
		die(options, "gns", "%s", masix_strerror(kr));
	return take_text(options, table, size);
}

static uint64_t number(char **line, int base)
{
	const char *word = strsep(line, " ");

	return word != NULL ? strtoull(word, NULL, base) : 0;
}

/* The next node's line of *text, which it cuts up; false after the last. */
static bool next_node(char **text, struct peer_row *row)
{
	char *line;

	while ((line = strsep(text, "\n")) != NULL) {
		memset(row, 0, sizeof *row);
		row->kind = strsep(&line, " ");
		row->name = strsep(&line, " ");
		if (row->name == NULL ||
			(strcmp(row->kind, "self") != 0 && strcmp(row->kind, "peer") != 0))
			continue;
		row->incarnation = number(&line, 16);
		row->proxies = number(&line, 10);
		row->sent = number(&line, 10);
		row->received = number(&line, 10);
		row->again = number(&line, 10);
		row->address = strsep(&line, " ");
		row->bytes_sent = number(&line, 10);
		row->bytes_received = number(&line, 10);
		row->handshakes = number(&line, 10);
		row->dropped = number(&line, 10);
		row->credits = number(&line, 10);
		return true;
	}
	return false;
}

static bool is_self(const struct peer_row *row)
{
	return strcmp(row->kind, "self") == 0;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static unsigned count_nodes(const struct options *options)
{
	char *text = list_nodes(options, gns_port(options)), *left = text;
	struct peer_row row;
	unsigned count = 0;

	while (next_node(&left, &row))
		count++;
	free(text);
	return count;
}

/* Who comes is told by nobody yet: asked again and again. */
static void wait_for_nodes(const struct options *options)
{
	static const struct timespec step = { .tv_nsec = 200 * 1000 * 1000 };
	const double end = seconds() + options->delay;
	unsigned count;

	while ((count = count_nodes(options)) < options->wait) {
		if (seconds() >= end)
			die(options, "nodes", "%u of %u are there", count, options->wait);
		(void)nanosleep(&step, NULL);
	}
}

/* What a life is called: when it began. */
static void print_node(const struct options *options, const struct peer_row *row)
{
	const time_t since = (time_t)(row->incarnation / 1000000000);
	const char *address = is_self(row) || row->address == NULL ? "-" : row->address;
	char text[32] = "";
	struct tm when;

	if (gmtime_r(&since, &when) != NULL)
		(void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &when);
	if (!options->json) {
		printf("%-12s %-5s %-15s %s\n", row->name, is_self(row) ? "here" : "up", address,
			text);
		return;
	}
	json_object();
	json_string("name", row->name);
	json_string("state", is_self(row) ? "here" : "up");
	json_string("address", address);
	json_string("since", text);
}

void command_nodes(const struct options *options)
{
	char *text, *left;
	struct peer_row row;

	if (options->wait > 0)
		wait_for_nodes(options);
	text = left = list_nodes(options, gns_port(options));
	if (options->json)
		json_open();
	else
		printf("%-12s %-5s %-15s %s\n", "NAME", "STATE", "ADDRESS", "SINCE");
	while (next_node(&left, &row))
		print_node(options, &row);
	if (options->json)
		json_close();
	free(text);
}

static void print_link(const struct options *options, const struct peer_row *row)
{
	if (!options->json) {
		printf("%-12s %-15s %7" PRIu64 " %12" PRIu64 " %8" PRIu64 " %8" PRIu64 " %6" PRIu64
		       " %10" PRIu64 " %10" PRIu64 " %5" PRIu64 " %5" PRIu64 "\n",
			row->name, row->address, row->proxies, row->credits, row->sent,
			row->received, row->again, row->bytes_sent, row->bytes_received,
			row->handshakes, row->dropped);
		return;
	}
	json_object();
	json_string("name", row->name);
	json_string("address", row->address);
	json_number("proxies", row->proxies);
	json_number("credits", row->credits);
	json_number("frames_sent", row->sent);
	json_number("frames_received", row->received);
	json_number("retransmits", row->again);
	json_number("bytes_sent", row->bytes_sent);
	json_number("bytes_received", row->bytes_received);
	json_number("handshakes", row->handshakes);
	json_number("dropped", row->dropped);
}

void command_net(const struct options *options)
{
	char *text = list_nodes(options, gns_port(options)), *left = text;
	struct peer_row row;

	if (options->json)
		json_open();
	else
		printf("%-12s %-15s %7s %12s %8s %8s %6s %10s %10s %5s %5s\n", "NAME", "ADDRESS",
			"PROXIES", "CREDITS", "SENT", "RECEIVED", "AGAIN", "BYTES-OUT", "BYTES-IN",
			"SHAKE", "DROP");
	while (next_node(&left, &row))
		if (!is_self(&row) && row.address != NULL)
			print_link(options, &row);
	if (options->json)
		json_close();
	free(text);
}

void command_ping(const struct options *options)
{
	const char *node = options->arguments[0];
	const unsigned count = options->count > 0 ? options->count : ONE_PING;
	const mach_port_t gns = gns_port(options);
	double least = 0, most = 0, sum = 0;

	for (unsigned i = 0; i < count; i++) {
		const double begun = seconds();
		const kern_return_t kr = gns_ping(gns, node, name_length(options, node));
		const double took = (seconds() - begun) * 1e6;

		if (kr == MASIX_E_NOT_FOUND)
			die(options, node, "no such node is there");
		if (masix_is_lost(kr))
			die(options, node, "the node is lost");
		if (kr != KERN_SUCCESS)
			die(options, node, "%s", masix_strerror(kr));
		least = i == 0 || took < least ? took : least;
		most = took > most ? took : most;
		sum += took;
	}
	if (!options->json) {
		printf("%s: %u there and back, %.0f/%.0f/%.0f us (least, mean, most)\n", node,
			count, least, sum / count, most);
		return;
	}
	json_open();
	json_object();
	json_string("name", node);
	json_number("count", count);
	json_number("least_us", (unsigned long long)least);
	json_number("mean_us", (unsigned long long)(sum / count));
	json_number("most_us", (unsigned long long)most);
	json_close();
}
