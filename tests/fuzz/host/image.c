/* Images: the headers of any file, and the measure of what they say. */
#include <masix/elf.h>
#include <masix/identity.h>

#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct masix_elf elf;
	struct masix_image_file file = { &elf, data, size };
	uint8_t hash[MASIX_HASH_SIZE];
	const char *why = NULL;
	uint32_t identity;

	if (masix_elf_parse(data, size, size, &elf, &why) != 0) {
		REQUIRE(why != NULL);
		return 0;
	}
	REQUIRE(elf.segment_count <= MASIX_ELF_SEGMENTS && elf.note_count <= MASIX_ELF_NOTES);
	for (unsigned i = 0; i < elf.segment_count; i++) {
		const struct masix_elf_segment *segment = &elf.segments[i];

		REQUIRE(segment->file_size <= segment->memory_size);
		REQUIRE((uint64_t)segment->file_offset + segment->file_size <= size);
		REQUIRE((uint64_t)segment->address + segment->memory_size <= UINT32_MAX);
	}
	if (masix_measure_image(&elf, masix_image_file_read, &file, hash, &identity, &why) == 0)
		(void)masix_image_file_offset(&elf, identity);
	else
		REQUIRE(why != NULL);
	return 0;
}
