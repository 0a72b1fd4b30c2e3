/* The measure of an image. */
#include <masix/identity.h>

#include <sodium/crypto_generichash.h>
#include <string.h>

#include <masix/error.h>

#define NOTE_BYTES_MAX 4096u

struct note_header {
	uint32_t owner_size;
	uint32_t size;
	uint32_t type;
};

static uint32_t word_up(uint32_t size)
{
	return (size + 3) & ~3u;
}

static int bad(const char **why, const char *text)
{
	*why = text;
	return MASIX_E_BAD_FORMAT;
}

/* Look for the identity in one PT_NOTE; *address is set when it is there. */
static int search_notes(
	const uint8_t *notes, uint32_t size, uint32_t start, uint32_t *address, const char **why)
{
	uint32_t at = 0;

	while (size - at >= sizeof(struct note_header)) {
		struct note_header note;
		uint32_t left = size - at - (uint32_t)sizeof note;

		memcpy(&note, notes + at, sizeof note);
		at += sizeof note;
		if (note.owner_size > left || word_up(note.owner_size) > left)
			return bad(why, "malformed note");
		left -= word_up(note.owner_size);
		if (note.size > left)
			return bad(why, "malformed note");
		if (note.type == MASIX_IDENTITY_NOTE &&
			note.owner_size == sizeof MASIX_IDENTITY_OWNER &&
			memcmp(notes + at, MASIX_IDENTITY_OWNER, note.owner_size) == 0) {
			const uint8_t *contents = notes + at + word_up(note.owner_size);

			if (*address != 0)
				return bad(why, "two identities");
			if (note.size != sizeof(struct masix_identity) ||
				memcmp(contents, MASIX_IDENTITY_MAGIC,
					sizeof MASIX_IDENTITY_MAGIC) != 0)
				return bad(why, "odd identity");
			*address = start + at + word_up(note.owner_size);
		}
		at += word_up(note.owner_size);
		if (word_up(note.size) > size - at)
			break;
		at += word_up(note.size);
	}
	return 0;
}

static int find_identity(const struct masix_elf *elf, masix_image_read_t read, void *context,
	uint32_t *address, const char **why)
{
	uint8_t bytes[NOTE_BYTES_MAX];
	unsigned i;
	int result;

	*address = 0;
	for (i = 0; i < elf->note_count; i++) {
		if (elf->notes[i].size > sizeof bytes)
			return bad(why, "notes too long");
		if (read(context, elf->notes[i].address, bytes, elf->notes[i].size) != 0) {
			*why = "cannot read the image";
			return MASIX_E_IO;
		}
		result = search_notes(
			bytes, elf->notes[i].size, elf->notes[i].address, address, why);
		if (result != 0)
			return result;
	}
	return *address != 0 ? 0 : bad(why, "no identity: not linked with libmasix");
}

/* Zero what of the identity lies in `size` bytes from `start`. */
static void blank(uint8_t *bytes, uint32_t start, uint32_t size, uint32_t identity)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		if (start + i - identity < sizeof(struct masix_identity))
			bytes[i] = 0;
}

static void add_word(crypto_generichash_state *state, uint32_t word)
{
	uint8_t bytes[4] = { (uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
		(uint8_t)(word >> 24) };

	crypto_generichash_update(state, bytes, sizeof bytes);
}

static int add_segment(crypto_generichash_state *state, const struct masix_elf_segment *segment,
	masix_image_read_t read, void *context, uint32_t identity)
{
	uint8_t bytes[4096];
	uint32_t done, part;

	add_word(state, segment->address);
	add_word(state, segment->file_size);
	add_word(state, segment->memory_size);
	add_word(state, (uint32_t)segment->protection);
	for (done = 0; done < segment->file_size; done += part) {
		part = segment->file_size - done;
		if (part > sizeof bytes)
			part = sizeof bytes;
		if (read(context, segment->address + done, bytes, part) != 0)
			return MASIX_E_IO;
		blank(bytes, segment->address + done, part, identity);
		crypto_generichash_update(state, bytes, part);
	}
	return 0;
}

int masix_measure_image(const struct masix_elf *elf, masix_image_read_t read, void *context,
	uint8_t hash[MASIX_HASH_SIZE], uint32_t *identity_address, const char **why)
{
	static const char label[] = "MASIX-IMAGE-v1";
	crypto_generichash_state state;
	unsigned i;
	int result;

	*why = "";
	result = find_identity(elf, read, context, identity_address, why);
	if (result != 0)
		return result;
	if (crypto_generichash_init(&state, NULL, 0, MASIX_HASH_SIZE) != 0)
		return bad(why, "no hash");
	crypto_generichash_update(&state, (const uint8_t *)label, sizeof label - 1);
	for (i = 0; i < elf->segment_count; i++) {
		result = add_segment(&state, &elf->segments[i], read, context, *identity_address);
		if (result != 0) {
			*why = "cannot read the image";
			return result;
		}
	}
	crypto_generichash_final(&state, hash, MASIX_HASH_SIZE);
	return 0;
}

uint32_t masix_image_file_offset(const struct masix_elf *elf, uint32_t address)
{
	unsigned i;

	for (i = 0; i < elf->segment_count; i++) {
		const struct masix_elf_segment *segment = &elf->segments[i];

		if (address >= segment->address && address - segment->address < segment->file_size)
			return segment->file_offset + (address - segment->address);
	}
	return 0;
}

int masix_image_file_read(void *image_file, uint32_t address, void *buffer, size_t size)
{
	const struct masix_image_file *image = image_file;
	unsigned i;

	if (size == 0)
		return 0;
	for (i = 0; i < image->elf->segment_count; i++) {
		const struct masix_elf_segment *segment = &image->elf->segments[i];
		uint32_t inside = address - segment->address;
		size_t offset;

		if (address < segment->address || inside >= segment->file_size ||
			size > segment->file_size - inside)
			continue;
		offset = (size_t)segment->file_offset + inside;
		if (offset > image->size || size > image->size - offset)
			return -1;
		memcpy(buffer, image->bytes + offset, size);
		return 0;
	}
	return -1;
}
