/* The commands of masix, and what they share. */
#ifndef MASIX_PROGRAM_H
#define MASIX_PROGRAM_H

#include <mach/mach_types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATUS_FAILED = 1, STATUS_USAGE = 2 };

struct options {
	bool json;
	bool follow;		   /* -f */
	bool on_demand;		   /* --on-demand */
	bool verify;		   /* --verify */
	unsigned wait;		   /* --wait; 0: not */
	unsigned count;		   /* -n; 0: for ever */
	double delay;		   /* -d, seconds */
	const char *interface;	   /* --interface, or NULL */
	char **arguments;	   /* ends with NULL */
	void (*wrong_usage)(void); /* does not return */
};

/* "masix: WHAT: why" on standard error, [{"name": WHAT, "error": why}] with --json; ends the program. */
__attribute__((format(printf, 3, 4), noreturn)) void die(
	const struct options *options, const char *what, const char *format, ...);

/* ACS: the client face, or the admin port for root. */
mach_port_t acs_port(const struct options *options);

/* A name as an argument of a stub; ACS would refuse a longer one anyhow. */
size_t name_length(const struct options *options, const char *name);

/* Whole files; sizes that no server has are errors. */
struct bytes {
	char *data;
	size_t size;
};
struct bytes read_file(const struct options *options, const char *path);

/* A text that ACS sent as out-of-line memory, malloc'ed and terminated; the memory is given back. */
char *take_text(const struct options *options, char *memory, size_t size);

/* One line of acs_list, with pointers into it. */
struct server_row {
	const char *name, *state, *role, *names;
	unsigned session, starts, kib, threads;
	unsigned long long messages, cpu_ms;
};
/* The next line of *text, which it cuts up; false after the last. */
bool next_row(char **text, struct server_row *row);
/* acs_list, or acs_list_interface if `interface` is not 0; for free. */
char *list_servers(const struct options *options, const char *prefix, uint32_t interface);
/* The number of an interface by its name in /usr/lib/masix/subsystems, or as a number. */
uint32_t interface_of(const struct options *options, const char *name);

void command_servers(const struct options *options);
void command_top(const struct options *options);
void command_start(const struct options *options);
void command_update(const struct options *options);
void command_stop(const struct options *options);
void command_restart(const struct options *options);
void command_kill(const struct options *options);
void command_watch(const struct options *options);
void command_log(const struct options *options);
void command_trust(const struct options *options);
void command_audit(const struct options *options);
void command_nodes(const struct options *options);
void command_ping(const struct options *options);
void command_net(const struct options *options);

#endif
