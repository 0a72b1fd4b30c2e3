/* Unit tests of session.c: groups, sessions, the controlling terminal. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

#include "session.h"
#include "test.h"
#include "world.h"

/* A shell with a terminal and a job in a group of its own. */
struct jobs {
	struct world *w;
	struct process *shell, *job;
	struct terminal_jobs terminal;
};

static struct jobs set_up(struct world *w)
{
	struct jobs j = { .w = w };

	j.shell = world_fork(w, w->init);
	assert_int_equal(session_create(&w->table, j.shell), 0);
	j.job = world_fork(w, j.shell);
	assert_int_equal(group_set(&w->table, j.shell, j.job->pid, 0), 0);
	return j;
}

static bool has(const struct process *p, int signal)
{
	return (p->pending & SIGNAL_BIT(signal)) != 0;
}

static void test_sessions(void **state)
{
	struct world *w = *state;
	struct jobs j = set_up(w);

	assert_int_equal(j.shell->session->sid, j.shell->pid);
	assert_int_equal(session_create(&w->table, j.shell), MASIX_E_PERMISSION);
	assert_int_equal(session_create(&w->table, j.job), MASIX_E_PERMISSION);
}

static void test_set_group(void **state)
{
	struct world *w = *state;
	struct jobs j = set_up(w);
	struct process *other = world_fork(w, w->init);
	struct process *second = world_fork(w, j.shell);

	assert_int_equal(j.job->pgid, j.job->pid);
	assert_int_equal(group_set(&w->table, j.shell, second->pid, j.job->pid), 0);
	assert_int_equal(group_set(&w->table, j.shell, 0, 0), MASIX_E_PERMISSION);
	assert_int_equal(group_set(&w->table, j.shell, other->pid, 0), MASIX_E_NO_PROCESS);
	assert_int_equal(group_set(&w->table, j.shell, second->pid, -1), MASIX_E_INVALID);
	/* A group of another session. */
	assert_int_equal(group_set(&w->table, other, 0, 0), 0);
	assert_int_equal(
		group_set(&w->table, j.shell, second->pid, other->pgid), MASIX_E_PERMISSION);
	second->has_executed = true;
	assert_int_equal(group_set(&w->table, j.shell, second->pid, 0), MASIX_E_ACCESS);
	assert_int_equal(group_set(&w->table, second, 0, 0), 0);
}

static void test_acquire(void **state)
{
	struct world *w = *state;
	struct jobs j = set_up(w);
	struct process *rival = world_fork(w, w->init);

	assert_int_equal(session_create(&w->table, rival), 0);
	assert_int_equal(terminal_acquire(j.job, &j.terminal, false), MASIX_E_PERMISSION);
	assert_int_equal(terminal_acquire(j.shell, &j.terminal, false), 0);
	assert_int_equal(terminal_acquire(j.shell, &j.terminal, false), 0);
	assert_int_equal(j.terminal.foreground, j.shell->pid);
	assert_int_equal(terminal_acquire(rival, &j.terminal, false), MASIX_E_PERMISSION);
	assert_int_equal(terminal_acquire(rival, &j.terminal, true), 0);
	assert_null(j.shell->session->terminal);
	assert_int_equal(terminal_give_up(&w->table, j.shell, &j.terminal), MASIX_E_NOT_TTY);
	assert_int_equal(terminal_give_up(&w->table, rival, &j.terminal), 0);
}

static void test_foreground(void **state)
{
	struct world *w = *state;
	struct process *stranger = world_fork(w, w->init);
	struct jobs j = set_up(w);

	assert_int_equal(terminal_acquire(j.shell, &j.terminal, false), 0);
	/* The job is in the background: reading stops it, writing may. */
	assert_int_equal(terminal_check(&w->table, j.shell, &j.terminal, SIGTTIN, false), 0);
	assert_int_equal(
		terminal_check(&w->table, j.job, &j.terminal, SIGTTIN, false), MASIX_E_INTERRUPTED);
	assert_true(has(j.job, SIGTTIN));
	assert_int_equal(terminal_check(&w->table, j.job, &j.terminal, SIGTTIN, true), MASIX_E_IO);
	assert_int_equal(terminal_check(&w->table, j.job, &j.terminal, SIGTTOU, true), 0);

	assert_int_equal(terminal_set_foreground(&w->table, j.shell, &j.terminal, j.job->pgid), 0);
	assert_int_equal(terminal_check(&w->table, j.job, &j.terminal, SIGTTIN, false), 0);
	assert_int_equal(terminal_set_foreground(&w->table, j.shell, &j.terminal, w->init->pgid),
		MASIX_E_INVALID);
	assert_int_equal(
		terminal_set_foreground(&w->table, j.shell, &j.terminal, 9999), MASIX_E_NO_PROCESS);
	/* A group of another session. */
	assert_int_equal(group_set(&w->table, stranger, 0, 0), 0);
	assert_int_equal(terminal_set_foreground(&w->table, j.shell, &j.terminal, stranger->pgid),
		MASIX_E_PERMISSION);
	group_signal(&w->table, j.terminal.foreground, SIGINT);
	assert_true(has(j.job, SIGINT));
	assert_false(has(j.shell, SIGINT));
	assert_int_equal(terminal_give_up(&w->table, j.shell, &j.terminal), 0);
}

/* When the shell ends, its stopped jobs are told: nobody can continue them. */
static void test_orphaned_group(void **state)
{
	struct world *w = *state;
	struct jobs j = set_up(w);
	const struct masix_siginfo info = { 0 };

	assert_false(group_is_orphaned(&w->table, j.job->pgid));
	assert_int_equal(signal_kill(&w->table, w->init, j.job->pid, SIGSTOP, &info), 0);
	world_act(w, NULL);
	assert_int_equal(terminal_acquire(j.shell, &j.terminal, false), 0);
	world_exit(w, j.shell, 0);
	assert_true(group_is_orphaned(&w->table, j.job->pgid));
	assert_true(has(j.job, SIGHUP));
	assert_false(j.job->stopped);
	assert_null(j.terminal.session);
	/* Now a terminal's stop signal does nothing, and reading fails. */
	assert_false(signal_stop_self(&w->table, j.job, SIGTSTP));
	assert_true(signal_stop_self(&w->table, j.job, SIGSTOP));
}

static void test_hang_up(void **state)
{
	struct world *w = *state;
	struct jobs j = set_up(w);

	assert_int_equal(terminal_acquire(j.shell, &j.terminal, false), 0);
	assert_int_equal(terminal_set_foreground(&w->table, j.shell, &j.terminal, j.job->pgid), 0);
	terminal_hang_up(&w->table, &j.terminal);
	assert_true(has(j.shell, SIGHUP));
	assert_true(has(j.job, SIGHUP));
	assert_null(j.shell->session->terminal);
	terminal_hang_up(&w->table, &j.terminal);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sessions),
		TEST(test_set_group),
		TEST(test_acquire),
		TEST(test_foreground),
		TEST(test_orphaned_group),
		TEST(test_hang_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
