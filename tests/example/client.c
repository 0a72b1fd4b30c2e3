/* example-store: a Unix program that uses the example server. */
#include <getopt.h>
#include <mach/notify.h>
#include <masix/error.h>
#include <masix/proxy.h>
#include <masix/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mach_port.h"
#include "store.h"
#include "store_event_server.h"

#define WAIT_MS 60000
#define WORDS 4
#define LINE 2048
/* Signals are taken between system calls; a receive is none, and must not last. */
#define SLICE_MS 200
#define USAGE                                                                                      \
	"usage: example-store [--wait] [--server NAME] COMMAND\n"                                  \
	"  get KEY            the value, as it is\n"                                               \
	"  put KEY [VALUE]    the value is VALUE, or what standard input has\n"                    \
	"  delete KEY\n"                                                                           \
	"  add KEY [AMOUNT]   to a number (1 by default); prints what it is then\n"                \
	"  list [--json] [PREFIX]  keys and the sizes of their values\n"                           \
	"  watch [-n N] KEY   one line for each change, N of them\n"                               \
	"  hammer SECONDS     call after call; prints their number\n"                              \
	"  crash              the server dies\n"                                                   \
	"  where              the node where the server lives\n"                                   \
	"  lost               prints \"lost\" when the server, or its node, is gone\n"             \
	"  session            commands from standard input, a line each; goes on after errors\n"   \
	"--server: another than example; NAME@NODE is one of another node.\n"                      \
	"--timeout MS: of each call.\n"                                                            \
	"--wait: for a server that is not up yet.\n"

static bool json, patient;
static bool failed;
static unsigned timeout; /* ms; 0: none */
static unsigned limit;	 /* -n; 0: none */
static const char *server = "example";
static mach_port_t store;

__attribute__((noreturn)) static void usage(int status)
{
	fputs(USAGE, status ? stderr : stdout);
	exit(status);
}

static bool good(kern_return_t kr, const char *what)
{
	if (kr == KERN_SUCCESS)
		return true;
	failed = true;
	fflush(stdout);
	fprintf(stderr, "example-store: %s%s%s\n", what, *what ? ": " : "",
		masix_is_lost(kr) && strchr(server, '@') != NULL ? "the node is lost"
								 : masix_strerror(kr));
	return false;
}

/* KERN_SUCCESS goes on. */
static void must(kern_return_t kr, const char *what)
{
	if (!good(kr, what))
		exit(1);
}

static void get(char **arguments)
{
	masix_part_t value;
	mach_msg_type_number_t size = sizeof value;

	if (!good(store_get(store, arguments[0], strlen(arguments[0]), value, &size), arguments[0]))
		return;
	if (fwrite(value, 1, size, stdout) != size)
		exit(1);
}

/* One byte more than any value may have, so that a longer one is refused and not cut. */
static size_t read_input(char *value, size_t room)
{
	size_t size = fread(value, 1, room, stdin);

	if (ferror(stdin)) {
		perror("example-store: standard input");
		exit(1);
	}
	return size;
}

static void put(char **arguments)
{
	masix_part_t input;
	const char *value = arguments[1];
	size_t size = value ? strlen(value) : read_input(input, sizeof input);

	if (size > sizeof input)
		must(MASIX_E_TOO_BIG, arguments[0]);
	(void)good(
		store_put(store, arguments[0], strlen(arguments[0]), value ? value : input, size),
		arguments[0]);
}

static void delete (char **arguments)
{
	(void)good(store_delete(store, arguments[0], strlen(arguments[0])), arguments[0]);
}

static int amount_of(const char *text)
{
	char *end;
	long amount = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || (int)amount != amount)
		usage(2);
	return (int)amount;
}

static void add(char **arguments)
{
	int total, amount = arguments[1] ? amount_of(arguments[1]) : 1;

	if (good(store_add(store, arguments[0], strlen(arguments[0]), amount, &total),
		    arguments[0]))
		printf("%d\n", total);
}

/* A key has no control character. */
static void print_json_key(const char *key)
{
	for (; *key; key++)
		printf(*key == '"' || *key == '\\' ? "\\%c" : "%c", *key);
}

static void list(char **arguments)
{
	masix_inline_t table;
	mach_msg_type_number_t size = sizeof table;
	const char *prefix = arguments[0] ? arguments[0] : "", *begin = "";
	char *line, *next = table;

	if (!good(store_list(store, prefix, strlen(prefix), table, &size), ""))
		return;
	if (!json) {
		fwrite(table, 1, size, stdout);
		return;
	}
	printf("[");
	while (next < table + size) {
		line = next;
		next = memchr(line, '\n', (size_t)(table + size - line));
		*next++ = '\0';

		char *blank = strchr(line, ' ');

		*blank = '\0';
		printf("%s\n {\"name\": \"", begin);
		print_json_key(line);
		printf("\", \"size\": %s}", blank + 1);
		begin = ",";
	}
	printf("%s]\n", *begin ? "\n" : "");
}

kern_return_t S_store_event(mach_port_t port, const masix_name_t key, mach_msg_type_number_t size)
{
	(void)port;
	printf("%.*s\n", (int)size, key);
	fflush(stdout);
	return KERN_SUCCESS;
}

