/* INT 21h: files by file control block (FCB), as in CP/M and the first DOS: opening, records. */
#include <string.h>

#include "fcb.h"
#include "files.h"
#include "int21.h"
#include "path.h"
#include "search.h"

/* What al tells of a transfer. */
#define TRANSFER_OK 0
#define TRANSFER_END 1
#define TRANSFER_NO_ROOM 2
#define TRANSFER_PART 3

static struct dos_file *file_of(struct dos *dos, const uint8_t *fcb)
{
	unsigned index = fcb[FCB_FILE] - 1u;

	if (index >= DOS_FILES || dos->files[index].kind == DOS_FILE_FREE ||
		!dos->files[index].is_fcb)
		return NULL;
	return &dos->files[index];
}

static int open_fcb(struct dos *dos, unsigned how)
{
	struct dos_path path;
	struct dos_file *f;
	uint16_t action, date, time;
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	struct world_stat stat = { 0 };
	int error = fcb ? fcb_path(dos, fcb[0], fcb + 1, &path) : DOS_E_ACCESS;

	if (!error)
		error = files_open(dos, &path, 2, how, attribute, &f, &action);
	if (error == DOS_E_ACCESS && !(how & FILES_CREATE))
		error = files_open(dos, &path, 0, how, attribute, &f, &action);
	if (error)
		return fcb_answer(dos, error);
	f->is_fcb = true;
	if (f->kind == DOS_FILE_DISK)
		error = dos->world->file_stat(dos->world->context, f->file, &stat);
	if (error) {
		files_drop(dos, f);
		return fcb_answer(dos, error);
	}
	if (!fcb[0])
		fcb[0] = (uint8_t)(dos->drive + 1);
	put16(fcb + FCB_BLOCK, 0);
	put16(fcb + FCB_RECORD_SIZE, 128);
	put32(fcb + FCB_FILE_SIZE, stat.size);
	dos_stamp(stat.mtime, &date, &time);
	put16(fcb + FCB_DATE, date);
	put16(fcb + FCB_TIME, time);
	fcb[FCB_FILE] = (uint8_t)(files_index(dos, f) + 1);
	return fcb_answer(dos, DOS_OK);
}

static int open(struct dos *dos)
{
	return open_fcb(dos, FILES_OPEN);
}

static int create(struct dos *dos)
{
	return open_fcb(dos, FILES_CREATE | FILES_OPEN);
}

static int close(struct dos *dos)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	struct dos_file *f = fcb ? file_of(dos, fcb) : NULL;

	if (!f)
		return fcb_answer(dos, DOS_E_HANDLE);
	files_drop(dos, f);
	fcb[FCB_FILE] = 0;
	return fcb_answer(dos, DOS_OK);
}

/* --- Records --- */

static uint32_t record_size(const uint8_t *fcb)
{
	uint16_t size = get16(fcb + FCB_RECORD_SIZE);

	return size ? size : 128;
}

static uint32_t sequential(const uint8_t *fcb)
{
	return get16(fcb + FCB_BLOCK) * 128u + (fcb[FCB_RECORD] & 127);
}

static void set_sequential(uint8_t *fcb, uint32_t record)
{
	put16(fcb + FCB_BLOCK, (uint16_t)(record / 128));
	fcb[FCB_RECORD] = (uint8_t)(record % 128);
}

static uint32_t random_record(const uint8_t *fcb)
{
	uint32_t record = get32(fcb + FCB_RANDOM);

	return record_size(fcb) >= 64 ? record & 0xffffff
				      : record; /* the fourth byte is the program's then */
}

static void set_random(uint8_t *fcb, uint32_t record)
{
	fcb[FCB_RANDOM] = (uint8_t)record;
	put16(fcb + FCB_RANDOM + 1, (uint16_t)(record >> 8));
	if (record_size(fcb) < 64)
		fcb[FCB_RANDOM + 3] = (uint8_t)(record >> 24);
}

/* `*count` records from `record` on, to or from the DTA; *count were moved. */
static uint8_t transfer(
	struct dos *dos, uint8_t *fcb, uint32_t record, uint16_t *count, bool is_write)
{
	struct dos_file *f = file_of(dos, fcb);
	uint32_t size = record_size(fcb), bytes = size * *count;
	uint16_t done = 0;
	uint8_t *memory;
	int error;

