/* Inside the vector of a server: what its files share.  Everything here runs below glibc. */
#ifndef LIBMASIX_START_H
#define LIBMASIX_START_H

#include <mach/mach_types.h>
#include <stddef.h>
#include <stdint.h>

#include <masix/types.h>

#include "vector/futex.h"
#include "vector/region.h"
#include "vector/thread.h"

#define START_MAIN_STACK (1024 * 1024u) /* address space; pages come as they are touched */
#define START_BLOCK_SIZE 4096u		/* thread block with the stack on which a thread ends */

/* As masix_vector pushes them. */
struct vector_registers {
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp;
	uint32_t return_address;
};

/* All that a server's vector remembers. */
struct start {
	mach_port_t session; /* bootstrap port, or null (ACS) */
	const char *program; /* the manifest's name, or the file's while unsigned */
	struct region_space space;
	struct futex_table futexes;
	_Atomic uint32_t threads;
	_Atomic uint32_t last_tid;
	void (*sink)(const char *line, size_t length); /* instead of ACS, or NULL */
	masix_start_t info;			       /* from ACS; all zero without a session */
	masix_key_t challenge;			       /* for the first registration */
};
extern struct start start;

extern char vdso_image[];
void masix_vector(void);

/* entry.S */
void vector_leave(void *stack) __attribute__((noreturn));

uint32_t *start_server(uint32_t *stack);

/* calls.c: one call; the result goes to eax. */
uint32_t vector_call(struct vector_registers *registers);

/* threads.c */
int vector_clone(const struct vector_registers *registers);
void vector_exit_thread(void) __attribute__((noreturn));
void vector_thread_end(void) __attribute__((noreturn));
int vector_set_thread_area(uint32_t *user_desc);

/* end.c: of the whole task; ACS, if there is one, finds it as it was. */
void vector_exit_task(void) __attribute__((noreturn));

/* service.c: the thread that serves the task's exceptions. */
kern_return_t service_start(void) __attribute__((warn_unused_result));

/* output.c: a line for the log, without newline; never blocks for long. */
void vector_log(const char *line, size_t length);
/* Bytes of descriptor 1 or 2, gathered to lines. */
void vector_output(const char *bytes, size_t length);

struct text { /* a line being made */
	char bytes[256];
	size_t length;
};
void output_add(struct text *text, const char *string);
void text_hex(struct text *text, uint32_t value);
void text_decimal(struct text *text, uint32_t value);
void text_log(const struct text *text);
/* The return addresses that seem to be on the stack at `esp`, as a line of their own. */
void log_callers(uint32_t esp);

/* random.c: 1 if `size` bytes were made. */
int vector_random(void *bytes, size_t size);

#endif
