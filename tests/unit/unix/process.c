/* Unit tests of process_table.c, wait.c and signals.c: birth, death, waiting, signals. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

#include "session.h"
#include "test.h"
#include "world.h"

static void test_fork_inherits(void **state)
{
	struct world *w = *state;
	/* Two bytes of arguments, then the environment. */
	uint32_t image[IMAGE_WORDS] = { 1, 2, 3, 4, 100, 102 };
	char *cmdline = malloc(4);

	memcpy(cmdline, "a\0b", 4);
	w->init->credentials.ruid = 7;
	process_set_image(
		w->init, "a-name-longer-than-fifteen", cmdline, 3, strdup("/bin/a"), image);
	struct process *child = world_fork(w, w->init);

	assert_int_equal(child->pid, 2);
	assert_ptr_equal(child->parent, w->init);
	assert_int_equal(child->credentials.ruid, 7);
	assert_string_equal(child->comm, "a-name-longer-t");
	assert_string_equal(child->file, "/bin/a");
	assert_int_equal(child->image[2], 3);
	assert_int_equal(child->cmdline_size, 2);
	assert_int_equal(child->environment_size, 1);
	assert_memory_equal(child->cmdline, "a\0b", 3);
	assert_false(child->has_executed);
	assert_ptr_equal(process_find(&w->table, 2), child);
	assert_ptr_equal(process_find_task(&w->table, child->task), child);
	assert_null(process_find(&w->table, -1));
	assert_null(process_find(&w->table, PID_MAX));
	assert_null(process_find_task(&w->table, 0));
}

static void test_limit(void **state)
{
	struct world *w = *state;
	struct process *p;
	int error = 0;

	struct process *user = world_fork(w, w->init);

	user->credentials.euid = user->credentials.ruid = 1000;
	user->limits[MASIX_LIMIT_PROCESSES][0] = 20;
	while (error == 0)
		error = process_create(&w->table, user, 3000 + w->table.count, 0, &p);
	assert_int_equal(error, MASIX_E_LIMIT);
	assert_int_equal(w->table.count, 1 + 20);
	assert_int_equal(p->limits[MASIX_LIMIT_PROCESSES][0], 20);
	error = 0;
	user->limits[MASIX_LIMIT_PROCESSES][0] = PROCESS_MAX;
	while (error == 0)
		error = process_create(&w->table, user, 3000 + w->table.count, 0, &p);
	assert_int_equal(error, MASIX_E_LIMIT);
	assert_int_equal(w->table.count, PROCESS_MAX - PROCESS_MAX / ROOT_PART);
	error = 0;
	for (int i = 0; i < PROCESS_MAX && error == 0; i++)
		error = process_create(&w->table, w->init, 5000 + PROCESS_MAX + i, 0, &p);
	assert_int_equal(error, MASIX_E_LIMIT);
	assert_int_equal(w->table.count, PROCESS_MAX);
}

/* An id is not given out again while it names a group or session. */
static void test_pid_in_use_as_group(void **state)
{
	struct world *w = *state;
	struct process *leader = world_fork(w, w->init);
	struct process *member = world_fork(w, w->init);
	int pid = leader->pid;

	assert_int_equal(group_set(&w->table, leader, 0, 0), 0);
	assert_int_equal(group_set(&w->table, w->init, member->pid, pid), 0);
	world_exit(w, leader, 0);
	process_reap(&w->table, leader);
	world_act(w, NULL);
	assert_null(process_find(&w->table, pid));
	w->table.last_pid = pid - 1;
	assert_int_not_equal(world_fork(w, w->init)->pid, pid);
}

