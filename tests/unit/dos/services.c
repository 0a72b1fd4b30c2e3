/* Unit tests of the services over a directory of the host: INT 21h, programs, the console. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "host_world.h"
#include "load.h"
#include "path.h"
#include "psp.h"

#include "test.h"

#define BUFFER 0x2000

static int begin(void **state)
{
	struct host *h = host_begin();

	host_load(h);
	*state = h;
	return 0;
}

static int end(void **state)
{
	host_end(*state);
	return 0;
}

static uint16_t open_file(struct host *h, uint16_t ax, const char *name, uint16_t cx)
{
	h->dos.cpu.cx = cx;
	h->dos.cpu.dx = host_string(h, 0x1000, name);
	assert_int_equal(host_call(h, ax), 0);
	return h->dos.cpu.ax;
}

static int on_path(struct host *h, uint16_t ax, const char *name)
{
	h->dos.cpu.dx = host_string(h, 0x1000, name);
	return host_call(h, ax);
}

static uint16_t transfer(struct host *h, uint16_t ax, uint16_t handle, uint16_t n)
{
	h->dos.cpu.bx = handle;
	h->dos.cpu.cx = n;
	h->dos.cpu.ds = h->dos.psp;
	h->dos.cpu.dx = BUFFER;
	assert_int_equal(host_call(h, ax), 0);
	return h->dos.cpu.ax;
}

static void a_program_starts(void **state)
{
	struct host *h = *state;
	const struct cpu *cpu = &h->dos.cpu;
	const uint8_t *psp = host_at(h, 0),
		      *environment = dos_at(&h->dos, get16(psp + PSP_ENVIRONMENT), 0);

	assert_int_equal(cpu->cs, h->dos.psp);
	assert_int_equal(cpu->ip, 0x100);
	assert_int_equal(cpu->sp, 0xfffe);
	assert_memory_equal(psp, "\xcd\x20", 2);
	assert_memory_equal(psp + PSP_TAIL, "\x08 one two\r", 10);
	assert_memory_equal(environment, "PATH=C:\\\0\0\x01\0C:\\TEST.COM", 24);
	assert_int_equal(get16(psp + PSP_TOP), 0xa000);
}

static void files_are_made_written_and_read(void **state)
{
	struct host *h = *state;
	char data[16];
	uint16_t handle = open_file(h, 0x3c00, "C:\\New.Txt", 0);

	assert_int_equal(handle, 5);
	memcpy(host_at(h, BUFFER), "hello", 5);
	assert_int_equal(transfer(h, 0x4000, handle, 5), 5);
	h->dos.cpu.bx = handle;
	h->dos.cpu.cx = 0;
	h->dos.cpu.dx = 1;
	assert_int_equal(host_call(h, 0x4200), 0);
	memset(host_at(h, BUFFER), 0, 8);
	assert_int_equal(transfer(h, 0x3f00, handle, 100), 4);
	assert_string_equal((char *)host_at(h, BUFFER), "ello");
	assert_int_equal(transfer(h, 0x3f00, handle, 100), 0);
	h->dos.cpu.bx = handle;
	h->dos.cpu.cx = 0xffff;
	h->dos.cpu.dx = (uint16_t)-2;
	assert_int_equal(host_call(h, 0x4202), 0);
	assert_int_equal(h->dos.cpu.ax, 3);
	/* Nothing written: the file ends here. */
	assert_int_equal(transfer(h, 0x4000, handle, 0), 0);
	h->dos.cpu.bx = handle;
	assert_int_equal(host_call(h, 0x3e00), 0);
	assert_int_equal(host_call(h, 0x3e00), DOS_E_HANDLE);
	assert_int_equal(host_get_file(h, "new.txt", data, sizeof(data)), 3);
	assert_memory_equal(data, "hel", 3);
}

static void opening_fails_as_it_should(void **state)
{
	struct host *h = *state;

	assert_int_equal(on_path(h, 0x3d00, "none"), DOS_E_FILE);
	assert_int_equal(on_path(h, 0x3d00, "none\\x"), DOS_E_PATH);
	assert_int_equal(on_path(h, 0x3d00, "test.com\\x"), DOS_E_PATH);
	assert_int_equal(on_path(h, 0x3d00, "Q:x"), DOS_E_PATH + 12);
	assert_int_equal(on_path(h, 0x3d00, "te*.com"), DOS_E_FILE);
	assert_int_equal(on_path(h, 0x3d07, "test.com"), DOS_E_MODE);
	assert_int_equal(on_path(h, 0x3d00, ".."), DOS_E_PATH);
	assert_int_equal(on_path(h, 0x3d00, "\\"), DOS_E_ACCESS);
	h->dos.cpu.cx = 0;
	assert_int_equal(on_path(h, 0x5b00, "test.com"), DOS_E_EXISTS);
	/* A string that does not end in memory. */
	h->dos.cpu.ds = 0xffff;
	memset(h->memory + GUEST_MEMORY - 64, 'x', 64);
	h->dos.cpu.dx = 0xffd0;
	assert_int_equal(host_call(h, 0x3d00), DOS_E_PATH);
	assert_int_equal(host_call(h, 0x5900), DOS_E_PATH);
}

