#include "exec.h"

#include <string.h>

#include "dpmi.h"
#include "files.h"
#include "load.h"
#include "path.h"
#include "psp.h"

bool process_is_hooked(const struct dos *dos, uint8_t n)
{
	const uint8_t *vector = dos->memory + 4 * n;

	return get16(vector + 2) != SEGMENT_ROM || get16(vector) != ROM_HANDLERS + 4 * n;
}

void process_reflect(struct dos *dos, uint8_t n)
{
	const uint8_t *vector = dos->memory + 4 * n;

	dos_push(dos, dos->cpu.flags);
	dos_push(dos, dos->cpu.cs);
	dos_push(dos, dos->cpu.ip);
	dos->cpu.eflags &= ~(FLAG_INTERRUPT | FLAG_TRACE);
	dos->cpu.eip = get16(vector);
	dos->cpu.cs = get16(vector + 2);
}

void process_set_current(struct dos *dos, uint16_t psp)
{
	dos->psp = psp;
}

/* The full DOS path, for the environment. */
static void full_name(const struct dos_path *p, char name[PATH_TEXT + 3])
{
	name[0] = (char)('A' + p->drive);
	name[1] = ':';
	name[2] = '\\';
	memcpy(name + 3, p->text, p->length + 1);
}

static void start(struct dos *dos, const struct loaded *l, uint16_t ax)
{
	struct cpu *cpu = &dos->cpu;

	dos->psp = l->psp;
	dos->dta_segment = l->psp;
	dos->dta_offset = PSP_TAIL;
	memset(cpu, 0, sizeof(*cpu));
	cpu->ax = ax;
	cpu->cx = 0xff;
	cpu->dx = l->psp;
	cpu->si = l->ip;
	cpu->di = l->sp;
	cpu->cs = l->cs;
	cpu->ip = l->ip;
	cpu->ss = l->ss;
	cpu->sp = l->sp;
	cpu->ds = cpu->es = l->psp;
	cpu->flags = FLAG_INTERRUPT | 2;
}

/* ax of a program that starts: FFh for each FCB with a drive that is not there. */
static uint16_t drives_of_fcbs(struct dos *dos, uint16_t psp)
{
	const uint8_t drives[2] = { *dos_at(dos, psp, PSP_FCB1), *dos_at(dos, psp, PSP_FCB2) };
	uint16_t ax = 0;

	for (unsigned i = 0; i < 2; i++)
		if (drives[i] > DOS_DRIVES || (drives[i] && !dos->drives[drives[i] - 1].is_there))
			ax |= (uint16_t)(0xff << 8 * i);
	return ax;
}

static int exec_child(struct dos *dos, const char *path, const char *name, uint8_t *block, bool run)
{
	struct cpu *cpu = &dos->cpu;
	struct loaded l;
	const uint8_t *tail = dos_block(dos, get16(block + 4), get16(block + 2), 128);
	const uint8_t *fcb[2] = { dos_block(dos, get16(block + 8), get16(block + 6), 16),
		dos_block(dos, get16(block + 12), get16(block + 10), 16) };
	struct dos_process *waiting = &dos->processes[dos->depth];
	int error;

	if (!tail || !fcb[0] || !fcb[1])
		return DOS_E_DATA;
	if (dos->depth == DOS_PROCESSES)
		return DOS_E_MEMORY;
	error = load_program(dos, path, name, get16(block), &l);
	if (error)
		return error;
	files_inherit(dos, l.psp, dos->psp);
	psp_set_tail(dos, l.psp, tail + 1, tail[0]);
	memcpy(dos_at(dos, l.psp, PSP_FCB1), fcb[0], 16);
	memcpy(dos_at(dos, l.psp, PSP_FCB2), fcb[1], 16);
	/* Vector 22h, in the child's PSP: where its parent goes on. */
	put_far(dos_at(dos, l.psp, PSP_END), cpu->cs, cpu->ip);
	put_far(dos->memory + 4 * 0x22, cpu->cs, cpu->ip);
	cpu->flags &= (uint16_t)~FLAG_CARRY;
	waiting->cpu = *cpu;
	waiting->psp = dos->psp;
	waiting->dta_segment = dos->dta_segment;
	waiting->dta_offset = dos->dta_offset;
	dos->depth++;
	if (run) {
		start(dos, &l, drives_of_fcbs(dos, l.psp));
		return DOS_OK;
	}
	l.sp = (uint16_t)(l.sp - 2);
	put16(dos_at(dos, l.ss, l.sp), drives_of_fcbs(dos, l.psp));
	put_far(block + 14, l.ss, l.sp);
	put_far(block + 18, l.cs, l.ip);
	dos->psp = l.psp;
	dos->dta_segment = l.psp;
	dos->dta_offset = PSP_TAIL;
	return DOS_OK;
}

