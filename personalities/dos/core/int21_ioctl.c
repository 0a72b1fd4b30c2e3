/* INT 21h/44h: what a device or a drive is, and can do. */
#include "con.h"
#include "files.h"
#include "int21.h"

static int device_control(struct dos *dos, struct dos_file *f)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t key;

	switch (cpu->al) {
	case 0x00:
		cpu->dx = files_device_word(dos, f);
		cpu->ax = cpu->dx;
		return DOS_OK;
	case 0x01:
		if (cpu->dh)
			return DOS_E_DATA;
		if (files_is_device(f))
			f->binary = (cpu->dl & 0x20) != 0;
		return DOS_OK;
	case 0x06:
		if (f->kind == DOS_FILE_CONSOLE) {
			cpu->al = dos->line_at < dos->line_length || console_peek_key(dos, &key)
					  ? 0xff
					  : 0;
		} else if (f->kind == DOS_FILE_DISK) {
			struct world_stat stat;
			int error = dos->world->file_stat(dos->world->context, f->file, &stat);

			if (error)
				return error;
			cpu->al = f->position < stat.size ? 0xff : 0;
		} else {
			cpu->al = f->at_end ? 0 : 0xff;
		}
		return DOS_OK;
	case 0x07:
		cpu->al = 0xff;
		return DOS_OK;
	case 0x0a:
		cpu->dx = 0; /* not remote */
		return DOS_OK;
	default:
		return DOS_E_FUNCTION; /* no control strings */
	}
}

static int control(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	struct dos_file *f;
	uint8_t drive = cpu->bl ? (uint8_t)(cpu->bl - 1) : dos->drive;

	switch (cpu->al) {
	case 0x08:
	case 0x09:
	case 0x0e:
	case 0x0f:
		if (drive >= DOS_DRIVES || !dos->drives[drive].is_there)
			return DOS_E_DRIVE;
		if (cpu->al == 0x08)
			cpu->ax = 1; /* a fixed disk */
		else if (cpu->al == 0x09)
			cpu->dx = 0x1000; /* as a network drive: no sectors can be read */
		else
			cpu->al = 0; /* one letter each */
		return DOS_OK;
	case 0x0b:
		return DOS_OK; /* how often to try again when a file is shared: nobody is waited for */
	default:
		f = files_get(dos, cpu->bx);
		return f ? device_control(dos, f) : DOS_E_HANDLE;
	}
}

const struct int21_function int21_ioctl[0x100] = {
	[0x44] = { control, 0, "IOCTL" },
};
