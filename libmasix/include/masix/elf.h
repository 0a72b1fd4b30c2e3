/* Loading of ELF32 i386 images: a pure parser (bounded, no allocation, compiled on the host
 * too) apart from the mapping. */
#ifndef MASIX_ELF_H
#define MASIX_ELF_H

#include <stddef.h>
#include <stdint.h>

#define MASIX_ELF_SEGMENTS 16
#define MASIX_ELF_NOTES 8

struct masix_elf_segment {
	uint32_t address; /* as linked, not rounded */
	uint32_t file_offset;
	uint32_t file_size;
	uint32_t memory_size;
	int protection; /* VM_PROT_* = PROT_* bits 1 read 2 write 4 execute */
};

struct masix_elf {
	int is_dynamic; /* ET_DYN: wants a load bias */
	uint32_t entry;
	uint32_t low, high;	  /* page-rounded extent of all segments */
	uint32_t headers_address; /* where the program headers lie in memory (AT_PHDR), or 0 */
	uint16_t header_count;
	unsigned segment_count;
	struct masix_elf_segment segments[MASIX_ELF_SEGMENTS];
	int executable_stack;
	uint32_t interpreter_offset; /* of the path in the file; size 0 = none */
	uint32_t interpreter_size;
	unsigned note_count; /* PT_NOTE, each inside the file bytes of a segment */
	struct masix_elf_note {
		uint32_t address;
		uint32_t size;
	} notes[MASIX_ELF_NOTES];
};

/* Parse the first `size` bytes of a file of `file_size` bytes (headers must lie within
 * the first page or `size`).  Returns 0, or MASIX_E_BAD_FORMAT with *why set to a static text. */
int masix_elf_parse(const void *image, size_t size, uint64_t file_size, struct masix_elf *elf,
	const char **why) __attribute__((warn_unused_result));

#endif