static void a_file_written_must_be_writable(void **state)
{
	struct host *h = *state;

	h->dos.cpu.cx = 1; /* read only */
	assert_int_equal(on_path(h, 0x4301, "test.com"), 0);
	assert_int_equal(on_path(h, 0x4300, "test.com"), 0);
	assert_int_equal(h->dos.cpu.cx, 0x21);
	assert_int_equal(on_path(h, 0x3d02, "test.com"), DOS_E_ACCESS);
	assert_int_equal(on_path(h, 0x4100, "test.com"), DOS_E_ACCESS);
	uint16_t handle = open_file(h, 0x3d00, "test.com", 0);

	h->dos.cpu.bx = handle;
	h->dos.cpu.cx = 1;
	assert_int_equal(host_call(h, 0x4000), DOS_E_ACCESS);
	h->dos.cpu.cx = 0x20;
	assert_int_equal(on_path(h, 0x4301, "test.com"), 0);
	assert_int_equal(on_path(h, 0x4100, "test.com"), 0);
	h->dos.cpu.cx = 0x22; /* there are no hidden files but those that are called so */
	host_put_file(h, "a", "", 0);
	assert_int_equal(on_path(h, 0x4301, "a"), DOS_E_ACCESS);
}

static void directories_are_made_entered_and_removed(void **state)
{
	struct host *h = *state;

	assert_int_equal(on_path(h, 0x3900, "SUB"), 0);
	assert_int_equal(on_path(h, 0x3900, "sub"), DOS_E_ACCESS);
	assert_int_equal(on_path(h, 0x3b00, "none"), DOS_E_PATH);
	assert_int_equal(on_path(h, 0x3b00, "sub"), 0);
	assert_int_equal(on_path(h, 0x3900, "deep"), 0);
	assert_int_equal(on_path(h, 0x3b00, "deep\\..\\deep"), 0);
	h->dos.cpu.dx = 0;
	h->dos.cpu.si = BUFFER;
	h->dos.cpu.ds = h->dos.psp;
	assert_int_equal(host_call(h, 0x4700), 0);
	assert_string_equal((char *)host_at(h, BUFFER), "SUB\\DEEP");
	assert_int_equal(on_path(h, 0x3a00, "\\SUB\\DEEP"), DOS_E_CURRENT);
	assert_int_equal(on_path(h, 0x3b00, "\\"), 0);
	assert_int_equal(on_path(h, 0x3a00, "SUB"), DOS_E_ACCESS);
	assert_int_equal(on_path(h, 0x3a00, "SUB\\DEEP"), 0);
	assert_int_equal(on_path(h, 0x3a00, "SUB"), 0);
	assert_int_equal(on_path(h, 0x3a00, "SUB"), DOS_E_PATH);
}

static void renaming_moves(void **state)
{
	struct host *h = *state;
	char data[4];

	assert_int_equal(on_path(h, 0x3900, "sub"), 0);
	host_put_file(h, "a.txt", "x", 1);
	h->dos.cpu.es = h->dos.psp;
	h->dos.cpu.di = host_string(h, 0x1100, "sub\\b.txt");
	assert_int_equal(on_path(h, 0x5600, "a.txt"), 0);
	assert_int_equal(host_get_file(h, "sub/b.txt", data, 4), 1);
	assert_int_equal(on_path(h, 0x5600, "a.txt"), DOS_E_FILE);
	h->dos.cpu.di = host_string(h, 0x1100, "test.com");
	assert_int_equal(on_path(h, 0x5600, "sub\\b.txt"), DOS_E_ACCESS);
}

/* The names that a search finds, each followed by a blank. */
static const char *found(struct host *h, const char *pattern, uint16_t attributes)
{
	static char names[1024];
	int error;

	names[0] = '\0';
	h->dos.cpu.ds = h->dos.psp;
	h->dos.cpu.dx = BUFFER;
	(void)host_call(h, 0x1a00);
	h->dos.cpu.cx = attributes;
	for (error = on_path(h, 0x4e00, pattern); !error; error = host_call(h, 0x4f00)) {
		strcat(names, (char *)host_at(h, BUFFER + 30));
		strcat(names, " ");
	}
	assert_int_equal(error, DOS_E_NO_MORE);
	return names;
}