static void test_exit_and_wait(void **state)
{
	struct world *w = *state;
	struct process *child = world_fork(w, w->init);
	struct wait_result r;

	assert_false(wait_try(&w->table, w->init, MASIX_WAIT_ANY, 0, MASIX_WAIT_EXITED, &r));
	assert_true(wait_try(
		&w->table, w->init, MASIX_WAIT_ANY, 0, MASIX_WAIT_EXITED | MASIX_WAIT_NOHANG, &r));
	assert_int_equal(r.pid, 0);
	assert_int_equal(r.error, 0);

	int pid = child->pid;

	world_exit(w, child, 7);
	assert_int_equal(child->state, PROCESS_ZOMBIE);
	assert_true(wait_try(&w->table, w->init, MASIX_WAIT_PID, pid,
		MASIX_WAIT_EXITED | MASIX_WAIT_NOWAIT, &r));
	assert_int_equal(r.status, 7 << 8);
	assert_true(wait_try(&w->table, w->init, MASIX_WAIT_PID, pid, MASIX_WAIT_EXITED, &r));
	assert_int_equal(r.pid, pid);
	assert_int_equal(r.usage.user, 1000);
	assert_int_equal(w->init->children_usage.user, 1000);
	/* Its SIGCHLD, at least, came before. */
	assert_true(r.signals);
	world_act(w, NULL);
	assert_null(process_find(&w->table, pid));
	assert_true(wait_try(&w->table, w->init, MASIX_WAIT_ANY, 0, MASIX_WAIT_EXITED, &r));
	assert_int_equal(r.error, MASIX_E_NO_CHILD);
}

static void test_parked_wait(void **state)
{
	struct world *w = *state;
	struct process *child = world_fork(w, w->init);
	int pid = child->pid;

	world_park(w->init, 5, MASIX_WAIT_EXITED);
	world_exit(w, child, 3);
	struct waiter *answer = world_answer(w);

	assert_non_null(answer);
	assert_int_equal(answer->token, 5);
	assert_int_equal(answer->result.pid, pid);
	assert_int_equal(answer->result.status, 3 << 8);
	assert_null(world_answer(w));
	free(answer);
}

static void test_cancel_wait(void **state)
{
	struct world *w = *state;

	world_fork(w, w->init);
	world_park(w->init, 5, MASIX_WAIT_EXITED);
	assert_false(waiter_cancel(&w->table, w->init, 6));
	assert_true(waiter_cancel(&w->table, w->init, 5));
	assert_false(waiter_cancel(&w->table, w->init, 5));
	struct waiter *answer = world_answer(w);

	assert_int_equal(answer->result.error, MASIX_E_INTERRUPTED);
	free(answer);
}

/* SIGCHLD ignored: no zombie, and a wait ends when the last child is gone. */
static void test_no_zombies(void **state)
{
	struct world *w = *state;
	struct process *parent = world_fork(w, w->init);
	struct process *child = world_fork(w, parent);
	int pid = child->pid;

	parent->no_zombies = true;
	world_park(parent, 1, MASIX_WAIT_EXITED);
	world_exit(w, child, 0);
	assert_null(process_find(&w->table, pid));
	struct waiter *answer = world_answer(w);

	assert_int_equal(answer->result.error, MASIX_E_NO_CHILD);
	free(answer);
}

static void test_orphans_go_to_init(void **state)
{
	struct world *w = *state;
	struct process *parent = world_fork(w, w->init);
	struct process *live = world_fork(w, parent);
	struct process *dead = world_fork(w, parent);
	struct masix_siginfo info;

	world_exit(w, dead, 1);
	signals_discard(&w->table, w->init);
	process_end(&w->table, parent, 0);
	assert_true((world_act(w, live) & TODO_POKE) != 0);
	assert_ptr_equal(live->parent, w->init);
	assert_int_equal(signal_take(&w->table, live, &info), 0);
	assert_int_equal(info.pid, INIT_PID);
	assert_ptr_equal(dead->parent, w->init);
	assert_true((w->init->pending & SIGNAL_BIT(SIGCHLD)) != 0);
}

static void test_subreaper(void **state)
{
	struct world *w = *state;
	struct process *reaper = world_fork(w, w->init);
	struct process *parent = world_fork(w, world_fork(w, reaper));
	struct process *orphan = world_fork(w, parent);

	reaper->is_subreaper = true;
	orphan->death_signal = SIGUSR2;
	world_exit(w, parent, 0);
	assert_ptr_equal(orphan->parent, reaper);
	assert_true((orphan->pending & SIGNAL_BIT(SIGUSR2)) != 0);
	world_exit(w, reaper, 0);
	assert_ptr_equal(orphan->parent, w->init);
}

static void test_init_ends(void **state)
{
	struct world *w = *state;

	world_exit(w, w->init, 0);
	assert_true(w->table.init_is_gone);
}

