/* The ELF parser: what it makes of good images, and that bad ones are refused, with the reason. */
#include "test.h"

#include <stdlib.h>

#include <masix/elf.h>
#include <masix/error.h>

#include "image.h"

static struct image image;
static struct masix_elf elf;
static const char *why;

static int parse(void)
{
	return masix_elf_parse(&image, 4096, sizeof image, &elf, &why);
}

static void refused(const char *reason)
{
	assert_int_equal(parse(), MASIX_E_BAD_FORMAT);
	assert_string_equal(why, reason);
	image_make(&image);
}

static int setup(void **state)
{
	(void)state;
	image_make(&image);
	return 0;
}

static void a_static_program(void **state)
{
	(void)state;
	assert_int_equal(parse(), 0);
	assert_int_equal(elf.is_dynamic, 0);
	assert_int_equal(elf.entry, IMAGE_BASE + 0x400);
	assert_int_equal(elf.low, IMAGE_BASE);
	assert_int_equal(elf.high, IMAGE_BASE + 8192 + 20480);
	assert_int_equal(elf.headers_address, IMAGE_BASE + sizeof(Elf32_Ehdr));
	assert_int_equal(elf.header_count, 4);
	assert_int_equal(elf.segment_count, 2);
	assert_int_equal(elf.segments[0].protection, 5);
	assert_int_equal(elf.segments[1].protection, 3);
	assert_int_equal(elf.segments[1].file_offset, 8192);
	assert_int_equal(elf.segments[1].memory_size, 20000);
	assert_int_equal(elf.executable_stack, 0);
	assert_int_equal(elf.interpreter_size, 0);
	assert_int_equal(elf.note_count, 1);
	assert_int_equal(elf.notes[0].address, IMAGE_BASE + IMAGE_NOTE);
}

static void an_interpreter(void **state)
{
	(void)state;
	image.header.e_type = ET_DYN;
	image.programs[2].p_type = PT_INTERP;
	image.programs[2].p_filesz = 19;
	image.programs[3].p_flags |= PF_X;
	assert_int_equal(parse(), 0);
	assert_int_equal(elf.is_dynamic, 1);
	assert_int_equal(elf.interpreter_offset, IMAGE_NOTE);
	assert_int_equal(elf.interpreter_size, 19);
	assert_int_equal(elf.executable_stack, 1);
}

static void wrong_headers(void **state)
{
	(void)state;
	image.header.e_ident[0] = 0;
	refused("not an ELF file");
	image.header.e_ident[EI_CLASS] = ELFCLASS64;
	refused("not for this machine");
	image.header.e_machine = EM_X86_64;
	refused("not for this machine");
	image.header.e_type = ET_REL;
	refused("not an executable");
	image.header.e_phentsize = 31;
	refused("odd program headers");
	image.header.e_phnum = 0;
	refused("odd program headers");
	image.header.e_phnum = 65535;
	refused("odd program headers");
	image.header.e_phoff = 0xfffffff0;
	refused("program headers beyond the first page");
	image.header.e_phoff = 4096 - 4 * sizeof(Elf32_Phdr) + 1;
	refused("program headers beyond the first page");
	image.header.e_entry = IMAGE_BASE + 8192;
	refused("entry point outside the code");
}

static void wrong_segments(void **state)
{
	(void)state;
	image.programs[0].p_filesz = 8193;
	refused("segment larger in the file than in memory");
	image.programs[1].p_filesz = 4097;
	refused("segment beyond the end of the file");
	image.programs[1].p_offset = 0xfffff000;
	refused("segment beyond the end of the file");
	image.programs[1].p_vaddr = 0xc0000000;
	refused("segment outside user memory");
	image.programs[1].p_memsz = 0xffffffff;
	refused("segment outside user memory");
	image.programs[1].p_vaddr += 1;
	refused("segment not congruent with its pages");
	image.programs[1].p_vaddr = IMAGE_BASE + 4096;
	refused("segments overlap or are not in order");
	image.programs[0].p_memsz = image.programs[1].p_memsz = 0;
	refused("nothing to load");
	image.programs[2].p_type = PT_INTERP;
	image.programs[2].p_filesz = 1;
	refused("odd interpreter");
	image.programs[2].p_type = image.programs[3].p_type = PT_INTERP;
	image.programs[3].p_filesz = 8;
	refused("two interpreters");
}

static void stray_notes_are_ignored(void **state)
{
	(void)state;
	image.programs[2].p_vaddr = 0xfffffff0;
	assert_int_equal(parse(), 0);
	assert_int_equal(elf.note_count, 0);
	image.programs[2].p_vaddr = IMAGE_BASE + 8192 + 4000;
	assert_int_equal(parse(), 0);
	assert_int_equal(elf.note_count, 0);
}

/* Exactly as many bytes as are promised: the address sanitizer watches. */
static void truncated(void **state)
{
	size_t size;

	(void)state;
	for (size = 0; size < 300; size++) {
		void *copy = malloc(size + 1);

		memcpy(copy, &image, size);
		if (size < sizeof(Elf32_Ehdr) + 4 * sizeof(Elf32_Phdr))
			assert_int_not_equal(
				masix_elf_parse(copy, size, sizeof image, &elf, &why), 0);
		else
			assert_int_equal(masix_elf_parse(copy, size, sizeof image, &elf, &why), 0);
		free(copy);
	}
	assert_int_not_equal(masix_elf_parse(&image, 4096, 12287, &elf, &why), 0);
}

/* Whatever is accepted keeps its promises. */
static void random_damage(void **state)
{
	unsigned round, accepted = 0, i;

	(void)state;
	srandom(1);
	for (round = 0; round < 100000; round++) {
		uint8_t *bytes = (uint8_t *)&image;

		image_make(&image);
		for (i = 0; i < 1 + (unsigned)random() % 3; i++)
			bytes[(unsigned)random() % 180] = (uint8_t)random();
		if (parse() != 0) {
			assert_int_not_equal(why[0], 0);
			continue;
		}
		accepted++;
		for (i = 0; i < elf.segment_count; i++) {
			const struct masix_elf_segment *segment = &elf.segments[i];

			assert_true(
				(uint64_t)segment->file_offset + segment->file_size <= IMAGE_SIZE);
			assert_true(segment->file_size <= segment->memory_size);
			assert_true(
				(uint64_t)segment->address + segment->memory_size <= 0xc0000000);
			assert_true(segment->address >= elf.low);
			assert_true(segment->address + segment->memory_size <= elf.high);
		}
	}
	assert_true(accepted > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_static_program, setup),
		cmocka_unit_test_setup(an_interpreter, setup),
		cmocka_unit_test_setup(wrong_headers, setup),
		cmocka_unit_test_setup(wrong_segments, setup),
		cmocka_unit_test_setup(stray_notes_are_ignored, setup),
		cmocka_unit_test_setup(truncated, setup),
		cmocka_unit_test_setup(random_damage, setup),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
