/* A small ELF image to make and to spoil. */
#ifndef LIBMASIX_IMAGE_H
#define LIBMASIX_IMAGE_H

#include <elf.h>
#include <stdint.h>
#include <string.h>

#include <masix/identity.h>

#define IMAGE_SIZE 12288u
#define IMAGE_BASE 0x08048000u
#define IMAGE_NOTE 0x200u /* offset of the note */
#define IMAGE_IDENTITY (IMAGE_NOTE + 12 + 8)

struct image {
	Elf32_Ehdr header;
	Elf32_Phdr programs[4]; /* text, data, note, stack */
	uint8_t rest[IMAGE_SIZE - sizeof(Elf32_Ehdr) - 4 * sizeof(Elf32_Phdr)];
};
_Static_assert(sizeof(struct image) == IMAGE_SIZE, "image");

static inline void image_make(struct image *image)
{
	uint32_t note[3] = { 6, sizeof(struct masix_identity), MASIX_IDENTITY_NOTE };
	uint8_t *bytes = (uint8_t *)image;

	memset(image, 0x5a, sizeof *image);
	image->header = (Elf32_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_entry = IMAGE_BASE + 0x400,
		.e_phoff = sizeof(Elf32_Ehdr),
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 4,
	};
	image->programs[0] = (Elf32_Phdr){
		.p_type = PT_LOAD,
		.p_offset = 0,
		.p_vaddr = IMAGE_BASE,
		.p_filesz = 8192,
		.p_memsz = 8192,
		.p_flags = PF_R | PF_X,
	};
	image->programs[1] = (Elf32_Phdr){
		.p_type = PT_LOAD,
		.p_offset = 8192,
		.p_vaddr = IMAGE_BASE + 8192,
		.p_filesz = 4096,
		.p_memsz = 20000,
		.p_flags = PF_R | PF_W,
	};
	image->programs[2] = (Elf32_Phdr){
		.p_type = PT_NOTE,
		.p_offset = IMAGE_NOTE,
		.p_vaddr = IMAGE_BASE + IMAGE_NOTE,
		.p_filesz = 12 + 8 + sizeof(struct masix_identity),
		.p_flags = PF_R,
	};
	image->programs[3] = (Elf32_Phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W };
	memcpy(bytes + IMAGE_NOTE, note, sizeof note);
	memcpy(bytes + IMAGE_NOTE + 12, "Masix\0\0", 8);
	memset(bytes + IMAGE_IDENTITY, 0, sizeof(struct masix_identity));
	memcpy(bytes + IMAGE_IDENTITY, MASIX_IDENTITY_MAGIC, sizeof MASIX_IDENTITY_MAGIC);
}

#endif
