/* INT 21h: drives. */
#include <string.h>

#include "int21.h"
#include "path.h"

static int select_drive(struct dos *dos)
{
	if (dos->cpu.dl < DOS_DRIVES && dos->drives[dos->cpu.dl].is_there)
		dos->drive = dos->cpu.dl;
	dos->cpu.al = DOS_DRIVES;
	return DOS_OK;
}

static int current_drive(struct dos *dos)
{
	dos->cpu.al = dos->drive;
	return DOS_OK;
}

static int reset_disks(struct dos *dos)
{
	(void)dos; /* nothing is kept back here */
	return DOS_OK;
}

/* Clusters that fit in 16 bits, as few bytes each as may be. */
static int space_of(
	struct dos *dos, uint8_t drive, uint16_t *sectors, uint32_t *total, uint32_t *free)
{
	struct world_space space;
	const char *root;
	uint64_t bytes, free_bytes;
	int error;

	drive = drive ? (uint8_t)(drive - 1) : dos->drive;
	if (drive >= DOS_DRIVES || !dos->drives[drive].is_there)
		return DOS_E_DRIVE;
	root = dos->drives[drive].root;
	error = dos->world->space(dos->world->context, *root ? root : "/", &space);
	if (error)
		return error;
	bytes = space.blocks * space.block_size;
	free_bytes = space.blocks_free * space.block_size;
	for (*sectors = 8; *sectors < 64 && bytes / (512u * *sectors) > 65000; *sectors *= 2)
		continue;
	bytes /= 512u * *sectors;
	free_bytes /= 512u * *sectors;
	*total = bytes > 65000 ? 65000 : (uint32_t)bytes;
	*free = free_bytes > 65000 ? 65000 : (uint32_t)free_bytes;
	return DOS_OK;
}

static int disk_space(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t sectors;
	uint32_t total, free;

	if (space_of(dos, cpu->dl, &sectors, &total, &free)) {
		cpu->ax = 0xffff;
		return DOS_OK;
	}
	cpu->ax = sectors;
	cpu->bx = (uint16_t)free;
	cpu->cx = 512;
	cpu->dx = (uint16_t)total;
	return DOS_OK;
}

/* Functions 1Bh and 1Ch: as 36h, and the media byte. */
static int allocation(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t sectors;
	uint32_t total, free;

	if (space_of(dos, cpu->ah == 0x1b ? 0 : cpu->dl, &sectors, &total, &free)) {
		cpu->al = 0xff;
		return DOS_OK;
	}
	cpu->al = (uint8_t)sectors;
	cpu->cx = 512;
	cpu->dx = (uint16_t)total;
	cpu->ds = SEGMENT_ROM;
	cpu->bx = ROM_MEDIA;
	return DOS_OK;
}

static int set_verify(struct dos *dos)
{
	dos->verify = dos->cpu.al & 1;
	return DOS_OK;
}

static int get_verify(struct dos *dos)
{
	dos->cpu.al = dos->verify;
	return DOS_OK;
}

const struct int21_function int21_drives[0x100] = {
	[0x0d] = { reset_disks, INT21_PLAIN, "reset disks" },
	[0x0e] = { select_drive, INT21_PLAIN, "select drive" },
	[0x19] = { current_drive, INT21_PLAIN, "current drive" },
	[0x1b] = { allocation, INT21_PLAIN, "allocation of the current drive" },
	[0x1c] = { allocation, INT21_PLAIN, "allocation of a drive" },
	[0x2e] = { set_verify, INT21_PLAIN, "set verify" },
	[0x36] = { disk_space, INT21_PLAIN, "free space" },
	[0x54] = { get_verify, INT21_PLAIN, "verify" },
};