	if (!f)
		return TRANSFER_END;
	if (bytes > 0x10000u - dos->dta_offset || bytes > 0xffff)
		return TRANSFER_NO_ROOM;
	memory = dos_block(dos, dos->dta_segment, dos->dta_offset, bytes);
	if (!memory)
		return TRANSFER_NO_ROOM;
	f->position = record * size;
	error = is_write ? files_write(dos, f, memory, (uint16_t)bytes, &done)
			 : files_read(dos, f, memory, (uint16_t)bytes, &done);
	if (is_write && f->position > get32(fcb + FCB_FILE_SIZE))
		put32(fcb + FCB_FILE_SIZE, f->position);
	*count = (uint16_t)((done + size - 1) / size);
	if (done == bytes && !error)
		return TRANSFER_OK;
	if (is_write || done == 0)
		return TRANSFER_END; /* for a write: the disk is full */
	if (done % size == 0)
		return TRANSFER_END;
	memset(memory + done, 0, size - done % size);
	return TRANSFER_PART;
}

static int move_sequential(struct dos *dos, bool is_write)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	uint16_t count = 1;

	dos->cpu.al = TRANSFER_END;
	if (!fcb)
		return DOS_OK;
	dos->cpu.al = transfer(dos, fcb, sequential(fcb), &count, is_write);
	if (dos->cpu.al == TRANSFER_OK || dos->cpu.al == TRANSFER_PART)
		set_sequential(fcb, sequential(fcb) + 1);
	return DOS_OK;
}

static int read_sequential(struct dos *dos)
{
	return move_sequential(dos, false);
}

static int write_sequential(struct dos *dos)
{
	return move_sequential(dos, true);
}

static int move_random(struct dos *dos, bool is_write)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	uint16_t count = 1;

	dos->cpu.al = TRANSFER_END;
	if (!fcb)
		return DOS_OK;
	set_sequential(fcb, random_record(fcb));
	dos->cpu.al = transfer(dos, fcb, random_record(fcb), &count, is_write);
	return DOS_OK;
}

static int read_random(struct dos *dos)
{
	return move_random(dos, false);
}

static int write_random(struct dos *dos)
{
	return move_random(dos, true);
}

static int move_block(struct dos *dos, bool is_write)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	struct dos_file *f = fcb ? file_of(dos, fcb) : NULL;

	dos->cpu.al = TRANSFER_END;
	if (!f)
		return DOS_OK;
	if (is_write && dos->cpu.cx == 0) { /* sets the size */
		uint32_t size = random_record(fcb) * record_size(fcb);

		if (f->kind == DOS_FILE_DISK &&
			dos->world->set_size(dos->world->context, f->file, size) == DOS_OK) {
			put32(fcb + FCB_FILE_SIZE, size);
			dos->cpu.al = TRANSFER_OK;
		}
		return DOS_OK;
	}
	dos->cpu.al = transfer(dos, fcb, random_record(fcb), &dos->cpu.cx, is_write);
	if (dos->cpu.al == TRANSFER_NO_ROOM)
		dos->cpu.cx = 0;
	set_random(fcb, random_record(fcb) + dos->cpu.cx);
	set_sequential(fcb, random_record(fcb));
	return DOS_OK;
}

static int read_block(struct dos *dos)
{
	return move_block(dos, false);
}

static int write_block(struct dos *dos)
{
	return move_block(dos, true);
}

static int set_random_record(struct dos *dos)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);

	if (fcb)
		set_random(fcb, sequential(fcb));
	return DOS_OK;
}

static int file_size(struct dos *dos)
{
	struct dos_path path;
	char file[WORLD_PATH_MAX];
	struct world_stat stat;
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	int error = fcb ? fcb_path(dos, fcb[0], fcb + 1, &path) : DOS_E_ACCESS;

	if (!error)
		error = path_resolve(dos, &path, file, &stat);
	if (!error)
		set_random(fcb, (stat.size + record_size(fcb) - 1) / record_size(fcb));
	return fcb_answer(dos, error);
}

const struct int21_function int21_fcb[0x100] = {
	[0x0f] = { open, INT21_PLAIN, "open FCB" },
	[0x10] = { close, INT21_PLAIN, "close FCB" },
	[0x14] = { read_sequential, INT21_PLAIN, "sequential read" },
	[0x15] = { write_sequential, INT21_PLAIN, "sequential write" },
	[0x16] = { create, INT21_PLAIN, "create FCB" },
	[0x21] = { read_random, INT21_PLAIN, "random read" },
	[0x22] = { write_random, INT21_PLAIN, "random write" },
	[0x23] = { file_size, INT21_PLAIN, "file size" },
	[0x24] = { set_random_record, INT21_PLAIN, "set random record" },
	[0x27] = { read_block, INT21_PLAIN, "random block read" },
	[0x28] = { write_block, INT21_PLAIN, "random block write" },
};
