/* A server's image file. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

#define PAGE 4096

void image_load(struct image *image, const char *path)
{
	struct masix_elf elf;
	struct masix_image_file reader;
	uint32_t address, offset;
	const char *why;

	image->file = file_read(path);
	if (masix_elf_parse(image->file.bytes, image->file.size, image->file.size, &elf, &why) != 0)
		die("%s: %s", path, why);
	if (elf.is_dynamic || elf.interpreter_size != 0)
		die("%s: a server is a static program", path);
	reader = (struct masix_image_file){ &elf, image->file.bytes, image->file.size };
	if (masix_measure_image(
		    &elf, masix_image_file_read, &reader, image->hash, &address, &why) != 0)
		die("%s: %s", path, why);
	offset = masix_image_file_offset(&elf, address);
	if (offset == 0 || offset > image->file.size ||
		image->file.size - offset < sizeof *image->identity)
		die("%s: its identity is not in the file", path);
	image->identity = (struct masix_identity *)(image->file.bytes + offset);
}

void image_write_data(const char *path, uint32_t address, const void *bytes, size_t size)
{
	uint8_t *file = calloc(1, PAGE + size);
	Elf32_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_entry = address,
		.e_phoff = sizeof header,
		.e_ehsize = sizeof header,
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf32_Shdr),
	};
	Elf32_Phdr segment = {
		.p_type = PT_LOAD,
		.p_offset = PAGE,
		.p_vaddr = address,
		.p_paddr = address,
		.p_filesz = size,
		.p_memsz = size,
		.p_flags = PF_R,
		.p_align = PAGE,
	};

	if (file == NULL)
		die("%s: out of memory", path);
	memcpy(file, &header, sizeof header);
	memcpy(file + sizeof header, &segment, sizeof segment);
	memcpy(file + PAGE, bytes, size);
	file_write(path, file, PAGE + size, 0644);
	free(file);
}