static void test_vfork(void **state)
{
	struct world *w = *state;
	uint32_t image[IMAGE_WORDS] = { 0 };
	struct process *child = world_fork(w, w->init);
	struct waiter *call = calloc(1, sizeof(*call));

	assert_false(wait_exec_done(&w->table, w->init, child->pid));
	assert_true(wait_exec_done(&w->table, w->init, 999));
	*call = (struct waiter){ .kind = WAITER_EXEC, .id = child->pid, .token = 2 };
	waiter_park(w->init, call);
	process_set_image(child, "x", strdup(""), 0, strdup("/x"), image);
	child_executed(&w->table, child);
	assert_ptr_equal(world_answer(w), call);
	free(call);
}

static int kill_with(struct world *w, struct process *from, int pid, int signal)
{
	const struct masix_siginfo info = { .code = 0, .value = 9 };

	return signal_kill(&w->table, from, pid, signal, &info);
}

static void test_signal_order(void **state)
{
	struct world *w = *state;
	struct process *p = world_fork(w, w->init);
	struct masix_siginfo info;

	assert_int_equal(kill_with(w, w->init, p->pid, 40), 0);
	assert_int_equal(kill_with(w, w->init, p->pid, 35), 0);
	assert_int_equal(kill_with(w, w->init, p->pid, 35), 0);
	assert_int_equal(kill_with(w, w->init, p->pid, SIGTERM), 0);
	assert_int_equal(kill_with(w, w->init, p->pid, SIGTERM), 0);
	assert_true((world_act(w, p) & TODO_POKE) != 0);

	const int expected[] = { SIGTERM, 35, 35, 40, 0 };

	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(signal_take(&w->table, p, &info), expected[i]);
		assert_int_equal(info.pid, INIT_PID);
		assert_int_equal(info.value, expected[i] != 0 ? 9 : 0);
	}
}

static void test_signal_queue_is_bounded(void **state)
{
	struct world *w = *state;
	struct process *p = world_fork(w, w->init);
	int error = 0, sent = 0;

	while (error == 0 && sent < 100000) {
		error = kill_with(w, w->init, p->pid, 40);
		sent += error == 0;
	}
	assert_int_equal(error, MASIX_E_WOULD_BLOCK);
	assert_int_equal(sent, SIGNAL_QUEUE_PROCESS);
}

static void test_kill_checks(void **state)
{
	struct world *w = *state;
	struct process *p = world_fork(w, w->init);
	struct process *user = world_fork(w, w->init);

	user->credentials = (struct credentials){ .ruid = 5, .euid = 5, .suid = 5 };
	assert_int_equal(kill_with(w, user, p->pid, SIGTERM), MASIX_E_PERMISSION);
	assert_int_equal(kill_with(w, user, p->pid, SIGCONT), 0); /* same session */
	assert_int_equal(kill_with(w, user, 12345, SIGTERM), MASIX_E_NO_PROCESS);
	assert_int_equal(kill_with(w, user, user->pid, 65), MASIX_E_INVALID);
	assert_int_equal(kill_with(w, user, user->pid, -1), MASIX_E_INVALID);
	assert_int_equal(kill_with(w, user, user->pid, 0), 0);
	assert_int_equal(kill_with(w, user, INT32_MIN, SIGTERM), MASIX_E_NO_PROCESS);
	assert_int_equal(user->pending, 0);
	/* -1 reaches all but init and oneself. */
	assert_int_equal(kill_with(w, w->init, -1, SIGTERM), 0);
	assert_true((p->pending & user->pending & SIGNAL_BIT(SIGTERM)) != 0);
	assert_false((w->init->pending & SIGNAL_BIT(SIGTERM)) != 0);
}

/* Only the system may claim to be the system. */
static void test_forged_code(void **state)
{
	struct world *w = *state;
	struct process *p = world_fork(w, w->init);
	const struct masix_siginfo forged = { .code = SI_KERNEL, .pid = 77, .uid = 88 };
	struct masix_siginfo info;

	assert_int_equal(signal_kill(&w->table, w->init, p->pid, SIGTERM, &forged), 0);
	assert_int_equal(signal_take(&w->table, p, &info), SIGTERM);
	assert_int_equal(info.code, SI_USER);
	assert_int_equal(info.pid, INIT_PID);
}

