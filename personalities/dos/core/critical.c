#include "critical.h"

#include "exec.h"
#include "int21.h"

#define MAY_FAIL 0x08u
#define MAY_RETRY 0x10u
#define OF_DATA 0x06u /* not of a table of the disk */
#define WRITING 0x01u
#define GENERAL_FAILURE 12u

enum { RETRY = 1, ABORT = 2 };

static bool is_writing(uint8_t function)
{
	return function == 0x40 || function == 0x15 || function == 0x22 || function == 0x28;
}

/* As DOS leaves it: the registers of the call on the program's stack, under the frame of the call itself, so that a handler can
 * go back to the program by taking them off. */
static void push_call(struct dos *dos)
{
	const struct cpu *c = &dos->call;
	const uint16_t words[] = { c->flags, c->cs, c->ip, c->es, c->ds, c->bp, c->di, c->si, c->dx,
		c->cx, c->bx, c->ax };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		dos_push(dos, words[i]);
}

void critical_ask(struct dos *dos, int error)
{
	struct cpu *cpu = &dos->cpu;

	if (error != DOS_E_GENERAL || dos->is_critical || !process_is_hooked(dos, 0x24))
		return;
	dos->is_critical = true;
	dos->critical = dos->call;
	dos->critical_failed = *cpu;
	*cpu = dos->call;
	push_call(dos);
	cpu->ah = (uint8_t)(MAY_FAIL | MAY_RETRY | OF_DATA |
			    (is_writing(dos->call.ah) ? WRITING : 0));
	cpu->al = dos->drive;
	cpu->di = GENERAL_FAILURE;
	/* A device header: its attributes tell that it is a disk. */
	cpu->bp = SEGMENT_DOS_DATA;
	cpu->si = DOS_DATA_DISK_HEADER;
	cpu->cs = SEGMENT_ROM;
	cpu->eip = ROM_CRITICAL;
	process_reflect(dos, 0x24);
}

void critical_answer(struct dos *dos)
{
	uint8_t answer = dos->cpu.al;

	if (!dos->is_critical) {
		dos_crash(dos, "jump into the ROM");
		return;
	}
	dos->is_critical = false;
	switch (answer) {
	case RETRY:
		dos->cpu = dos->critical;
		int21(dos);
		break;
	case ABORT:
		process_end(dos, DOS_END_ERROR, 0);
		break;
	default: /* what may not be ignored fails */
		dos->cpu = dos->critical_failed;
		dos->error = DOS_E_FAIL_24;
	}
}

void critical_note_call(struct dos *dos)
{
	uint8_t ah = dos->cpu.ah;

	if (dos->is_critical && ah > 0x0c && ah != 0x30 && ah != 0x50 && ah != 0x51 && ah != 0x59 &&
		ah != 0x62)
		dos->is_critical = false;
}
