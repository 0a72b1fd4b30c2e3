/* Unit tests of elf_symbol.c, on an image made here. */
#include "elf_symbol.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

struct image {
	Elf32_Ehdr header;
	Elf32_Shdr sections[3];
	Elf32_Sym symbols[3];
	char strings[24];
};

static struct image make(void)
{
	struct image i = { 0 };

	i.header.e_shoff = offsetof(struct image, sections);
	i.header.e_shnum = 3;
	i.header.e_shentsize = sizeof(Elf32_Shdr);
	i.sections[1] = (Elf32_Shdr){ .sh_type = SHT_DYNSYM,
		.sh_link = 2,
		.sh_offset = offsetof(struct image, symbols),
		.sh_size = sizeof(i.symbols) };
	i.sections[2] = (Elf32_Shdr){ .sh_type = SHT_STRTAB,
		.sh_offset = offsetof(struct image, strings),
		.sh_size = sizeof(i.strings) };
	memcpy(i.strings, "\0wanted\0undefined", 18);
	i.symbols[1] =
		(Elf32_Sym){ .st_name = 1, .st_value = 0x1234, .st_size = 16, .st_shndx = 5 };
	i.symbols[2] = (Elf32_Sym){ .st_name = 8, .st_value = 0x99, .st_size = 16 };
	return i;
}

static void test_find(void **state)
{
	struct image i = make();

	(void)state;
	assert_int_equal(elf_symbol(&i, sizeof(i), "wanted", 16), 0x1234);
	assert_int_equal(elf_symbol(&i, sizeof(i), "wanted", 17), 0);
	assert_int_equal(elf_symbol(&i, sizeof(i), "want", 16), 0);
	assert_int_equal(elf_symbol(&i, sizeof(i), "undefined", 16), 0);
}

/* Any damage gives an answer, at the worst none; the sanitizer watches the bounds. */
static void test_damage(void **state)
{
	struct image good = make();

	(void)state;
	for (size_t size = 0; size < sizeof(good); size++) {
		void *cut = malloc(size > 0 ? size : 1);

		memcpy(cut, &good, size);
		elf_symbol(cut, size, "wanted", 16);
		free(cut);
	}
	for (size_t at = 0; at < sizeof(good); at++) {
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			struct image bad = good;

			((unsigned char *)&bad)[at] ^= flip;
			elf_symbol(&bad, sizeof(bad), "wanted", 16);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_find),
		cmocka_unit_test(test_damage) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