int process_exec(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint8_t *block = dos_block(dos, cpu->es, cpu->bx, 22);
	struct dos_path path;
	char file[WORLD_PATH_MAX], name[PATH_TEXT + 3];
	struct world_stat stat;
	int error;

	if (cpu->al != 0 && cpu->al != 1 && cpu->al != 3)
		return DOS_E_FUNCTION;
	if (!block)
		return DOS_E_DATA;
	error = path_parse_at(dos, cpu->ds, cpu->dx, &path);
	if (!error && (path.is_pattern || path.is_root || path.device != DOS_FILE_FREE))
		error = DOS_E_FILE;
	if (!error)
		error = path_resolve(dos, &path, file, &stat);
	if (error)
		return error;
	if (cpu->al == 3)
		return load_overlay(dos, file, get16(block), get16(block + 2));
	full_name(&path, name);
	return exec_child(dos, file, name, block, cpu->al == 0);
}

/* Blanks before arguments are part of a command tail; its first two words are FCBs too. */
int dos_run(
	struct dos *dos, const char *text, const char *tail, const char *environment, unsigned size)
{
	struct dos_path path;
	char file[WORLD_PATH_MAX], name[PATH_TEXT + 3];
	struct world_stat stat;
	struct loaded l;
	uint16_t segment, largest;
	int error = path_parse(dos, text, &path);

	if (!error && (path.is_pattern || path.is_root || path.device != DOS_FILE_FREE))
		error = DOS_E_FILE;
	if (!error)
		error = path_resolve(dos, &path, file, &stat);
	if (!error)
		error = arena_allocate(
			&dos->arena, 8, (uint16_t)((size + 17) / 16), &segment, &largest);
	if (error)
		return error;
	memcpy(dos_at(dos, segment, 0), environment, size);
	memset(dos_at(dos, segment, 0) + size, 0, 2);
	full_name(&path, name);
	error = load_program(dos, file, name, segment, &l);
	(void)arena_free(&dos->arena, segment);
	if (error)
		return error;
	dos->psp = l.psp;
	files_init(dos);
	psp_set_tail(dos, l.psp, (const uint8_t *)tail, (unsigned)strlen(tail));
	start(dos, &l, 0);
	return DOS_OK;
}

static void leave(struct dos *dos, enum dos_end how, uint8_t code)
{
	const uint8_t *psp = dos_at(dos, dos->psp, 0);
	uint8_t vectors[12];

	memcpy(vectors, psp + PSP_END, 12);
	memcpy(dos->memory + 4 * 0x22, vectors, 12);
	dos->child_code = code;
	dos->child_end = how;
	if (dos->depth == 0) {
		dos->is_over = true;
		dos->end = how;
		dos->exit_code = code;
		return;
	}
	dos->depth--;
	dos->cpu = dos->processes[dos->depth].cpu;
	dos->psp = dos->processes[dos->depth].psp;
	dos->dta_segment = dos->processes[dos->depth].dta_segment;
	dos->dta_offset = dos->processes[dos->depth].dta_offset;
	dos->cpu.eip = get16(vectors);
	dos->cpu.cs = get16(vectors + 2);
}

void process_end(struct dos *dos, enum dos_end how, uint8_t code)
{
	uint16_t psp = dos->psp;

	dpmi_end(dos, psp);
	files_close_all(dos, psp);
	for (unsigned i = 0; i < DOS_FILES; i++) /* what its FCBs left open */
		if (dos->files[i].kind != DOS_FILE_FREE && dos->files[i].owner == psp &&
			dos->files[i].is_fcb) {
			dos->files[i].uses = 1;
			files_drop(dos, &dos->files[i]);
		}
	if (arena_free_all(&dos->arena, psp) || arena_free_all(&dos->upper, psp)) {
		dos_crash(dos, "memory allocation chain destroyed");
		return;
	}
	leave(dos, how, code);
}

void process_stay(struct dos *dos, uint16_t paragraphs, uint8_t code)
{
	uint16_t psp = dos->psp, largest;

	dpmi_end(dos, psp);
	if (paragraphs < 6)
		paragraphs = 6;
	/* It keeps what it has if that is less. */
	(void)arena_resize(&dos->arena, psp, paragraphs, &largest);
	files_close_all(dos, psp);
	leave(dos, DOS_END_RESIDENT, code);
}

void process_break(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	dos->is_broken = true;
	if (!process_is_hooked(dos, 0x23)) {
		process_end(dos, DOS_END_BREAK, 0);
		return;
	}
	/* To the handler, from there to ROM_AGAIN, which makes the call anew and then goes to its caller. */
	*cpu = dos->call;
	dos_push(dos, cpu->flags);
	dos_push(dos, cpu->cs);
	dos_push(dos, cpu->ip);
	cpu->cs = SEGMENT_ROM;
	cpu->eip = ROM_AGAIN;
	dos->again_sp = cpu->sp;
	process_reflect(dos, 0x23);
}

void process_again(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	/* By a far return the handler leaves the flags behind, and carry says that the program shall end. */
	if (cpu->sp != (uint16_t)(dos->again_sp - 2))
		return;
	cpu->sp = dos->again_sp;
	if (cpu->flags & FLAG_CARRY)
		process_end(dos, DOS_END_BREAK, 0);
}