static void watch(char **arguments)
{
	union {
		mach_msg_header_t header;
		char bytes[1024];
	} event, reply;
	mach_port_t port = mach_reply_port();

	must(store_watch(store, arguments[0], strlen(arguments[0]), port), arguments[0]);
	for (unsigned seen = 0; limit == 0 || seen < limit;) {
		kern_return_t kr = mach_msg(&event.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
			sizeof event, port, SLICE_MS, MACH_PORT_NULL);
		mig_routine_t routine;

		if (kr == MACH_RCV_TIMED_OUT)
			continue;
		must(kr, arguments[0]);
		routine = store_event_server_routine(&event.header);
		if (routine == NULL)
			continue;
		routine(&event.header, &reply.header);
		seen++;
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* As a program does that keeps the server's port. */
static void hammer(char **arguments)
{
	struct masix_proxy_name *name;
	const double end = seconds() + atof(arguments[0]);
	mach_port_t port;
	unsigned calls;
	int total;

	must(masix_proxy_name_open(server, &name), "");
	for (calls = 0; seconds() < end; calls++) {
		kern_return_t kr = masix_proxy_name_port(name, WAIT_MS, &port);

		if (kr == KERN_SUCCESS)
			kr = store_add(port, "hammer", strlen("hammer"), 1, &total);
		if (kr != KERN_SUCCESS) {
			fprintf(stderr, "example-store: call %u failed: %s\n", calls,
				masix_strerror(kr));
			exit(1);
		}
	}
	masix_proxy_name_close(name);
	printf("%u calls\n", calls);
}

static void crash(char **arguments)
{
	(void)arguments;
	must(store_crash(store), "");
}

static void where(char **arguments)
{
	char node[MASIX_NODE_SIZE];

	(void)arguments;
	if (good(masix_proxy_where(store, node), "where"))
		printf("%s\n", node);
}

static void lost(char **arguments)
{
	union {
		mach_msg_header_t header;
		char bytes[256];
	} notification;
	mach_port_t notify = mach_reply_port();
	kern_return_t kr;

	(void)arguments;
	must(masix_proxy_tell_lost(store, notify), "");
	printf("watching\n");
	fflush(stdout);
	do
		kr = mach_msg(&notification.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
			sizeof notification, notify, SLICE_MS, MACH_PORT_NULL);
	while (kr == MACH_RCV_TIMED_OUT);
	must(kr, "");
	if (notification.header.msgh_id == MACH_NOTIFY_DEAD_NAME)
		printf("lost\n");
}

static void session(char **arguments);

static const struct command {
	const char *name;
	int least, most; /* arguments */
	void (*run)(char **arguments);
} commands[] = {
	{ "get", 1, 1, get },
	{ "put", 1, 2, put },
	{ "delete", 1, 1, delete },
	{ "add", 1, 2, add },
	{ "list", 0, 1, list },
	{ "watch", 1, 1, watch },
	{ "hammer", 1, 1, hammer },
	{ "crash", 0, 0, crash },
	{ "where", 0, 0, where },
	{ "lost", 0, 0, lost },
	{ "session", 0, 0, session },
};

static const struct command *find_command(char **words, int count)
{
	for (size_t i = 0; count > 0 && i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(words[0], commands[i].name) == 0 && count - 1 >= commands[i].least &&
			count - 1 <= commands[i].most)
			return &commands[i];
	return NULL;
}

/* The words of the line, which it cuts up; NULL after the last. */
static int split(char *line, char **words)
{
	int count = 0;

	for (char *word = strtok(line, " \n"); word != NULL && count < WORDS;
		word = strtok(NULL, " \n"))
		words[count++] = word;
	words[count] = NULL;
	return count;
}

/* As a program does that keeps the server's port, and goes on with the next server when this one is lost. */
static void session(char **arguments)
{
	struct masix_proxy_name *name;
	char line[LINE], *words[WORDS + 1];
	const struct command *command;

	(void)arguments;
	must(masix_proxy_name_open(server, &name), "");
	while (fgets(line, sizeof line, stdin) != NULL) {
		command = find_command(words, split(line, words));
		if (words[0] == NULL)
			continue;
		if (command == NULL || command->run == session)
			(void)good(MASIX_E_INVALID, words[0]);
		else if (good(masix_proxy_name_port(name, WAIT_MS, &store), server))
			command->run(words + 1);
		fflush(stdout);
	}
	masix_proxy_name_close(name);
}

static const struct command *read_arguments(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
		{ "timeout", required_argument, NULL, 't' }, { "wait", no_argument, NULL, 'w' },
		{ "server", required_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' },
		{ 0 } };
	const struct command *command;
	int option;

	while ((option = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
		json |= option == 'j';
		patient |= option == 'w';
		if (option == 't')
			timeout = (unsigned)amount_of(optarg);
		if (option == 's')
			server = optarg;
		if (option == 'n')
			limit = (unsigned)amount_of(optarg);
		if (option == 'h' || option == '?')
			usage(option == 'h' ? 0 : 2);
	}
	command = find_command(argv + optind, argc - optind);
	if (command == NULL)
		usage(2);
	return command;
}

int main(int argc, char **argv)
{
	const struct command *command = read_arguments(argc, argv);

	if (command->run != hammer && command->run != session)
		must(masix_proxy_lookup(server, patient ? WAIT_MS : 0, &store), "");
	masix_proxy_set_timeout(timeout);
	command->run(argv + optind + 1);
	return fflush(stdout) == 0 && !failed ? 0 : 1;
}