static void searches_find(void **state)
{
	struct host *h = *state;
	const char *names;

	assert_string_equal(found(h, "*.COM", 0), "TEST.COM ");
	assert_int_equal(get32(host_at(h, BUFFER + 26)), 1);
	assert_string_equal(found(h, "none.*", 0), "");
	assert_int_equal(on_path(h, 0x3900, "sub"), 0);
	host_put_file(h, "sub/a very long name.text", "1234", 4);
	host_put_file(h, ".hidden", "", 0);
	assert_string_equal(found(h, "S*.*", 0), "");
	assert_string_equal(found(h, "S*.*", 0x10), "SUB ");
	assert_null(strstr(found(h, "*.*", 0), "HID"));
	assert_non_null(strstr(found(h, "*.*", 2), "HID"));
	names = found(h, "SUB\\*.*", 0x10);
	assert_non_null(strstr(names, ". .. "));
	assert_non_null(strstr(names, "AVE~"));
	/* By its stand-in the file can be opened. */
	char path[32] = "SUB\\";

	strcat(path, strstr(found(h, "SUB\\A*.*", 0), "AVE~"));
	path[strlen(path) - 1] = '\0';
	assert_int_equal(transfer(h, 0x3f00, open_file(h, 0x3d00, path, 0), 9), 4);
	assert_int_equal(on_path(h, 0x4e00, "none\\*.*"), DOS_E_PATH);
}

static void two_names_that_differ_in_case_are_two_files(void **state)
{
	struct host *h = *state;
	char names[64], *second;

	host_put_file(h, "same.x", "lower", 5);
	host_put_file(h, "Same.X", "mixed!", 6);
	strcpy(names, found(h, "SA*.X", 0));
	assert_non_null(strstr(names, "SAME.X "));
	second = strstr(names, "SAM~");
	assert_non_null(second);
	second[strcspn(second, " ")] = '\0';
	assert_int_equal(transfer(h, 0x3f00, open_file(h, 0x3d00, "SAME.X", 0), 99), 5);
	assert_int_equal(transfer(h, 0x3f00, open_file(h, 0x3d00, second, 0), 99), 6);
}

static void handles_are_duplicated(void **state)
{
	struct host *h = *state;
	uint16_t handle = open_file(h, 0x3d00, "test.com", 0);

	h->dos.cpu.bx = handle;
	assert_int_equal(host_call(h, 0x4500), 0);
	assert_int_equal(h->dos.cpu.ax, handle + 1);
	h->dos.cpu.bx = handle;
	h->dos.cpu.cx = 1;
	assert_int_equal(host_call(h, 0x4600), 0);
	h->dos.cpu.bx = handle;
	assert_int_equal(host_call(h, 0x3e00), 0);
	assert_int_equal(transfer(h, 0x3f00, 1, 10), 1);
	assert_int_equal(transfer(h, 0x3f00, handle + 1, 10), 0); /* one position */
	h->dos.cpu.bx = 99;
	assert_int_equal(host_call(h, 0x4500), DOS_E_HANDLE);
	for (unsigned i = 0; i < 14; i++)
		(void)open_file(h, 0x3d00, "NUL", 0);
	assert_int_equal(on_path(h, 0x3d00, "NUL"), DOS_E_HANDLES);
}

static void a_table_of_handles_may_point_anywhere(void **state)
{
	struct host *h = *state;

	put16(host_at(h, PSP_HANDLES), 0xffff);
	put_far(host_at(h, PSP_TABLE), 0xffff, 0xffff);
	h->dos.cpu.bx = 0xfffe;
	assert_int_equal(host_call(h, 0x3e00), DOS_E_HANDLE);
	put16(host_at(h, PSP_HANDLES), 20);
	put_far(host_at(h, PSP_TABLE), h->dos.psp, PSP_FILES);
	*host_at(h, PSP_FILES + 7) = 200;
	h->dos.cpu.bx = 7;
	assert_int_equal(host_call(h, 0x3e00), DOS_E_HANDLE);
	/* A buffer that ends behind the memory. */
	h->dos.cpu.ds = 0xffff;
	h->dos.cpu.dx = 0xff00;
	h->dos.cpu.cx = 0xffff;
	h->dos.cpu.bx = 1;
	assert_int_equal(host_call(h, 0x4000), DOS_E_ACCESS);
}

