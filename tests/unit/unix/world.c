#include "world.h"

#include <stdlib.h>

#include "test.h"

static uint32_t next_task = 100;

int world_begin(void **state)
{
	struct world *w = malloc(sizeof(*w));

	process_table_init(&w->table);
	if (process_create(&w->table, NULL, next_task++, 1, &w->init) != 0)
		return -1;
	*state = w;
	return 0;
}

struct process *world_fork(struct world *w, struct process *parent)
{
	struct process *p;

	assert_int_equal(process_create(&w->table, parent, next_task++, 2, &p), 0);
	return p;
}

unsigned world_act(struct world *w, const struct process *about)
{
	struct process_table *t = &w->table;
	unsigned seen = 0;

	while (t->todo != NULL) {
		struct process *p = t->todo;
		unsigned todo = p->todo;
		const struct masix_usage usage = { .user = 1000, .max_resident = 4 };

		t->todo = p->todo_next;
		if (t->todo == NULL)
			t->todo_tail = &t->todo;
		p->todo = 0;
		if (p == about)
			seen |= todo;
		if (todo == TODO_FREE) {
			process_free(p);
			continue;
		}
		if ((todo & TODO_TERMINATE) != 0)
			process_ended(t, p, &usage);
		p->suspended = p->stopped;
		process_put(t, p);
	}
	return seen;
}

void world_exit(struct world *w, struct process *p, int code)
{
	process_end(&w->table, p, code << 8);
	world_act(w, NULL);
}

void world_park(struct process *p, uint32_t token, int options)
{
	struct waiter *call = calloc(1, sizeof(*call));

	call->token = token;
	call->options = options;
	waiter_park(p, call);
}

struct waiter *world_answer(struct world *w)
{
	struct waiter *first = w->table.answers;

	if (first != NULL) {
		w->table.answers = first->next;
		if (first->next == NULL)
			w->table.answers_tail = &w->table.answers;
	}
	return first;
}

/* Ends everybody: the sanitizer then finds what the table forgot. */
int world_end(void **state)
{
	struct world *w = *state;
	struct process_table *t = &w->table;
	struct waiter *answer;

	for (struct process *p = t->last; p != NULL; p = p->previous)
		process_end(t, p, 9);
	world_act(w, NULL);
	while (t->first != NULL) {
		process_reap(t, t->first);
		world_act(w, NULL);
	}
	while ((answer = world_answer(w)) != NULL)
		free(answer);
	assert_int_equal(t->count, 0);
	assert_int_equal(t->queued_signals, 0);
	for (int id = 0; id < PID_MAX; id++) {
		assert_int_equal(t->pids[id].groups, 0);
		assert_null(t->pids[id].session);
	}
	free(w);
	return 0;
}
