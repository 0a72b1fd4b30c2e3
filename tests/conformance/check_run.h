/* The other half of check.h: runs the cases, each in a process of its own. */
#ifndef CHECK_RUN_H
#define CHECK_RUN_H

static void check_alarm(int number)
{
	(void)number;
}

static void check_remove_tree(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char inner[PATH_MAX + 256];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		if (unlink(inner) == -1)
			check_remove_tree(inner);
	}
	if (folder)
		closedir(folder);
	(void)rmdir(path); /* what stays behind is harmless */
}

static void check_enter(const struct check_entry *entry, const char *scratch)
{
	sigset_t none;

	check_case = entry->name;
	check_pid = getpid();
	/* Whatever we were started with. */
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (mkdir(scratch, 0777) == -1 || chmod(scratch, 0777) == -1 || chdir(scratch) == -1)
		check_fail(0, "%s: %s", scratch, strerror(errno));
	entry->run();
	fflush(stdout);
}

/* Waits for the case's process for a while, then kills it. Returns its status, -1 if it was killed. */
static int check_finish(pid_t child)
{
	const char *seconds = getenv("CHECK_SECONDS");
	int status, late = 0;

	set_handler(SIGALRM, check_alarm, 0);
	alarm(seconds ? (unsigned)atoi(seconds) : 30);
	while (waitpid(child, &status, 0) == -1) {
		late = 1;
		(void)kill(-child, SIGKILL);
		(void)kill(child, SIGKILL);
	}
	alarm(0);
	/* What the case left running. */
	(void)kill(-child, SIGKILL);
	return late ? -1 : status;
}

/* 0 passed, 1 failed, CHECK_SKIPPED. */
static int check_one(const struct check_entry *entry)
{
	const char *base = getenv("CHECK_DIR");
	char scratch[PATH_MAX];
	pid_t child;
	int status;

	snprintf(scratch, sizeof scratch, "%s/%s-%d", base ? base : "/tmp", check_program,
		(int)getpid());
	child = fork();
	if (child == -1) {
		printf("FAIL %s/%s: fork: %s\n", check_program, entry->name, strerror(errno));
		return 1;
	}
	if (child == 0) {
		(void)setpgid(0, 0);
		check_enter(entry, scratch);
		_exit(0);
	}
	status = check_finish(child);
	check_remove_tree(scratch);
	if (status == -1)
		printf("FAIL %s/%s: took too long\n", check_program, entry->name);
	else if (WIFSIGNALED(status))
		printf("FAIL %s/%s: killed by signal %d\n", check_program, entry->name,
			WTERMSIG(status));
	else if (WEXITSTATUS(status) == CHECK_SKIPPED)
		return CHECK_SKIPPED;
	else if (WEXITSTATUS(status) == 0)
		printf("ok %s/%s\n", check_program, entry->name);
	return status != 0;
}

/* The entry of that kind and name (any name: NULL) in the lowest line above `line`. */
static const struct check_entry *check_next(int is_role, const char *name, int line)
{
	const struct check_entry *best = NULL;

	/* cppcheck-suppress comparePointers; the linker makes both ends of one section */
	for (const struct check_entry *e = __start_check_entries; e < __stop_check_entries; e++)
		if (e->is_role == is_role && e->line > line && (!best || e->line < best->line) &&
			(!name || !strcmp(e->name, name)))
			best = e;
	return best;
}

static int check_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return argc <= 1;
}

static void check_find_self(const char *path)
{
	size_t length = 0;

	if (path[0] != '/' && getcwd(check_self, sizeof check_self - 1)) {
		length = strlen(check_self);
		check_self[length++] = '/';
	}
	snprintf(check_self + length, sizeof check_self - length, "%s", path);
	check_program = strrchr(check_self, '/') + 1;
}

int main(int argc, char **argv)
{
	int direct = argc > 1 && !strcmp(argv[1], "-d");
	int passed = 0, failed = 0, skipped = 0;
	const struct check_entry *entry;

	if (argc > 1 && argv[1][0] == '+') {
		entry = check_next(1, argv[1] + 1, 0);
		check_find_self(argv[0]);
		check_case = argv[1];
		return entry ? entry->role(argc, argv) : 126;
	}
	if (argc < 1 || !argv[0][0])
		return 126;
	check_find_self(argv[0]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int line = 0; (entry = check_next(0, NULL, line)); line = entry->line) {
		int result = 0;

		if (!check_wanted(entry->name, argc - direct, argv + direct))
			continue;
		fflush(stdout);
		if (direct)
			check_enter(entry, "/tmp/direct");
		else
			result = check_one(entry);
		passed += result == 0;
		failed += result == 1;
		skipped += result == CHECK_SKIPPED;
	}
	if (skipped)
		printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
	else
		printf("%d passed, %d failed\n", passed, failed);
	return failed > 255 ? 255 : failed;
}

#endif
