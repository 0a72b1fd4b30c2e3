/* The machine before its first program, and the ways into its services. */
#include <string.h>

#include "bios.h"
#include "con.h"
#include "critical.h"
#include "dpmi.h"
#include "ems.h"
#include "exec.h"
#include "files.h"
#include "int21.h"
#include "video.h"
#include "xms.h"

static void init_vectors(struct dos *dos)
{
	uint8_t *rom = dos_at(dos, SEGMENT_ROM, ROM_HANDLERS);

	for (unsigned i = 0; i < ROM_ENTRIES; i++, rom += 4) {
		rom[0] = 0xf4;			/* HLT */
		rom[1] = i < 256 ? 0xcf : 0xcb; /* IRET, RETF */
	}
	memcpy(dos_at(dos, SEGMENT_ROM, ROM_AGAIN), "\xf4\xcd\x21\xca\x02\x00", 6);
	memcpy(dos_at(dos, SEGMENT_ROM, ROM_XMS), "\xeb\x03\x90\x90\x90\xe9", 6);
	put16(dos_at(dos, SEGMENT_ROM, ROM_XMS + 6),
		(uint16_t)(ROM_HANDLERS + 4 * ROM_ENTRY_XMS - (ROM_XMS + 8)));
	for (unsigned i = 0; i < 256; i++)
		put_far(dos->memory + 4 * i, SEGMENT_ROM, (uint16_t)(ROM_HANDLERS + 4 * i));
	for (unsigned i = 0x60; i < 0x67; i++) /* for programs to use: free means null */
		put_far(dos->memory + 4 * i, 0, 0);
	memcpy(dos_at(dos, SEGMENT_ROM, 0xfff5), "01/01/92", 8);
	*dos_at(dos, SEGMENT_ROM, 0xfffe) = 0xfc; /* an AT */
	*dos_at(dos, SEGMENT_ROM, ROM_MEDIA) = 0xf8;
}

/* What function 52h points to: as much of it as makes sense here. */
static void init_lists(struct dos *dos)
{
	uint8_t *lists = dos_at(dos, SEGMENT_DOS_DATA, DOS_DATA_LISTS), *nul = lists + 0x22;

	put16(lists - 2, SEGMENT_FIRST_MCB);
	put32(lists, 0xffffffff);
	put32(lists + 4, 0xffffffff);
	put16(lists + 0x10, 512);
	lists[0x20] = DOS_DRIVES;
	lists[0x21] = DOS_DRIVES;
	put32(nul, 0xffffffff); /* the last device */
	put16(nul + 4, 0x8004);
	memcpy(nul + 10, "NUL     ", 8);
	put32(dos_at(dos, SEGMENT_DOS_DATA, DOS_DATA_DISK_HEADER), 0xffffffff);
}

void dos_init(struct dos *dos, uint8_t *memory, struct world *world)
{
	memset(dos, 0, sizeof(*dos));
	dos->memory = memory;
	dos->world = world;
	dos->version_major = 6;
	dos->version_minor = 22;
	dos->switch_character = '/';
	init_vectors(dos);
	init_lists(dos);
	bios_init(dos);
	video_init(dos);
	ems_init(dos);
	arena_init(&dos->arena, memory, SEGMENT_FIRST_MCB, SEGMENT_MEMORY_END);
	arena_init(&dos->upper, memory, SEGMENT_UPPER_MCB, SEGMENT_UPPER_END);
}

void dos_interrupt(struct dos *dos, uint8_t n)
{
	bios_interrupt(dos, n);
}

void dos_entry(struct dos *dos, unsigned entry)
{
	struct cpu *cpu = &dos->cpu;

	switch (entry) {
	case ROM_ENTRY_XMS:
		cpu->ip++;
		xms_call(dos);
		break;
	case ROM_ENTRY_CPM: /* from the far call at PSP:5, which a near call has reached */
		(void)dos_pop(dos);
		cpu->cs = dos_pop(dos);
		cpu->eip = dos_pop(dos);
		if (cpu->cl > 0x24) {
			cpu->al = 0;
			break;
		}
		cpu->ah = cpu->cl;
		int21(dos);
		break;
	case ROM_ENTRY_CASE_MAP:
		cpu->al = name_upper(cpu->al);
		cpu->eip = dos_pop(dos);
		cpu->cs = dos_pop(dos);
		break;
	case ROM_ENTRY_AGAIN:
		cpu->ip++;
		process_again(dos);
		break;
	case ROM_ENTRY_EMS:
		ems_return(dos);
		break;
	case ROM_ENTRY_CRITICAL:
		critical_answer(dos);
		break;
	default:
		if (!dpmi_real_entry(dos, entry))
			dos_crash(dos, "jump into the ROM");
	}
}

void dos_crash(struct dos *dos, const char *why)
{
	dos->is_over = true;
	dos->crash = why;
	dos->end = DOS_END_ERROR;
	dos->exit_code = 255;
}
