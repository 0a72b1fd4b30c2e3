#include "con.h"

#include <string.h>

#include "exec.h"
#include "files.h"
#include "video.h"

#define KEY_BREAK 0x2e03u
#define POLLS_MAX 20u /* of an empty keyboard, until the program is thought to wait */
#define ESCAPE 27

/* Scan codes of the characters from ' ' to '~' on a US keyboard. */
static const uint8_t scan_codes[95] = {
	0x39, 0x02, 0x28, 0x04, 0x05, 0x06, 0x08, 0x28, 0x0a, 0x0b, 0x09, 0x0d, 0x33, 0x0c, 0x34,
	0x35, /* ' ' */
	0x0b, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x27, 0x27, 0x33, 0x0d, 0x34,
	0x35, /* 0 */
	0x03, 0x1e, 0x30, 0x2e, 0x20, 0x12, 0x21, 0x22, 0x23, 0x17, 0x24, 0x25, 0x26, 0x32, 0x31,
	0x18, /* @ */
	0x19, 0x10, 0x13, 0x1f, 0x14, 0x16, 0x2f, 0x11, 0x2d, 0x15, 0x2c, 0x1a, 0x2b, 0x1b, 0x07,
	0x0c, /* P */
	0x29, 0x1e, 0x30, 0x2e, 0x20, 0x12, 0x21, 0x22, 0x23, 0x17, 0x24, 0x25, 0x26, 0x32, 0x31,
	0x18, /* ` */
	0x19, 0x10, 0x13, 0x1f, 0x14, 0x16, 0x2f, 0x11, 0x2d, 0x15, 0x2c, 0x1a, 0x2b, 0x1b,
	0x29, /* p */
};

static uint16_t key_of_character(uint8_t c)
{
	switch (c) {
	case '\r':
	case '\n':
		return 0x1c0d;
	case '\b':
	case 0x7f:
		return 0x0e08;
	case '\t':
		return 0x0f09;
	case ESCAPE:
		return 0x011b;
	default:
		if (c >= 1 && c <= 26)
			return (uint16_t)(scan_codes['a' - ' ' + c - 1] << 8 | c);
		return (uint16_t)(c >= ' ' && c < 0x7f ? scan_codes[c - ' '] << 8 | c : c);
	}
}

/* The rest of a terminal's sequence after ESC [ or ESC O; 0: no key that we know. */
static uint16_t key_of_sequence(const char *sequence)
{
	static const struct {
		char sequence[5];
		uint16_t key;
	} known[] = {
		{ "A", 0x4800 },
		{ "B", 0x5000 },
		{ "C", 0x4d00 },
		{ "D", 0x4b00 },
		{ "H", 0x4700 },
		{ "F", 0x4f00 },
		{ "1~", 0x4700 },
		{ "2~", 0x5200 },
		{ "3~", 0x5300 },
		{ "4~", 0x4f00 },
		{ "5~", 0x4900 },
		{ "6~", 0x5100 },
		{ "P", 0x3b00 },
		{ "Q", 0x3c00 },
		{ "R", 0x3d00 },
		{ "S", 0x3e00 },
		{ "[A", 0x3b00 },
		{ "[B", 0x3c00 },
		{ "[C", 0x3d00 },
		{ "[D", 0x3e00 },
		{ "[E", 0x3f00 },
		{ "11~", 0x3b00 },
		{ "12~", 0x3c00 },
		{ "13~", 0x3d00 },
		{ "14~", 0x3e00 },
		{ "15~", 0x3f00 },
		{ "17~", 0x4000 },
		{ "18~", 0x4100 },
		{ "19~", 0x4200 },
		{ "20~", 0x4300 },
		{ "21~", 0x4400 },
		{ "23~", 0x8500 },
		{ "24~", 0x8600 },
		{ "Z", 0x0f00 },
	};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(sequence, known[i].sequence) == 0)
			return known[i].key;
	return 0;
}

bool console_put_key(struct dos *dos, uint16_t key)
{
	if (dos->key_count == DOS_KEYS)
		return false;
	dos->keys[(dos->key_first + dos->key_count++) % DOS_KEYS] = key;
	return true;
}