static void standard_streams_are_the_caller_s(void **state)
{
	struct host *h = *state;

	h->input = "ab";
	(void)host_call(h, 0x0100);
	assert_int_equal(h->dos.cpu.al, 'a');
	(void)host_call(h, 0x0800);
	assert_int_equal(h->dos.cpu.al, 'b');
	h->dos.cpu.dx = host_string(h, 0x1000, "text$more");
	(void)host_call(h, 0x0900);
	assert_string_equal(h->output, "atext");
	h->dos.cpu.bx = 1;
	assert_int_equal(host_call(h, 0x4400), 0);
	assert_int_equal(h->dos.cpu.dx & 0x80, 0);
	/* The end of the input ends who asks for more. */
	(void)host_call(h, 0x0100);
	assert_true(h->dos.is_over);
}

static void lines_are_read_from_a_stream(void **state)
{
	struct host *h = *state;

	h->input = "one\r\ntwo\nlong line";
	h->dos.cpu.ds = h->dos.psp;
	h->dos.cpu.dx = BUFFER;
	*host_at(h, BUFFER) = 6;
	(void)host_call(h, 0x0a00);
	assert_memory_equal(host_at(h, BUFFER), "\x06\x03one\r", 6);
	(void)host_call(h, 0x0a00);
	assert_memory_equal(host_at(h, BUFFER), "\x06\x03two\r", 6);
	(void)host_call(h, 0x0a00);
	assert_memory_equal(host_at(h, BUFFER), "\x06\x05long \r", 8);
}

static void vectors_date_and_version(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;

	cpu->ds = 0x1234;
	cpu->dx = 0x5678;
	(void)host_call(h, 0x2560);
	assert_int_equal(get32(h->memory + 4 * 0x60), 0x12345678);
	(void)host_call(h, 0x3560);
	assert_int_equal(cpu->es, 0x1234);
	assert_int_equal(cpu->bx, 0x5678);
	(void)host_call(h, 0x2a00);
	assert_int_equal(cpu->cx, 1997);
	assert_int_equal(cpu->dx, 0x0513);
	assert_int_equal(cpu->al, 1);
	cpu->cx = 1999;
	cpu->dx = 0x021d; /* the 29th of February */
	(void)host_call(h, 0x2b00);
	assert_int_equal(cpu->al, 0xff);
	cpu->cx = 2000;
	(void)host_call(h, 0x2b00);
	assert_int_equal(cpu->al, 0);
	cpu->cx = 0x0c22;
	cpu->dx = 0x0500;
	(void)host_call(h, 0x2d00);
	(void)host_call(h, 0x2a00);
	assert_int_equal(cpu->cx, 2000);
	assert_int_equal(cpu->dx, 0x021d);
	(void)host_call(h, 0x2c00);
	assert_int_equal(cpu->cx, 0x0c22);
	(void)host_call(h, 0x3000);
	assert_int_equal(cpu->ax, 0x1606);
	assert_int_equal(host_call(h, 0x6b00), DOS_E_FUNCTION);
	cpu->flags &= (uint16_t)~FLAG_CARRY;
	assert_int_equal(host_call(h, 0xf000), 0);
	assert_int_equal(cpu->al, 0);
}

/* A parameter block for function 4Bh at 0x3000, all in this program. */
static int exec(struct host *h, const char *name, uint8_t how)
{
	struct cpu *cpu = &h->dos.cpu;
	uint8_t *block = host_at(h, 0x3000);

	memset(block, 0, 22);
	memcpy(host_at(h, 0x3100), "\x03 up\r", 5);
	put_far(block + 2, h->dos.psp, 0x3100);
	put_far(block + 6, h->dos.psp, PSP_FCB1);
	put_far(block + 10, h->dos.psp, PSP_FCB2);
	cpu->es = h->dos.psp;
	cpu->bx = 0x3000;
	cpu->dx = host_string(h, 0x1000, name);
	return host_call(h, (uint16_t)(0x4b00 | how));
}

static void shrink(struct host *h)
{
	h->dos.cpu.es = h->dos.psp;
	h->dos.cpu.bx = 0x1000;
	assert_int_equal(host_call(h, 0x4a00), 0);
}

