#include "int21.h"

#include "con.h"
#include "critical.h"
#include "exec.h"

const struct int21_function *int21_find(uint8_t n)
{
	const struct int21_function *const tables[] = { n < 0x0d ? &int21_characters[n] : NULL,
		&int21_files[n], &int21_system[n], &int21_fcb[n], &int21_fcb_names[n],
		&int21_names[n], &int21_drives[n], &int21_ioctl[n], &int21_country[n] };

	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (tables[i] && tables[i]->handler)
			return tables[i];
	return NULL;
}

/* What function 59h tells of an error: class, action, place. */
static void note_error(struct dos *dos, int error)
{
	dos->error = (uint8_t)error;
	dos->error_action = 3; /* ask the user */
	dos->error_place = 1;
	switch (error) {
	case DOS_E_FILE:
	case DOS_E_PATH:
	case DOS_E_NO_MORE:
	case DOS_E_DRIVE:
		dos->error_class = 8;
		dos->error_place = 2;
		break;
	case DOS_E_ACCESS:
	case DOS_E_CURRENT:
		dos->error_class = 3;
		dos->error_place = 2;
		break;
	case DOS_E_HANDLES:
	case DOS_E_MEMORY:
		dos->error_class = 1;
		dos->error_action = 4; /* give up, and clean up */
		dos->error_place = error == DOS_E_MEMORY ? 5 : 1;
		break;
	case DOS_E_ARENA:
	case DOS_E_BLOCK:
		dos->error_class = 7;
		dos->error_action = 5; /* give up at once */
		dos->error_place = 5;
		break;
	case DOS_E_FORMAT:
	case DOS_E_ENVIRONMENT:
		dos->error_class = 9;
		dos->error_action = 4;
		break;
	case DOS_E_SHARE:
	case DOS_E_LOCK:
		dos->error_class = 10;
		dos->error_action = 2; /* try later */
		dos->error_place = 2;
		break;
	case DOS_E_EXISTS:
		dos->error_class = 12;
		dos->error_place = 2;
		break;
	default:
		dos->error_class = 7;
		dos->error_action = 4;
	}
}

/* Codes that programs for DOS 2 do not know become what it would have said; function 59h tells them. */
static uint16_t plain_code(int error)
{
	return (uint16_t)(error > DOS_E_NO_MORE && error < DOS_E_SHARE ? DOS_E_ACCESS : error);
}

/* What the caller sees of it. */
static void answer(struct dos *dos, const struct int21_function *f, int error)
{
	struct cpu *cpu = &dos->cpu;

	if (f && (f->flags & INT21_PLAIN))
		return;
	if (!f && dos->call.ah > 0x6c) { /* as DOS answers what is beyond its table */
		cpu->al = 0;
		return;
	}
	if (error) {
		cpu->ax = plain_code(error);
		cpu->flags |= FLAG_CARRY;
	} else {
		cpu->flags &= (uint16_t)~FLAG_CARRY;
	}
}

/* The swappable data area (function 5D06h) as DOS 4 and later have it: what it tells of the state, kept true. */
static void publish(struct dos *dos)
{
	uint8_t *area = dos_at(dos, SEGMENT_DOS_DATA, DOS_DATA_SWAPPABLE);

	area[0] = dos->is_critical ? 1 : 0;
	area[3] = dos->error_place;
	put16(area + 4, dos->error);
	area[6] = dos->error_action;
	area[7] = dos->error_class;
	put_far(area + 0x0c, dos->dta_segment, dos->dta_offset);
	put16(area + 0x10, dos->psp);
	put16(area + 0x14, (uint16_t)(dos->child_code | dos->child_end << 8));
	area[0x16] = dos->drive;
	area[0x17] = dos->break_check;
}

void int21(struct dos *dos)
{
	const struct int21_function *f = int21_find(dos->cpu.ah);
	int error;

	critical_note_call(dos);
	dos->call = dos->cpu;
	dos->is_broken = false;
	if (f && (f->flags & INT21_BREAK) && console_check_break(dos))
		return;
	error = f ? f->handler(dos) : DOS_E_FUNCTION;
	if (!dos->is_broken && !dos->is_over) {
		if (error)
			note_error(dos, error);
		answer(dos, f, error);
		critical_ask(dos, error);
	}
	publish(dos);
}
