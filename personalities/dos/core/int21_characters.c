/* INT 21h, functions 00h to 0Ch: the console as the first DOS had it. */
#include "con.h"
#include "exec.h"
#include "int21.h"

static int terminate(struct dos *dos)
{
	process_end(dos, DOS_END_NORMAL, 0);
	return DOS_OK;
}

/* The program ends when its input does: it could only ask again for ever. */
static void end_of_input(struct dos *dos)
{
	process_end(dos, DOS_END_NORMAL, 0);
	dos->is_broken = true;
}

static int input(struct dos *dos)
{
	int c = console_input(dos);

	if (c < 0)
		end_of_input(dos);
	return c;
}

static int read_echoed(struct dos *dos)
{
	int c = input(dos);

	if (c == 3) {
		process_break(dos);
	} else if (c >= 0) {
		console_output(dos, (uint8_t)c);
		dos->cpu.al = (uint8_t)c;
	}
	return DOS_OK;
}

static int write_character(struct dos *dos)
{
	console_output(dos, dos->cpu.dl);
	dos->cpu.al = dos->cpu.dl;
	return DOS_OK;
}

/* AUX and PRN go nowhere on this machine: what is read from AUX is the end of a file. */
static int read_auxiliary(struct dos *dos)
{
	dos->cpu.al = 26;
	return DOS_OK;
}

static int write_nowhere(struct dos *dos)
{
	(void)dos;
	return DOS_OK;
}

static int direct_console(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	int c;

	if (cpu->dl != 0xff) {
		console_output(dos, cpu->dl);
		cpu->al = cpu->dl;
		return DOS_OK;
	}
	if (!console_input_ready(dos)) {
		cpu->al = 0;
		cpu->flags |= FLAG_ZERO;
		return DOS_OK;
	}
	c = console_input(dos);
	cpu->al = c < 0 ? 0 : (uint8_t)c;
	if (c < 0)
		cpu->flags |= FLAG_ZERO;
	else
		cpu->flags &= (uint16_t)~FLAG_ZERO;
	return DOS_OK;
}

static int read_raw(struct dos *dos)
{
	int c = input(dos);

	if (c >= 0)
		dos->cpu.al = (uint8_t)c;
	return DOS_OK;
}

static int read_silent(struct dos *dos)
{
	int c = input(dos);

	if (c == 3)
		process_break(dos);
	else if (c >= 0)
		dos->cpu.al = (uint8_t)c;
	return DOS_OK;
}

static int write_string(struct dos *dos)
{
	uint16_t at = dos->cpu.dx;

	for (unsigned n = 0; n < 0x10000; n++, at++) {
		uint8_t c = *dos_at(dos, dos->cpu.ds, at);

		if (c == '$')
			break;
		console_output(dos, c);
	}
	dos->cpu.al = '$';
	return DOS_OK;
}

static int read_line(struct dos *dos)
{
	uint8_t *buffer = dos_block(dos, dos->cpu.ds, dos->cpu.dx, 2);

	if (!buffer || !buffer[0] || !dos_block(dos, dos->cpu.ds, dos->cpu.dx, 2u + buffer[0]))
		return DOS_OK;
	int n = console_edit_line(dos, buffer + 2, buffer[0], true);

	if (n < 0)
		end_of_input(dos);
	if (!dos->is_broken)
		buffer[1] = (uint8_t)n;
	return DOS_OK;
}

static int input_status(struct dos *dos)
{
	dos->cpu.al = console_input_ready(dos) ? 0xff : 0;
	return DOS_OK;
}

static int flush_and_read(struct dos *dos)
{
	uint8_t function = dos->cpu.al;
	uint8_t ah = dos->cpu.ah;
	int result;

	console_flush_keys(dos);
	if (function != 1 && function != 6 && function != 7 && function != 8 && function != 0x0a) {
		dos->cpu.al = 0;
		return DOS_OK;
	}
	dos->cpu.ah = function;
	result = int21_characters[function].handler(dos);
	if (!dos->is_broken)
		dos->cpu.ah = ah;
	return result;
}

const struct int21_function int21_characters[0x0d] = {
	[0x00] = { terminate, INT21_PLAIN, "terminate" },
	[0x01] = { read_echoed, INT21_PLAIN | INT21_BREAK, "read character with echo" },
	[0x02] = { write_character, INT21_PLAIN | INT21_BREAK, "write character" },
	[0x03] = { read_auxiliary, INT21_PLAIN | INT21_BREAK, "read AUX" },
	[0x04] = { write_nowhere, INT21_PLAIN | INT21_BREAK, "write AUX" },
	[0x05] = { write_nowhere, INT21_PLAIN | INT21_BREAK, "write PRN" },
	[0x06] = { direct_console, INT21_PLAIN, "direct console" },
	[0x07] = { read_raw, INT21_PLAIN, "read character, raw" },
	[0x08] = { read_silent, INT21_PLAIN | INT21_BREAK, "read character" },
	[0x09] = { write_string, INT21_PLAIN | INT21_BREAK, "write string" },
	[0x0a] = { read_line, INT21_PLAIN | INT21_BREAK, "read line" },
	[0x0b] = { input_status, INT21_PLAIN | INT21_BREAK, "input status" },
	[0x0c] = { flush_and_read, INT21_PLAIN | INT21_BREAK, "flush and read" },
};