static void a_child_runs_and_ends(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;
	uint16_t parent = h->dos.psp;

	host_put_file(h, "child.com", "\xc3", 1);
	assert_int_equal(exec(h, "child.com", 0), DOS_E_MEMORY);
	shrink(h);
	cpu->cs = 0x1111;
	cpu->ip = 0x2222;
	cpu->bp = 0x4321;
	assert_int_equal(exec(h, "none.com", 0), DOS_E_FILE);
	assert_int_equal(exec(h, "child.com", 0), 0);
	assert_int_not_equal(h->dos.psp, parent);
	assert_int_equal(cpu->ip, 0x100);
	assert_memory_equal(host_at(h, PSP_TAIL), "\x03 up\r", 5);
	(void)open_file(h, 0x3d00, "test.com", 0);
	cpu->ds = h->dos.psp;
	cpu->dx = 0x123;
	(void)host_call(h, 0x2524); /* is put back */
	(void)host_call(h, 0x4c2a);
	assert_int_equal(h->dos.psp, parent);
	assert_int_equal(cpu->cs, 0x1111);
	assert_int_equal(cpu->ip, 0x2222);
	assert_int_equal(cpu->bp, 0x4321);
	assert_int_equal(get16(h->memory + 4 * 0x24 + 2), SEGMENT_ROM);
	for (unsigned i = 0; i < DOS_FILES; i++)
		assert_int_not_equal(h->dos.files[i].kind, DOS_FILE_DISK);
	assert_int_equal(host_call(h, 0x4d00), 0);
	assert_int_equal(cpu->ax, 0x2a);
	assert_int_equal(host_call(h, 0x4d00), 0);
	assert_int_equal(cpu->ax, 0);
	cpu->bx = 0xffff;
	assert_int_equal(host_call(h, 0x4800), DOS_E_MEMORY);
	assert_true(cpu->bx > 0x8000);
}

static void programs_that_start_programs_end(void **state)
{
	struct host *h = *state;
	int error = 0;
	unsigned depth = 0;

	host_put_file(h, "child.com", "\xc3", 1);
	while (!error && depth < 100) {
		h->dos.cpu.es = h->dos.psp;
		h->dos.cpu.bx = 0x400;
		assert_int_equal(host_call(h, 0x4a00), 0);
		error = exec(h, "child.com", 0);
		depth++;
	}
	assert_int_equal(error, DOS_E_MEMORY);
	while (!h->dos.is_over)
		(void)host_call(h, 0x4c01);
	assert_int_equal(h->dos.exit_code, 1);
}

static void an_exe_is_relocated(void **state)
{
	struct host *h = *state;
	uint8_t exe[512 + 64] = "MZ";
	struct cpu *cpu = &h->dos.cpu;

	put16(exe + 2, sizeof(exe) % 512);
	put16(exe + 4, 2);
	put16(exe + 6, 1);   /* one relocation */
	put16(exe + 8, 32);  /* paragraphs of the header */
	put16(exe + 10, 16); /* stack */
	put16(exe + 12, 16);
	put16(exe + 14, 4); /* ss */
	put16(exe + 16, 0x100);
	put16(exe + 20, 2); /* ip */
	put16(exe + 24, 28);
	put16(exe + 28, 8); /* the word at 0:8 */
	put16(exe + 512 + 8, 0x10);
	host_put_file(h, "p.exe", exe, sizeof(exe));
	shrink(h);
	assert_int_equal(exec(h, "P.EXE", 0), 0);
	assert_int_equal(cpu->cs, h->dos.psp + 0x10);
	assert_int_equal(cpu->ss, h->dos.psp + 0x14);
	assert_int_equal(get16(dos_at(&h->dos, cpu->cs, 8)), h->dos.psp + 0x20);
	assert_int_equal(get16(host_at(h, PSP_TOP)), h->dos.psp + 0x10 + 4 + 16);
	(void)host_call(h, 0x4c00);
	/* Relocations outside of the image, and headers of nothing. */
	put16(exe + 30, 0xfff0);
	host_put_file(h, "p.exe", exe, sizeof(exe));
	assert_int_equal(exec(h, "P.EXE", 0), DOS_E_FORMAT);
	put16(exe + 6, 0xffff);
	host_put_file(h, "p.exe", exe, sizeof(exe));
	assert_int_equal(exec(h, "P.EXE", 0), DOS_E_FORMAT);
	host_put_file(h, "p.exe", exe, 20);
	assert_int_equal(exec(h, "P.EXE", 0), DOS_E_FORMAT);
}

/* Whatever stands in a header, nothing is read or written outside. */
static void damaged_headers_are_refused_or_run(void **state)
{
	struct host *h = *state;
	uint8_t exe[1024];
	unsigned refused = 0;

	shrink(h);
	srand(1);
	for (unsigned i = 0; i < 300; i++) {
		for (unsigned n = 0; n < sizeof(exe); n++)
			exe[n] = (uint8_t)(rand() % 4 ? rand() % 3 : rand());
		memcpy(exe, "MZ", 2);
		host_put_file(h, "p.exe", exe, sizeof(exe));
		if (exec(h, "p.exe", 0))
			refused++;
		else
			(void)host_call(h, 0x4c00);
		assert_false(h->dos.is_over);
	}
	assert_true(refused > 100);
}

