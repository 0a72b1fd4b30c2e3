/* The shell: COMMAND [/C COMMAND | /K COMMAND]. */
#include <setjmp.h>

#include "shell.h"

#define PSP_TAIL 0x80
#define PARAGRAPHS 0x1000 /* all of the segment: the stack is at its end */

int is_over;

static jmp_buf restart;
static int is_single; /* /C: one line, and it is over */
static unsigned break_vector[2];

void catch_break(void)
{
	dos_vector(0x23, own_segment(), (unsigned)on_break);
}

void release_break(void)
{
	dos_vector(0x23, break_vector[1], break_vector[0]);
}

int ask_yes(char *question)
{
	struct registers r;

	for (;;) {
		say(question);
		r.ax = 0x0c01;
		int21(&r);
		say_line("");
		if (upper(r.ax & 0xff) == 'Y')
			return 1;
		if (upper(r.ax & 0xff) == 'N')
			return 0;
	}
}

/* Ctrl-C: of a line nothing more is done. */
void broken(void)
{
	catch_break();
	restore_handles();
	longjmp(restart, 1);
}

static void read_and_run(void)
{
	static char line[LINE_SIZE];
	struct registers r;
	unsigned n;

	say_prompt();
	line[0] = 128;
	line[1] = 0;
	r.ax = 0x0a00;
	r.dx = (unsigned)line;
	int21(&r);
	say("\n");
	n = (unsigned char)line[1];
	line[2 + n] = 0;
	run_line(line + 2);
}

/* What the command line asks for; the command behind /C or /K, or NULL. */
static char *read_switches(char *tail)
{
	char *s;

	for (s = tail; *s; s++)
		if (*s == '/' && (upper(s[1]) == 'C' || upper(s[1]) == 'K')) {
			is_single = upper(s[1]) == 'C';
			return s + 2;
		}
	return 0;
}

static void begin(void)
{
	struct registers r;

	r.ax = 0x4a00;
	r.bx = PARAGRAPHS;
	r.es = own_segment();
	int21(&r);
	far_read((char *)break_vector, 0, 4 * 0x23, 4);
	environment_init();
	catch_break();
	dos_vector(0x24, own_segment(), (unsigned)on_critical);
}

int main(void)
{
	static char tail[128];
	unsigned char *given = (unsigned char *)PSP_TAIL;
	char *command;

	memcpy(tail, given + 1, *given < 127 ? *given : 127);
	begin();
	command = read_switches(tail);
	if (setjmp(restart)) {
		error_level = 1;
		if (batch_level && !ask_yes("\r\nTerminate batch job (Y/N)?"))
			batch_run(0);
		batch_end_all();
		command = 0;
	}
	if (command)
		run_line(command);
	else if (!is_single)
		say_line("Masix DOS 6.22");
	while (!is_single && !is_over)
		read_and_run();
	return error_level;
}
