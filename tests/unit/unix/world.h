/* A process table with a few processes, and what would be done to them. */
#ifndef TEST_UNIX_WORLD_H
#define TEST_UNIX_WORLD_H

#include "process_table.h"
#include "signals.h"
#include "wait.h"

struct world {
	struct process_table table;
	struct process *init;
};

/* For cmocka: a table with init. */
int world_begin(void **state);
int world_end(void **state);

struct process *world_fork(struct world *w, struct process *parent);

/* Carry out what is noted, as act.c does; returns which todo bits there were for `about`. */
unsigned world_act(struct world *w, const struct process *about);

/* exit(2), up to the zombie. */
void world_exit(struct world *w, struct process *p, int code);

/* Park a wait of p for any child. */
void world_park(struct process *p, uint32_t token, int options);

/* The next answer, or NULL; the caller frees it. */
struct waiter *world_answer(struct world *w);

#endif