static void a_resident_program_stays(void **state)
{
	struct host *h = *state;
	uint16_t child;

	host_put_file(h, "child.com", "\xc3", 1);
	shrink(h);
	assert_int_equal(exec(h, "child.com", 0), 0);
	child = h->dos.psp;
	h->dos.cpu.dx = 0x20;
	(void)host_call(h, 0x3105);
	assert_int_equal(arena_size(&h->dos.arena, child), 0x20);
	assert_int_equal(host_call(h, 0x4d00), 0);
	assert_int_equal(h->dos.cpu.ax, 0x0305);
}

static void fcbs_read_and_write_records(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;
	uint8_t *fcb = host_at(h, 0x1200);
	char data[16];

	memset(fcb, 0, 40);
	memcpy(fcb, "\0REC     DAT", 12);
	cpu->ds = h->dos.psp;
	cpu->dx = 0x1200;
	(void)host_call(h, 0x1600);
	assert_int_equal(cpu->al, 0);
	put16(fcb + 14, 4); /* bytes of a record */
	cpu->dx = BUFFER;
	(void)host_call(h, 0x1a00);
	for (unsigned i = 0; i < 3; i++) {
		memset(host_at(h, BUFFER), 'a' + (int)i, 4);
		cpu->dx = 0x1200;
		(void)host_call(h, 0x1500);
		assert_int_equal(cpu->al, 0);
	}
	assert_int_equal(get32(fcb + 16), 12);
	put32(fcb + 33, 1);
	(void)host_call(h, 0x2100);
	assert_int_equal(cpu->al, 0);
	assert_memory_equal(host_at(h, BUFFER), "bbbb", 4);
	put32(fcb + 33, 1);
	cpu->cx = 5;
	(void)host_call(h, 0x2700);
	assert_int_equal(cpu->al, 1);
	assert_int_equal(cpu->cx, 2);
	assert_memory_equal(host_at(h, BUFFER), "bbbbcccc", 8);
	(void)host_call(h, 0x1000);
	assert_int_equal(cpu->al, 0);
	assert_int_equal(host_get_file(h, "rec.dat", data, sizeof(data)), 12);
	(void)host_call(h, 0x2300);
	assert_int_equal(get16(fcb + 33), 3);
	memcpy(fcb + 1, "R??     *  ", 11);
	memcpy(fcb + 1, "R??     ???", 11);
	(void)host_call(h, 0x1100);
	assert_int_equal(cpu->al, 0);
	assert_memory_equal(host_at(h, BUFFER + 1), "REC     DAT", 11);
	(void)host_call(h, 0x1200);
	assert_int_equal(cpu->al, 0xff);
	memcpy(fcb + 17, "S??     ???", 11);
	(void)host_call(h, 0x1700);
	assert_int_equal(cpu->al, 0);
	assert_int_equal(host_get_file(h, "sec.dat", data, sizeof(data)), 12);
	memcpy(fcb + 1, "S??     ???", 11);
	(void)host_call(h, 0x1300);
	assert_int_equal(cpu->al, 0);
	assert_int_equal(host_get_file(h, "sec.dat", data, sizeof(data)), (size_t)-1);
}

static void names_are_parsed_into_fcbs(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;

	cpu->si = host_string(h, 0x1000, "  c:foo*.t?x rest");
	cpu->es = cpu->ds;
	cpu->di = 0x1200;
	(void)host_call(h, 0x2901);
	assert_int_equal(cpu->al, 1);
	assert_memory_equal(host_at(h, 0x1200),
		"\x03"
		"FOO?????T?X",
		12);
	assert_int_equal(cpu->si, 0x1000 + 12);
	cpu->si = host_string(h, 0x1000, "q:x");
	(void)host_call(h, 0x2900);
	assert_int_equal(cpu->al, 0xff);
}

static void locks_keep_others_out(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;
	uint16_t handle = open_file(h, 0x3d02, "test.com", 0);

	cpu->bx = handle;
	cpu->cx = cpu->si = 0;
	cpu->dx = 0;
	cpu->di = 10;
	assert_int_equal(host_call(h, 0x5c00), 0);
	cpu->dx = 9;
	assert_int_equal(host_call(h, 0x5c00), DOS_E_LOCK);
	cpu->dx = 10;
	assert_int_equal(host_call(h, 0x5c00), 0);
	cpu->dx = 5;
	assert_int_equal(host_call(h, 0x5c01), DOS_E_LOCK);
	cpu->dx = 0;
	assert_int_equal(host_call(h, 0x5c01), 0);
}

