/* masix: speaks to ACS for the administrator of a running Masix: which servers there are, their lives, the system
 * log, the audit record. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "masix.h"

static const char usage[] =
	"usage: masix servers [PREFIX]     list the servers\n"
	"       masix servers --interface NAME  those that offer an interface\n"
	"       masix start FILE           start the server FILE, whose signed manifest is "
	"FILE.manifest\n"
	"       masix start --on-demand FILE  start it when its name is looked up\n"
	"       masix update FILE          start it in the place of the one that runs, without a "
	"failed call\n"
	"       masix stop NAME            end a server and forget it\n"
	"       masix restart NAME         end it and start it again\n"
	"       masix kill NAME            end it as if it had crashed\n"
	"       masix watch [-n N] NAME    tell when NAME comes and goes, N times or until "
	"interrupted\n"
	"       masix log [-f]             show the system log; -f: and what follows\n"
	"       masix audit                show what ACS admitted, refused and ended\n"
	"       masix audit --verify [FILE]  check the record, or one that was saved\n"
	"       masix trust                show what the servers are trusted by\n"
	"       masix trust rotate [NAME]  give a server, or all, a new session key\n"
	"       masix trust revoke NAME    end a server and refuse its key, also in later boots\n"
	"       masix trust load           refuse again the keys that were revoked in earlier "
	"boots\n"
	"       masix top [-n N] [-d SECONDS]  show what the servers do, live\n"
	"       masix nodes                list the nodes that are known\n"
	"       masix nodes --wait N [-d SECONDS]  wait until N are, this one included\n"
	"       masix ping [-n N] NODE     measure how long an empty message takes, there and "
	"back\n"
	"       masix net                  show the links to other nodes: ports, bytes, losses\n"
	"NAME#SESSION means one member of a pool.\n"
	"A FILE without a slash that is not here is sought in /usr/lib/masix/servers.\n"
	"--json: an array of objects, each with a \"name\".\n"
	"Changes and the audit record are for root.  masix(8) says more.\n"
	"Exit status: 0 done, 1 failed (with the reason), 2 wrong usage.\n";

static const struct command {
	const char *name;
	void (*run)(const struct options *options);
	int least, most;
	const char *options; /* letters of those that it takes beside --json */
} commands[] = {
	{ "servers", command_servers, 0, 1, "i" },
	{ "start", command_start, 1, 1, "o" },
	{ "update", command_update, 1, 1, "" },
	{ "stop", command_stop, 1, 1, "" },
	{ "restart", command_restart, 1, 1, "" },
	{ "kill", command_kill, 1, 1, "" },
	{ "watch", command_watch, 1, 1, "n" },
	{ "log", command_log, 0, 0, "f" },
	{ "audit", command_audit, 0, 1, "v" },
	{ "trust", command_trust, 0, 2, "" },
	{ "top", command_top, 0, 0, "nd" },
	{ "nodes", command_nodes, 0, 0, "wd" },
	{ "ping", command_ping, 1, 1, "n" },
	{ "net", command_net, 0, 0, "" },
};

/* The word that names the command, if it is one. */
static const char *asked;

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(word, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* How the command is to be used, or which commands there are. */
__attribute__((noreturn)) static void wrong_usage(void)
{
	const size_t indent = strlen("usage: "), length = asked != NULL ? strlen(asked) : 0;
	const char *begin = "usage: ", *line;

	for (line = usage; asked != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
		const char *text = line + strnlen(line, indent);

		if (strncmp(text, "masix ", 6) != 0 || strncmp(text + 6, asked, length) != 0 ||
			text[6 + length] != ' ')
			continue;
		fprintf(stderr, "%s%.*s\n", begin, (int)strcspn(text, "\n"), text);
		begin = "       ";
	}
	if (asked == NULL) {
		fputs("usage: masix COMMAND [ARGUMENT...], a COMMAND of", stderr);
		for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
			fprintf(stderr, " %s", commands[i].name);
		fputc('\n', stderr);
	}
	fputs("masix --help says more.\n", stderr);
	exit(STATUS_USAGE);
}

static unsigned count_of(const char *text)
{
	char *end;
	unsigned long count = strtoul(text, &end, 10);

	if (text[0] < '1' || text[0] > '9' || *end != '\0' || count > 1000000)
		wrong_usage();
	return count;
}

static double seconds_of(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds >= 0.1 && seconds <= 3600))
		wrong_usage();
	return seconds;
}

/* Read the options into *options and their letters into `given`. */
static void read_options(int argc, char **argv, struct options *options, char given[8])
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "on-demand", no_argument, NULL, 'o' },
		{ "verify", no_argument, NULL, 'v' },
		{ "interface", required_argument, NULL, 'i' },
		{ "wait", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, "hfn:d:", longs, NULL)) != -1) {
		switch (letter) {
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'j':
			options->json = true;
			continue;
		case 'f':
			options->follow = true;
			break;
		case 'o':
			options->on_demand = true;
			break;
		case 'v':
			options->verify = true;
			break;
		case 'i':
			options->interface = optarg;
			break;
		case 'w':
			options->wait = count_of(optarg);
			break;
		case 'n':
			options->count = count_of(optarg);
			break;
		case 'd':
			options->delay = seconds_of(optarg);
			break;
		default:
			wrong_usage();
		}
		if (strchr(given, letter) == NULL)
			given[strlen(given)] = letter;
	}
}

int main(int argc, char **argv)
{
	struct options options = { .delay = 2 };
	const struct command *command;
	char given[8] = "";

	for (int i = 1; i < argc && asked == NULL; i++)
		if (argv[i][0] != '-' && find_command(argv[i]) != NULL)
			asked = argv[i];
	read_options(argc, argv, &options, given);
	command = optind < argc ? find_command(argv[optind]) : NULL;
	if (command == NULL && optind < argc)
		fprintf(stderr, "masix: %.255s: no such command\n", argv[optind]);
	if (command == NULL || argc - optind - 1 < command->least ||
		argc - optind - 1 > command->most ||
		strspn(given, command->options) != strlen(given))
		wrong_usage();
	options.arguments = argv + optind + 1;
	options.wrong_usage = wrong_usage;
	command->run(&options);
	if (fflush(stdout) != 0)
		die(&options, command->name, "cannot write: %s", strerror(errno));
	return 0;
}
