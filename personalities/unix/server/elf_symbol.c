#include "elf_symbol.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

struct image {
	const char *bytes;
	size_t size;
};

/* `count` things of `size` bytes at `offset`, if they lie inside the image, and aligned. */
static const void *inside(const struct image *image, size_t offset, size_t count, size_t size)
{
	if ((size > 1 && offset % sizeof(uint32_t) != 0) || offset > image->size ||
		(image->size - offset) / size < count)
		return NULL;
	return image->bytes + offset;
}

static bool matches(const struct image *image, const Elf32_Sym *symbol, const Elf32_Shdr *strings,
	const char *name, uint32_t size)
{
	size_t length = strlen(name) + 1;

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_size != size ||
		symbol->st_name >= strings->sh_size)
		return false;
	if (strings->sh_size - symbol->st_name < length)
		return false;
	const char *found = inside(image, (size_t)strings->sh_offset + symbol->st_name, length, 1);

	return found != NULL && memcmp(found, name, length) == 0;
}

uint32_t elf_symbol(const void *bytes, size_t image_size, const char *name, uint32_t size)
{
	const struct image image = { bytes, image_size };
	const Elf32_Ehdr *header = inside(&image, 0, 1, sizeof(*header));

	if (header == NULL || header->e_shentsize != sizeof(Elf32_Shdr))
		return 0;
	const Elf32_Shdr *sections =
		inside(&image, header->e_shoff, header->e_shnum, sizeof(*sections));

	for (unsigned i = 0; sections != NULL && i < header->e_shnum; i++) {
		const Elf32_Shdr *table = &sections[i];
		size_t count = table->sh_size / sizeof(Elf32_Sym);

		if (table->sh_type != SHT_DYNSYM || table->sh_link >= header->e_shnum)
			continue;
		const Elf32_Sym *symbols =
			inside(&image, table->sh_offset, count, sizeof(*symbols));

		for (size_t n = 0; symbols != NULL && n < count; n++)
			if (matches(&image, &symbols[n], &sections[table->sh_link], name, size))
				return symbols[n].st_value;
	}
	return 0;
}