static void a_terminal_is_the_console(void **state)
{
	struct host *h = host_begin_terminal("ab\033[A\r\x03");
	struct cpu *cpu = &h->dos.cpu;

	(void)state;
	host_load(h);
	cpu->bx = 0;
	assert_int_equal(host_call(h, 0x4400), 0);
	assert_int_equal(cpu->dx & 0x81, 0x81);
	cpu->ds = h->dos.psp;
	cpu->dx = 0xff;
	(void)host_call(h, 0x0600);
	assert_int_equal(cpu->al, 'a');
	(void)host_call(h, 0x0700);
	assert_int_equal(cpu->al, 'b');
	(void)host_call(h, 0x0700);
	assert_int_equal(cpu->al, 0);
	(void)host_call(h, 0x0700);
	assert_int_equal(cpu->al, 0x48);
	cpu->ah = 0;
	dos_interrupt(&h->dos, 0x16);
	assert_int_equal(cpu->ax, 0x1c0d);
	(void)host_call(h, 0x0b00); /* sees Ctrl-C, and nobody has hooked it */
	assert_true(h->dos.is_over);
	assert_int_equal(h->dos.end, DOS_END_BREAK);
	assert_string_equal(h->output, "^C\r\n");
	host_end(h);
}

static void a_line_is_edited(void **state)
{
	struct host *h = host_begin_terminal("ax\bbc\rrest\r");
	char line[8];

	(void)state;
	host_load(h);
	assert_int_equal(transfer(h, 0x3f00, 0, 100), 5);
	memcpy(line, host_at(h, BUFFER), 5);
	assert_memory_equal(line, "abc\r\n", 5);
	assert_int_equal(transfer(h, 0x3f00, 0, 2), 2);
	assert_int_equal(transfer(h, 0x3f00, 0, 100), 4);
	assert_memory_equal(host_at(h, BUFFER), "st\r\n", 4);
	host_end(h);
}

static void a_break_handler_goes_on(void **state)
{
	struct host *h = host_begin_terminal("\x03");
	struct cpu *cpu = &h->dos.cpu;

	(void)state;
	host_load(h);
	put_far(h->memory + 4 * 0x23, 0x3000, 0x10);
	cpu->dx = 'x';
	uint16_t ip = cpu->ip, sp = cpu->sp;

	(void)host_call(h, 0x0200);
	assert_int_equal(cpu->cs, 0x3000);
	assert_int_equal(cpu->ip, 0x10);
	assert_int_equal(cpu->ax, 0x0200);
	/* IRET: to the ROM, which makes the call again and returns to its caller. */
	assert_int_equal(dos_pop(&h->dos), ROM_AGAIN);
	assert_int_equal(dos_pop(&h->dos), SEGMENT_ROM);
	(void)dos_pop(&h->dos);
	assert_int_equal(dos_pop(&h->dos), ip);
	assert_int_equal(cpu->sp, (uint16_t)(sp - 4));
	host_end(h);
}

static void waiting_for_a_key_is_idle(void **state)
{
	struct host *h = host_begin_terminal("");
	struct cpu *cpu = &h->dos.cpu;

	(void)state;
	host_load(h);
	for (unsigned i = 0; i < 100; i++) {
		cpu->ah = 1;
		dos_interrupt(&h->dos, 0x16);
		assert_true(cpu->flags & FLAG_ZERO);
	}
	assert_true(h->idles > 50);
	host_end(h);
}

static void placed_text_makes_a_screen(void **state)
{
	struct host *h = host_begin_terminal("");
	struct cpu *cpu = &h->dos.cpu;

	(void)state;
	host_load(h);
	cpu->ax = 0x0e41;
	dos_interrupt(&h->dos, 0x10);
	assert_string_equal(h->output, "A");
	cpu->ah = 2;
	cpu->dx = 0x0305;
	dos_interrupt(&h->dos, 0x10);
	cpu->ah = 9;
	cpu->al = 0xb0;
	cpu->bx = 0x1f;
	cpu->cx = 2;
	dos_interrupt(&h->dos, 0x10);
	dos_interrupt(&h->dos, 0x28);
	assert_non_null(strstr(h->output, "\033[4;6H\033[0;97;44m\xe2\x96\x91\xe2\x96\x91"));
	assert_int_equal(h->memory[0xb8000 + 2 * (3 * 80 + 5)], 0xb0);
	host_end(h);
}

static int reads_that_fail;
static int (*real_read)(
	void *context, int file, uint32_t offset, void *to, uint32_t n, uint32_t *done);

static int failing_read(
	void *context, int file, uint32_t offset, void *to, uint32_t n, uint32_t *done)
{
	if (reads_that_fail-- > 0)
		return DOS_E_GENERAL;
	return real_read(context, file, offset, to, n, done);
}

