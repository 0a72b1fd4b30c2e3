/* The prompt, the date and the time. */
#include "shell.h"

void say_date(void)
{
	static char *days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	struct registers r;

	r.ax = 0x2a00;
	int21(&r);
	say(days[(r.ax & 0xff) % 7]);
	say(" ");
	say_number((unsigned long)(r.dx >> 8), 2, '0');
	say("-");
	say_number((unsigned long)(r.dx & 0xff), 2, '0');
	say("-");
	say_number((unsigned long)r.cx, 4, '0');
}

void say_time(void)
{
	struct registers r;

	r.ax = 0x2c00;
	int21(&r);
	say_number((unsigned long)(r.cx >> 8), 2, '0');
	say(":");
	say_number((unsigned long)(r.cx & 0xff), 2, '0');
	say(":");
	say_number((unsigned long)(r.dx >> 8), 2, '0');
	say(".");
	say_number((unsigned long)(r.dx & 0xff), 2, '0');
}

static void say_element(int c)
{
	char path[PATH_SIZE];

	switch (upper(c)) {
	case 'P':
		if (dos_directory(dos_drive(), path))
			strcpy(path + 2, "\\?");
		say(path);
		break;
	case 'N':
		say_character('A' + dos_drive());
		break;
	case 'D':
		say_date();
		break;
	case 'T':
		say_time();
		break;
	case 'V':
		say("Masix DOS 6.22");
		break;
	case 'G':
		say(">");
		break;
	case 'L':
		say("<");
		break;
	case 'B':
		say("|");
		break;
	case 'Q':
		say("=");
		break;
	case 'H':
		say("\b \b");
		break;
	case 'E':
		say_character(27);
		break;
	case '_':
		say_line("");
		break;
	case '$':
		say("$");
		break;
	}
}

void say_prompt(void)
{
	char *s = environment_get("PROMPT");

	for (s = s ? s : "$P$G"; *s; s++) {
		if (*s != '$')
			say_character(*s);
		else if (*++s)
			say_element(*s);
		else
			break;
	}
}
