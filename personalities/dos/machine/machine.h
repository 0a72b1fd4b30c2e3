/* The task of a DOS machine: the core (personalities/dos/core) over Mach.
 *
 * One thread runs the services; the program runs in another one, in virtual-8086 mode, and stands still while it is
 * served.  So everything here belongs to the first one, and needs no lock. */
#ifndef DOS_MACHINE_H
#define DOS_MACHINE_H

#include <mach/mach_types.h>
#include <masix/types.h>

#include "boot.h"
#include "dos.h"
#include "path.h"

extern struct dos dos;

static inline struct machine_boot *machine_boot(void)
{
	return (struct machine_boot *)MACHINE_BOOT;
}

/* --- events.c: the port set, the caller --- */

void events_init(void);
/* Where the program's exceptions are to go. */
extern mach_port_t events_exceptions;
/* The next message but those that are done here (the caller's) is the program's exception: true.  false: none came within
 * `timeout_ms`. */
bool events_receive(uint32_t timeout_ms);
/* Answer it with the next receive: the program goes on. */
void events_resume_program(void);
/* Now, if it is still to come. */
void events_settle(void);
/* The exception that events_receive has brought. */
struct exception {
	int exception, code;
	uint32_t subcode;
};
extern struct exception exception;
/* One that the program raised before it was stopped: it will raise it again. */
void events_forget_exception(void);

/* Have the caller do something; its result, and at most `room` bytes that it read. */
int events_call(int event, int stream, uint32_t amount, const void *data, uint32_t size,
	void *input, uint32_t room);
/* The last one. */
void events_exit(uint32_t status, const char *why);
/* Bytes typed. */
extern bool keys_end;
int events_key(void);
/* Until a key comes or the time is over. */
void events_wait(uint32_t timeout_ms);

/* --- environment.c --- */

/* The strings that the first program gets, of those that the caller gave, with the drives set up that they name. */
const char *environment_make(const char *variables, uint32_t count, unsigned *length);
/* The DOS path of a caller's absolute one; false and "": on no drive, or too long. */
bool environment_path(const char *path, char text[PATH_TEXT + 3]);
/* The DOS path of COMMAND.COM, known when the environment is made. */
extern char environment_shell[PATH_TEXT + 3];

/* --- streams.c: output is collected, so that a character costs no message --- */

void streams_init(struct world *world);
void streams_flush(void);

/* --- disk.c, sharing.c, expanded.c --- */

void disk_init(struct world *world);
void sharing_init(struct world *world);
void expanded_init(struct world *world);
/* Before the end is told: others may open at once what a program that was ended had open. */
void sharing_end(void);

/* --- window.c: the size of a file that the server told may have changed --- */

void window_doubt(void);

/* --- guard.c: from now on masix_copy may meet a page that cannot be had --- */

kern_return_t guard_start(void);

/* --- servers.c --- */

void servers_init(struct world *world);

/* --- run.c: the program's thread --- */

void run_program(void);
bool run_set_descriptor(void *context, unsigned number, const uint8_t bytes[8]);
void run_dump(const char *why);

void machine_end(void) __attribute__((noreturn));
void machine_say(const char *line);

#endif