/* A read of `handle` that fails enters the handler at 1234:5678, which answers `al` by an IRET. */
static void answer_critical(struct host *h, uint16_t handle, uint8_t al)
{
	struct cpu *cpu = &h->dos.cpu;
	uint16_t ip = cpu->ip, sp = cpu->sp;

	cpu->bx = handle;
	cpu->cx = 4;
	cpu->dx = BUFFER;
	cpu->ds = h->dos.psp;
	(void)host_call(h, 0x3f00);
	assert_int_equal(cpu->cs, 0x1234);
	assert_int_equal(cpu->ip, 0x5678);
	assert_int_equal(cpu->ah & 0x80, 0);
	assert_int_equal(cpu->ah & 0x38, 0x18);
	assert_int_equal(cpu->di & 0xff, 12);
	assert_int_equal(get16(dos_at(&h->dos, cpu->bp, (uint16_t)(cpu->si + 4))) & 0x8000, 0);
	/* Above the frame of INT 24h: ax of the call at first, its frame in the end. */
	assert_int_equal(get16(dos_at(&h->dos, cpu->ss, (uint16_t)(cpu->sp + 6))), 0x3f00);
	assert_int_equal(get16(dos_at(&h->dos, cpu->ss, (uint16_t)(cpu->sp + 24))), ip);
	assert_int_equal((uint16_t)(cpu->sp + 30), sp);
	cpu->al = al;
	cpu->ip = get16(dos_at(&h->dos, cpu->ss, cpu->sp));
	cpu->cs = get16(dos_at(&h->dos, cpu->ss, (uint16_t)(cpu->sp + 2)));
	cpu->sp = (uint16_t)(cpu->sp + 6);
	assert_int_equal(cpu->ip, ROM_CRITICAL);
	assert_int_equal(cpu->cs, SEGMENT_ROM);
	dos_entry(&h->dos, ROM_ENTRY_CRITICAL);
	if (!h->dos.is_over) {
		assert_int_equal(cpu->ip, ip);
		assert_int_equal(cpu->sp, sp);
	}
}

static void critical_errors_are_the_handler_s(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;
	uint16_t handle = open_file(h, 0x3c00, "A.TXT", 0);

	assert_int_equal(transfer(h, 0x4000, handle, 4), 4);
	cpu->bx = handle;
	cpu->cx = cpu->dx = 0;
	assert_int_equal(host_call(h, 0x4200), 0);
	real_read = h->dos.world->read;
	h->dos.world->read = failing_read;
	/* Without a handler it fails. */
	reads_that_fail = 1;
	cpu->bx = handle;
	cpu->cx = 4;
	assert_int_equal(host_call(h, 0x3f00), 5);
	put_far(h->memory + 4 * 0x24, 0x1234, 0x5678);
	reads_that_fail = 1;
	answer_critical(h, handle, 3);
	assert_true(cpu->flags & FLAG_CARRY);
	assert_int_equal(cpu->ax, 5);
	(void)host_call(h, 0x5900);
	assert_int_equal(cpu->ax, DOS_E_FAIL_24);
	reads_that_fail = 1;
	answer_critical(h, handle, 1);
	assert_false(cpu->flags & FLAG_CARRY);
	assert_int_equal(cpu->ax, 4);
	reads_that_fail = 1;
	answer_critical(h, handle, 2);
	assert_true(h->dos.is_over);
	assert_int_equal(h->dos.end, DOS_END_ERROR);
	h->dos.world->read = real_read;
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(a_program_starts),
		CASE(files_are_made_written_and_read),
		CASE(opening_fails_as_it_should),
		CASE(a_file_written_must_be_writable),
		CASE(directories_are_made_entered_and_removed),
		CASE(renaming_moves),
		CASE(searches_find),
		CASE(two_names_that_differ_in_case_are_two_files),
		CASE(handles_are_duplicated),
		CASE(a_table_of_handles_may_point_anywhere),
		CASE(standard_streams_are_the_caller_s),
		CASE(lines_are_read_from_a_stream),
		CASE(vectors_date_and_version),
		CASE(a_child_runs_and_ends),
		CASE(programs_that_start_programs_end),
		CASE(an_exe_is_relocated),
		CASE(damaged_headers_are_refused_or_run),
		CASE(a_resident_program_stays),
		CASE(fcbs_read_and_write_records),
		CASE(names_are_parsed_into_fcbs),
		CASE(locks_keep_others_out),
		CASE(critical_errors_are_the_handler_s),
		cmocka_unit_test(a_terminal_is_the_console),
		cmocka_unit_test(a_line_is_edited),
		cmocka_unit_test(a_break_handler_goes_on),
		cmocka_unit_test(waiting_for_a_key_is_idle),
		cmocka_unit_test(placed_text_makes_a_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
