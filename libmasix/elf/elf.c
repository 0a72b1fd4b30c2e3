#include <masix/elf.h>

#include <elf.h>
#include <string.h>

#include <masix/error.h>

#define PAGE 4096u
#define USER_TOP 0xc0000000u
#define INTERPRETER_MAX 4096u
#define HEADERS_MAX 64 /* program headers looked at */

static int bad(const char **why, const char *text)
{
	*why = text;
	return MASIX_E_BAD_FORMAT;
}

static int check_header(const Elf32_Ehdr *header, const char **why)
{
	const unsigned char *ident = header->e_ident;

	if (memcmp(ident, ELFMAG, SELFMAG) != 0)
		return bad(why, "not an ELF file");
	if (ident[EI_CLASS] != ELFCLASS32 || ident[EI_DATA] != ELFDATA2LSB ||
		header->e_machine != EM_386)
		return bad(why, "not for this machine");
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return bad(why, "not an executable");
	if (header->e_phentsize != sizeof(Elf32_Phdr) || header->e_phnum == 0 ||
		header->e_phnum > HEADERS_MAX)
		return bad(why, "odd program headers");
	return 0;
}

static int protection_of(uint32_t flags)
{
	return (flags & PF_R ? 1 : 0) | (flags & PF_W ? 2 : 0) | (flags & PF_X ? 4 : 0);
}

static int add_segment(
	struct masix_elf *elf, const Elf32_Phdr *header, uint64_t file_size, const char **why)
{
	struct masix_elf_segment *segment = &elf->segments[elf->segment_count];
	const struct masix_elf_segment *previous = segment - 1;

	if (header->p_memsz == 0)
		return 0;
	if (elf->segment_count == MASIX_ELF_SEGMENTS)
		return bad(why, "too many segments");
	if (header->p_filesz > header->p_memsz)
		return bad(why, "segment larger in the file than in memory");
	if ((uint64_t)header->p_offset + header->p_filesz > file_size)
		return bad(why, "segment beyond the end of the file");
	if (header->p_vaddr >= USER_TOP || header->p_memsz > USER_TOP - header->p_vaddr)
		return bad(why, "segment outside user memory");
	if (header->p_vaddr % PAGE != header->p_offset % PAGE)
		return bad(why, "segment not congruent with its pages");
	if (elf->segment_count > 0 && header->p_vaddr < previous->address + previous->memory_size)
		return bad(why, "segments overlap or are not in order");
	*segment = (struct masix_elf_segment){
		.address = header->p_vaddr,
		.file_offset = header->p_offset,
		.file_size = header->p_filesz,
		.memory_size = header->p_memsz,
		.protection = protection_of(header->p_flags),
	};
	elf->segment_count++;
	return 0;
}

/* Which notes an image has matters to whoever looks for one; nobody refuses an image for them. */
static void add_note(struct masix_elf *elf, const Elf32_Phdr *header)
{
	if (elf->note_count == MASIX_ELF_NOTES)
		return;
	elf->notes[elf->note_count].address = header->p_vaddr;
	elf->notes[elf->note_count].size = header->p_filesz;
	elf->note_count++;
}

static int set_interpreter(
	struct masix_elf *elf, const Elf32_Phdr *header, uint64_t file_size, const char **why)
{
	if (elf->interpreter_size != 0)
		return bad(why, "two interpreters");
	if (header->p_filesz < 2 || header->p_filesz > INTERPRETER_MAX ||
		(uint64_t)header->p_offset + header->p_filesz > file_size)
		return bad(why, "odd interpreter");
	elf->interpreter_offset = header->p_offset;
	elf->interpreter_size = header->p_filesz;
	return 0;
}

/* Is [address, address + size) inside the file bytes of one segment? */
static int in_file_bytes(const struct masix_elf *elf, uint32_t address, uint32_t size)
{
	unsigned i;

	for (i = 0; i < elf->segment_count; i++) {
		const struct masix_elf_segment *segment = &elf->segments[i];

		if (address >= segment->address &&
			address - segment->address <= segment->file_size &&
			size <= segment->file_size - (address - segment->address))
			return 1;
	}
	return 0;
}

/* Where the program headers are once the image is loaded. */
static uint32_t find_headers(const struct masix_elf *elf, const Elf32_Ehdr *header)
{
	uint32_t size = header->e_phnum * (uint32_t)sizeof(Elf32_Phdr);
	unsigned i;

	for (i = 0; i < elf->segment_count; i++) {
		const struct masix_elf_segment *segment = &elf->segments[i];

		if (header->e_phoff >= segment->file_offset &&
			header->e_phoff - segment->file_offset <= segment->file_size &&
			size <= segment->file_size - (header->e_phoff - segment->file_offset))
			return segment->address + (header->e_phoff - segment->file_offset);
	}
	return 0;
}

static int check_whole(struct masix_elf *elf, const char **why)
{
	const struct masix_elf_segment *last;
	unsigned i;

	if (elf->segment_count == 0)
		return bad(why, "nothing to load");
	last = &elf->segments[elf->segment_count - 1];
	elf->low = elf->segments[0].address & ~(PAGE - 1);
	elf->high = (last->address + last->memory_size + PAGE - 1) & ~(PAGE - 1);
	for (i = 0; i < elf->segment_count; i++) {
		const struct masix_elf_segment *segment = &elf->segments[i];

		if (segment->protection & 4 && elf->entry >= segment->address &&
			elf->entry - segment->address < segment->memory_size)
			break;
	}
	if (i == elf->segment_count)
		return bad(why, "entry point outside the code");
	return 0;
}

/* Only notes that are loaded count. */
static void drop_stray_notes(struct masix_elf *elf)
{
	unsigned i, kept = 0;

	for (i = 0; i < elf->note_count; i++)
		if (in_file_bytes(elf, elf->notes[i].address, elf->notes[i].size))
			elf->notes[kept++] = elf->notes[i];
	elf->note_count = kept;
}

int masix_elf_parse(
	const void *image, size_t size, uint64_t file_size, struct masix_elf *elf, const char **why)
{
	Elf32_Ehdr header;
	unsigned i;
	int result;

	*why = "";
	memset(elf, 0, sizeof *elf);
	if (size < sizeof header || file_size < sizeof header)
		return bad(why, "shorter than an ELF header");
	memcpy(&header, image, sizeof header);
	result = check_header(&header, why);
	if (result != 0)
		return result;
	if (header.e_phoff > size || header.e_phnum * sizeof(Elf32_Phdr) > size - header.e_phoff)
		return bad(why, "program headers beyond the first page");

	elf->is_dynamic = header.e_type == ET_DYN;
	elf->entry = header.e_entry;
	elf->header_count = header.e_phnum;
	/* Linux gives an executable stack to old images that do not say what they want; nobody here
	 * needs that. */
	for (i = 0; i < header.e_phnum && result == 0; i++) {
		Elf32_Phdr program;

		memcpy(&program, (const char *)image + header.e_phoff + i * sizeof program,
			sizeof program);
		switch (program.p_type) {
		case PT_LOAD:
			result = add_segment(elf, &program, file_size, why);
			break;
		case PT_NOTE:
			add_note(elf, &program);
			break;
		case PT_INTERP:
			result = set_interpreter(elf, &program, file_size, why);
			break;
		case PT_GNU_STACK:
			elf->executable_stack = (program.p_flags & PF_X) != 0;
			break;
		default:
			break;
		}
	}
	if (result == 0)
		result = check_whole(elf, why);
	if (result == 0) {
		drop_stray_notes(elf);
		elf->headers_address = find_headers(elf, &header);
	}
	return result;
}