static int next_byte(struct dos *dos, bool wait)
{
	int c;

	if (wait)
		video_refresh(dos);
	c = dos->world->key(dos->world->context, wait);
	if (c < 0 && wait)
		dos->input_ended = true;
	return c;
}

/* ESC has come: a terminal sends the rest of a sequence at once. */
static uint16_t escape(struct dos *dos)
{
	char sequence[6] = "";
	unsigned n = 0;
	int c = next_byte(dos, false);

	if (c < 0)
		return 0x011b;
	if (c != '[' && c != 'O') /* Alt and a key */
		return (uint16_t)(key_of_character((uint8_t)c) & 0xff00);
	do {
		c = next_byte(dos, false);
		if (c < 0 || n == sizeof(sequence) - 1)
			return 0;
		sequence[n++] = (char)c;
	} while (c == '[' || c == ';' || (c >= '0' && c <= '9'));
	return key_of_sequence(sequence);
}

/* A character of UTF-8 whose first byte is c. */
static uint16_t long_character(struct dos *dos, int c)
{
	unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
	uint32_t code = (uint32_t)c & (0x3fu >> more);

	while (more--) {
		c = next_byte(dos, false);
		if (c < 0)
			return 0;
		code = code << 6 | (c & 0x3f);
	}
	return code_page_from(code);
}

/* Take in what the terminal has; with `wait` at least one key, unless there will be none. */
static void fetch(struct dos *dos, bool wait)
{
	while (dos->key_count < DOS_KEYS) {
		int c = next_byte(dos, wait && dos->key_count == 0);
		uint16_t key;

		if (c < 0)
			return;
		key = c == ESCAPE ? escape(dos)
		      : c >= 0xc0 ? long_character(dos, c)
				  : key_of_character((uint8_t)c);
		if (key)
			(void)console_put_key(dos, key);
	}
}

bool console_peek_key(struct dos *dos, uint16_t *key)
{
	fetch(dos, false);
	if (dos->key_count) {
		dos->polls = 0;
		*key = dos->keys[dos->key_first];
		return true;
	}
	if (++dos->polls >= POLLS_MAX) {
		video_refresh(dos);
		dos->world->idle(dos->world->context);
		fetch(dos, false);
		if (dos->key_count)
			*key = dos->keys[dos->key_first];
	}
	return dos->key_count != 0;
}

bool console_get_key(struct dos *dos, uint16_t *key)
{
	fetch(dos, true);
	dos->polls = 0;
	if (!dos->key_count)
		return false;
	*key = dos->keys[dos->key_first];
	dos->key_first = (dos->key_first + 1) % DOS_KEYS;
	dos->key_count--;
	return true;
}

void console_flush_keys(struct dos *dos)
{
	fetch(dos, false);
	dos->key_count = 0;
	dos->key_second = 0;
}

bool console_check_break(struct dos *dos)
{
	fetch(dos, false);
	for (unsigned i = 0; i < dos->key_count; i++) {
		if (dos->keys[(dos->key_first + i) % DOS_KEYS] != KEY_BREAK)
			continue;
		dos->key_count = 0; /* what was typed before it is dropped, too */
		console_write(dos, (const uint8_t *)"^C\r\n", 4);
		process_break(dos);
		return true;
	}
	return false;
}

/* The file behind a standard handle, or NULL: the program has closed it. */
static struct dos_file *standard(struct dos *dos, uint16_t handle)
{
	return files_get(dos, handle);
}

static int console_character(struct dos *dos)
{
	uint16_t key;

	if (dos->key_second) {
		int c = dos->key_second;

		dos->key_second = 0;
		return c;
	}
	if (!console_get_key(dos, &key))
		return -1;
	if ((key & 0xff) == 0 || (key & 0xff) == 0xe0) {
		dos->key_second = (uint8_t)(key >> 8);
		return 0;
	}
	return key & 0xff;
}

int console_input(struct dos *dos)
{
	struct dos_file *f = standard(dos, 0);
	uint8_t c;
	uint16_t done = 0;

	if (!f)
		return -1;
	if (f->kind == DOS_FILE_CONSOLE)
		return console_character(dos);
	return files_read(dos, f, &c, 1, &done) == DOS_OK && done ? c : -1;
}

