/* Programs that begin with #!. */
#include "check.h"

extern char **environ;

ROLE(show)
{
	for (int i = 0; i < argc; i++)
		printf("[%s]", argv[i]);
	return 0;
}

/* An executable file of that text, in which %s is this program. */
static void make_script(const char *name, const char *format)
{
	char text[PATH_MAX + 512];
	/* cppcheck-suppress wrongPrintfScanfArgNum; it takes the parameter for an empty text */
	int length = snprintf(text, sizeof text, format, check_self);

	make_file(name, text, (size_t)length);
	OK(chmod(name, 0755));
}

/* Executes it with arguments a, "b c"; checks that it prints what `format` says (%s: this program). */
static void expect(const char *name, const char *format)
{
	char want[2 * PATH_MAX], got[2 * PATH_MAX];
	int ends[2];
	ssize_t length;
	pid_t child;

	/* cppcheck-suppress wrongPrintfScanfArgNum; as above */
	snprintf(want, sizeof want, format, check_self, check_self, check_self);
	OK(pipe(ends));
	child = OK(fork());
	if (child == 0) {
		OK(dup2(ends[1], 1));
		execl(name, "zero", "a", "b c", NULL);
		check_fail(__LINE__, "%s: %s", name, strerror(errno));
	}
	EXITS(child, 0);
	length = OK(read(ends[0], got, sizeof got - 1));
	got[length] = 0;
	SAME_TEXT(got, want);
}

CASE(one_argument)
{
	make_script("script", "#!%s +show\nrest\n");
	expect("./script", "[%s][+show][./script][a][b c]");
}

CASE(spaces_and_tabs_around)
{
	make_script("script", "#! \t %s \t +show \t \n");
	expect("script", "[%s][+show][script][a][b c]");
}

CASE(argument_is_one_whatever_is_in_it)
{
	make_script("echo", "#!/bin/echo one  two -n \n");
	expect("./echo", "one  two -n ./echo a b c\n");
}

CASE(no_argument_and_no_newline)
{
	make_script("script", "#!/bin/echo");
	expect("./script", "./script a b c\n");
}

CASE(nested)
{
	make_script("inner", "#!%s +show");
	make_script("outer", "#!./inner extra\n");
	expect("./outer", "[%s][+show][./inner][extra][./outer][a][b c]");
}

CASE(nested_too_deeply)
{
	char name[32], text[64];

	make_script("level0", "#!/bin/echo\n");
	for (int i = 1; i < 10; i++) {
		snprintf(name, sizeof name, "level%d", i);
		snprintf(text, sizeof text, "#!./level%d\n", i - 1);
		make_file(name, text, strlen(text));
		OK(chmod(name, 0755));
	}
	expect("./level3", "./level0 ./level1 ./level2 ./level3 a b c\n");
	FAILS(execl("./level9", "x", NULL), ELOOP);
}

CASE(interpreter_of_itself)
{
	make_script("self", "#!./self\n");
	FAILS(execl("./self", "x", NULL), ELOOP);
}

CASE(interpreter_cannot_be_run)
{
	make_script("missing", "#!/no/such/interpreter\n");
	FAILS(execl("./missing", "x", NULL), ENOENT);
	make_file("plain", "text", 4);
	make_script("refused", "#!./plain\n");
	FAILS(execl("./refused", "x", NULL), EACCES);
	make_script("folder", "#!/\n");
	FAILS(execl("./folder", "x", NULL), EACCES);
	make_script("nothing", "#!  \n");
	FAILS(execl("./nothing", "x", NULL), ENOEXEC);
}

CASE(not_executable)
{
	make_script("script", "#!/bin/echo\n");
	OK(chmod("script", 0644));
	FAILS(execl("./script", "x", NULL), EACCES);
}

CASE(line_too_long)
{
	char text[1024] = "#!/bin/echo ";

	/* A long argument is cut to the first 256 bytes of the file, a long path is refused. */
	memset(text + 12, 'x', 600);
	make_file("argument", text, 612);
	OK(chmod("argument", 0755));
	memset(text + 12 + 243, 0, 400);
	strcat(text + 12, " ./argument a b c\n");
	expect("./argument", text + 12);
	memset(text, '/', 600);
	memcpy(text, "#!", 2);
	make_file("path", text, 600);
	OK(chmod("path", 0755));
	FAILS(execl("./path", "x", NULL), ENOEXEC);
}

CASE(shell_runs_text_without_it)
{
	char *argv[] = { (char *)"./text", (char *)"7", NULL };
	pid_t child;

	make_script("text", "exit $1\n");
	FAILS(execv("./text", argv), ENOEXEC);
	child = OK(fork());
	if (child == 0) {
		execvp("./text", argv);
		_exit(1);
	}
	EXITS(child, 7);
}

CASE(shell_script)
{
	pid_t child;

	make_script(
		"script", "#!/bin/sh -e\nread line <\"$1\"\n[ \"$line\" = content ] && exit 5\n");
	make_file("input", "content\n", 8);
	child = OK(fork());
	if (child == 0) {
		execl("./script", "./script", "input", NULL);
		_exit(1);
	}
	EXITS(child, 5);
}

CASE(system_and_popen)
{
	char line[32] = "";
	FILE *stream;

	EQUAL(WEXITSTATUS(system("exit 3")), 3);
	EQUAL(system("true"), 0);
	EQUAL(WTERMSIG(system("kill -9 $$")), SIGKILL);
	stream = popen("echo through; exit 4", "r");
	CHECK(stream && fgets(line, sizeof line, stream));
	SAME_TEXT(line, "through\n");
	EQUAL(WEXITSTATUS(pclose(stream)), 4);
}