static void test_ignored(void **state)
{
	struct world *w = *state;
	struct process *p = world_fork(w, w->init);

	assert_int_equal(kill_with(w, w->init, p->pid, SIGUSR1), 0);
	assert_int_equal(kill_with(w, w->init, p->pid, 50), 0);
	world_act(w, NULL);
	signals_set_ignored(&w->table, p, ~(uint64_t)0);
	assert_int_equal(p->pending, 0);
	assert_int_equal(p->queue_length, 0);
	assert_int_equal(kill_with(w, w->init, p->pid, SIGUSR1), 0);
	assert_int_equal(world_act(w, p), 0);
	/* SIGKILL cannot be ignored. */
	assert_int_equal(kill_with(w, w->init, p->pid, SIGKILL), 0);
	assert_true((world_act(w, p) & TODO_TERMINATE) != 0);
	assert_int_equal(p->status, SIGKILL);
}

static void test_stop_and_continue(void **state)
{
	struct world *w = *state;
	struct process *p = world_fork(w, w->init);
	struct wait_result r;

	assert_int_equal(kill_with(w, w->init, p->pid, SIGSTOP), 0);
	assert_true((world_act(w, p) & TODO_SUSPEND) != 0);
	assert_true(p->suspended);
	assert_true((w->init->pending & SIGNAL_BIT(SIGCHLD)) != 0);
	assert_false(wait_try(&w->table, w->init, MASIX_WAIT_ANY, 0, MASIX_WAIT_EXITED, &r));
	assert_true(wait_try(&w->table, w->init, MASIX_WAIT_ANY, 0, MASIX_WAIT_UNTRACED, &r));
	assert_int_equal(r.status, SIGSTOP << 8 | 0x7f);
	/* Told once. */
	assert_false(wait_try(&w->table, w->init, MASIX_WAIT_ANY, 0, MASIX_WAIT_UNTRACED, &r));

	assert_int_equal(kill_with(w, w->init, p->pid, SIGCONT), 0);
	world_act(w, NULL);
	assert_false(p->suspended);
	assert_true(wait_try(&w->table, w->init, MASIX_WAIT_ANY, 0, MASIX_WAIT_CONTINUED, &r));
	assert_int_equal(r.status, 0xffff);
}

/* A SIGCONT between taking a stop signal and acting on it wins. */
static void test_continue_overtakes_stop(void **state)
{
	struct world *w = *state;
	struct process *leader = world_fork(w, w->init);
	struct process *p = world_fork(w, leader);
	struct masix_siginfo info;

	assert_int_equal(session_create(&w->table, leader), 0);
	assert_int_equal(kill_with(w, w->init, p->pid, SIGSTOP), 0);
	assert_int_equal(kill_with(w, w->init, p->pid, SIGCONT), 0);
	assert_int_equal(kill_with(w, w->init, p->pid, SIGTSTP), 0);
	/* SIGTSTP removed the waiting SIGCONT. */
	assert_int_equal(signal_take(&w->table, p, &info), SIGTSTP);
	assert_int_equal(kill_with(w, w->init, p->pid, SIGCONT), 0);
	assert_false(signal_stop_self(&w->table, p, SIGTSTP));
	assert_false(p->stopped);
	world_act(w, NULL);
}

static void test_init_is_immune(void **state)
{
	struct world *w = *state;

	assert_int_equal(kill_with(w, w->init, INIT_PID, SIGKILL), 0);
	assert_int_equal(kill_with(w, w->init, INIT_PID, SIGSTOP), 0);
	assert_int_equal(world_act(w, w->init), 0);
	assert_true(process_is_live(w->init));
}

static void test_dying_hears_nothing(void **state)
{
	struct world *w = *state;
	struct process *p = world_fork(w, w->init);

	process_end(&w->table, p, 0);
	process_end(&w->table, p, SIGKILL);
	assert_int_equal(p->status, 0);
	assert_int_equal(kill_with(w, w->init, p->pid, SIGTERM), 0);
	assert_int_equal(p->pending, 0);
	world_act(w, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fork_inherits),
		TEST(test_limit),
		TEST(test_pid_in_use_as_group),
		TEST(test_exit_and_wait),
		TEST(test_parked_wait),
		TEST(test_cancel_wait),
		TEST(test_no_zombies),
		TEST(test_orphans_go_to_init),
		TEST(test_subreaper),
		TEST(test_init_ends),
		TEST(test_vfork),
		TEST(test_signal_order),
		TEST(test_signal_queue_is_bounded),
		TEST(test_kill_checks),
		TEST(test_forged_code),
		TEST(test_ignored),
		TEST(test_stop_and_continue),
		TEST(test_continue_overtakes_stop),
		TEST(test_init_is_immune),
		TEST(test_dying_hears_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