bool console_input_ready(struct dos *dos)
{
	const struct dos_file *f = standard(dos, 0);
	uint16_t key;

	if (f && f->kind != DOS_FILE_CONSOLE)
		return !f->at_end;
	return dos->key_second || console_peek_key(dos, &key);
}

void console_put(struct dos *dos, uint8_t c)
{
	const uint8_t *column = dos_bios_data(dos, 0x50);

	if (c != '\t') {
		video_put(dos, c);
		return;
	}
	do
		video_put(dos, ' ');
	while (*column % 8);
}

void console_write(struct dos *dos, const uint8_t *from, uint16_t n)
{
	while (n--)
		console_put(dos, *from++);
}

void console_output(struct dos *dos, uint8_t c)
{
	struct dos_file *f = standard(dos, 1);
	uint16_t done;

	/* Who writes characters does not hear of errors. */
	if (f)
		(void)files_write(dos, f, &c, 1, &done);
}

/* What the line editor shows goes where its keys come from. */
static void echo(struct dos *dos, bool standard_output, uint8_t c)
{
	uint8_t shown[2] = { '^', (uint8_t)(c + '@') };
	unsigned n = c < ' ' && c != '\r' && c != '\n' && c != '\b' && c != '\t' ? 2 : 1;

	if (n == 1)
		shown[0] = c;
	for (unsigned i = 0; i < n; i++) {
		if (standard_output)
			console_output(dos, shown[i]);
		else
			console_put(dos, shown[i]);
	}
}

static void rub_out(struct dos *dos, bool standard_output, uint8_t c)
{
	for (unsigned n = c < ' ' ? 2 : 1; n > 0; n--) {
		echo(dos, standard_output, '\b');
		echo(dos, standard_output, ' ');
		echo(dos, standard_output, '\b');
	}
}

int console_edit_line(struct dos *dos, uint8_t *line, unsigned room, bool standard_input)
{
	unsigned n = 0;

	for (;;) {
		int c = standard_input ? console_input(dos) : console_character(dos);

		if (c < 0 && n == 0)
			return -1;
		if (c < 0 || c == '\r' || (c == '\n' && n == 0 && !dos->after_return) ||
			(c == '\n' && n > 0)) {
			dos->after_return = c == '\r';
			echo(dos, standard_input, '\r');
			line[n] = '\r';
			return (int)n;
		}
		if (c == '\n') { /* behind a CR */
			dos->after_return = false;
		} else if (c == '\b') {
			if (n > 0)
				rub_out(dos, standard_input, line[--n]);
		} else if (c == ESCAPE) {
			while (n > 0)
				rub_out(dos, standard_input, line[--n]);
		} else if (c == 3) {
			echo(dos, standard_input, 3);
			process_break(dos);
			return 0;
		} else if (c == 0) {
			dos->key_second = 0; /* a key without a character */
		} else if (n + 1 < room) {
			line[n++] = (uint8_t)c;
			echo(dos, standard_input, (uint8_t)c);
		} else {
			echo(dos, standard_input, '\a');
		}
	}
}

/* Binary: keys as they come. */
static uint16_t read_keys(struct dos *dos, uint8_t *to, uint16_t n)
{
	uint16_t done = 0;
	uint16_t key;

	while (done < n && (done == 0 || dos->key_second || console_peek_key(dos, &key))) {
		int c = console_character(dos);

		if (c < 0)
			break;
		to[done++] = (uint8_t)c;
	}
	return done;
}

uint16_t console_read(struct dos *dos, uint8_t *to, uint16_t n, bool binary)
{
	uint16_t done;

	if (binary)
		return read_keys(dos, to, n);
	if (dos->line_at == dos->line_length) {
		int length = console_edit_line(dos, dos->line, 128, false);

		dos->line_at = dos->line_length = 0;
		if (length < 0)
			return 0;
		console_put(dos, '\n');
		if (length && dos->line[0] == 26) /* Ctrl-Z: the end */
			return 0;
		dos->line[length + 1] = '\n';
		dos->line_length = (unsigned)length + 2;
	}
	done = (uint16_t)(dos->line_length - dos->line_at);
	if (done > n)
		done = n;
	memcpy(to, dos->line + dos->line_at, done);
	dos->line_at += done;
	return done;
}
