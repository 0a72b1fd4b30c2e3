/* The measure of an image and the canonical bytes of a registration. */
#include "test.h"

#include <sodium/core.h>

#include <masix/error.h>
#include <masix/identity.h>

#include "image.h"

static struct image image;
static struct masix_elf elf;
static const char *why;

static int measure(uint8_t hash[MASIX_HASH_SIZE], uint32_t *address)
{
	struct masix_image_file file = {
		.elf = &elf,
		.bytes = (const uint8_t *)&image,
		.size = sizeof image,
	};

	assert_int_equal(masix_elf_parse(&image, 4096, sizeof image, &elf, &why), 0);
	return masix_measure_image(&elf, masix_image_file_read, &file, hash, address, &why);
}

static int setup(void **state)
{
	(void)state;
	image_make(&image);
	return sodium_init() < 0;
}

static void the_identity_does_not_count(void **state)
{
	uint8_t first[MASIX_HASH_SIZE], second[MASIX_HASH_SIZE];
	uint32_t address;

	(void)state;
	assert_int_equal(measure(first, &address), 0);
	assert_int_equal(address, IMAGE_BASE + IMAGE_IDENTITY);
	assert_int_equal(masix_image_file_offset(&elf, address), IMAGE_IDENTITY);
	memset((uint8_t *)&image + IMAGE_IDENTITY + 16, 0x77, sizeof(struct masix_identity) - 16);
	assert_int_equal(measure(second, &address), 0);
	assert_memory_equal(first, second, sizeof first);
}

static void every_other_byte_counts(void **state)
{
	uint8_t first[MASIX_HASH_SIZE], second[MASIX_HASH_SIZE];
	uint8_t *bytes = (uint8_t *)&image;
	uint32_t address, i;

	(void)state;
	assert_int_equal(measure(first, &address), 0);
	/* Of the headers only what leaves the image well-formed: an alignment field. */
	image.programs[0].p_align ^= 1;
	assert_int_equal(measure(second, &address), 0);
	assert_memory_not_equal(first, second, sizeof first);
	image.programs[0].p_align ^= 1;
	for (i = IMAGE_IDENTITY - 1; i < IMAGE_SIZE; i += i < 0x800 ? 1 : 97) {
		if (i - IMAGE_IDENTITY < sizeof(struct masix_identity))
			continue;
		bytes[i] ^= 1;
		if (measure(second, &address) == 0)
			assert_memory_not_equal(first, second, sizeof first);
		bytes[i] ^= 1;
	}
	image.programs[1].p_memsz++;
	assert_int_equal(measure(second, &address), 0);
	assert_memory_not_equal(first, second, sizeof first);
}

static void odd_identities(void **state)
{
	uint8_t hash[MASIX_HASH_SIZE];
	uint32_t address, *note = (uint32_t *)((uint8_t *)&image + IMAGE_NOTE);

	(void)state;
	image.programs[2].p_type = PT_NULL;
	assert_int_equal(measure(hash, &address), MASIX_E_BAD_FORMAT);
	image_make(&image);
	note[2] = 2;
	assert_int_equal(measure(hash, &address), MASIX_E_BAD_FORMAT);
	image_make(&image);
	note[1]--;
	assert_int_equal(measure(hash, &address), MASIX_E_BAD_FORMAT);
	assert_string_equal(why, "odd identity");
	image_make(&image);
	note[1] = 0xfffffff0;
	assert_int_equal(measure(hash, &address), MASIX_E_BAD_FORMAT);
	assert_string_equal(why, "malformed note");
	image_make(&image);
	note[0] = 0xffffffff;
	assert_int_equal(measure(hash, &address), MASIX_E_BAD_FORMAT);
	image_make(&image);
	image.programs[3] = image.programs[2];
	assert_int_equal(measure(hash, &address), MASIX_E_BAD_FORMAT);
	assert_string_equal(why, "two identities");
	image_make(&image);
	image.programs[2].p_filesz = 7000;
	assert_int_equal(measure(hash, &address), MASIX_E_BAD_FORMAT);
	assert_string_equal(why, "notes too long");
}

static int no_reader(void *context, uint32_t address, void *buffer, size_t size)
{
	(void)context, (void)address, (void)buffer, (void)size;
	return -1;
}

static void unreadable(void **state)
{
	uint8_t hash[MASIX_HASH_SIZE];
	uint32_t address;

	(void)state;
	assert_int_equal(masix_elf_parse(&image, 4096, sizeof image, &elf, &why), 0);
	assert_int_equal(
		masix_measure_image(&elf, no_reader, NULL, hash, &address, &why), MASIX_E_IO);
}

/* --- registration --- */

static uint8_t pattern[8][32];
static const uint32_t interfaces[] = { 500600, 1, 501000, 2 };

static struct masix_registration registration(void)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		memset(pattern[i], (int)(0xa0 + i), 32);
	return (struct masix_registration){
		.cluster = pattern[0],
		.node = pattern[1],
		.incarnation = 0x0102030405060708,
		.challenge = pattern[2],
		.session = 0x1112131415161718,
		.name = "fs/root",
		.name_length = 7,
		.interfaces = interfaces,
		.interface_words = 4,
		.role = 2,
		.image_hash = pattern[3],
		.manifest_hash = pattern[4],
		.public_key = pattern[5],
		.generation = 9,
	};
}

static void canonical_bytes(void **state)
{
	struct masix_registration r = registration();
	uint8_t out[MASIX_REGISTRATION_MAX];
	const uint8_t head[] = { 16, 0, 0, 0, 'M', 'A', 'S', 'I', 'X', '-', 'A', 'C', 'S', '-', 'R',
		'E', 'G', '-', 'v', '1', 32, 0, 0, 0, 0xa0 };
	const uint8_t incarnation[] = { 8, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 32, 0, 0, 0, 0xa2 };
	const uint8_t name[] = { 7, 0, 0, 0, 'f', 's', '/', 'r', 'o', 'o', 't', 16, 0, 0, 0, 0x78,
		0xa3, 7, 0, 1, 0, 0, 0, 0x08, 0xa5, 7, 0, 2, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0 };
	const uint8_t tail[] = { 4, 0, 0, 0, 9, 0, 0, 0 };
	size_t size = masix_registration_bytes(&r, out, sizeof out);

	(void)state;
	assert_int_equal(size, 20 + 36 + 20 + 12 + 36 + 12 + 11 + 20 + 8 + 3 * 36 + 8);
	assert_memory_equal(out, head, sizeof head);
	assert_memory_equal(out + 20 + 36 + 20, incarnation, sizeof incarnation);
	assert_memory_equal(out + 20 + 36 + 20 + 12 + 36 + 12, name, sizeof name);
	assert_memory_equal(out + size - sizeof tail, tail, sizeof tail);
}

static void bounds(void **state)
{
	struct masix_registration r = registration();
	uint8_t out[MASIX_REGISTRATION_MAX];
	static const uint32_t many[2 * MASIX_INTERFACES_MAX];
	static const char long_name[255] = "x";
	size_t size = masix_registration_bytes(&r, out, sizeof out), i;

	(void)state;
	for (i = 0; i < size; i++)
		assert_int_equal(masix_registration_bytes(&r, out, i), 0);
	assert_int_equal(masix_registration_bytes(&r, out, size), size);
	r.interface_words = 3;
	assert_int_equal(masix_registration_bytes(&r, out, sizeof out), 0);
	r.interfaces = many;
	r.interface_words = 2 * MASIX_INTERFACES_MAX;
	r.name = long_name;
	r.name_length = sizeof long_name;
	assert_true(masix_registration_bytes(&r, out, sizeof out) > 0);
	r.interface_words += 2;
	assert_int_equal(masix_registration_bytes(&r, out, sizeof out), 0);
	r = registration();
	r.name_length = 0;
	assert_int_equal(masix_registration_bytes(&r, out, sizeof out), 0);
	r.name_length = 256;
	assert_int_equal(masix_registration_bytes(&r, out, sizeof out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_identity_does_not_count, setup),
		cmocka_unit_test_setup(every_other_byte_counts, setup),
		cmocka_unit_test_setup(odd_identities, setup),
		cmocka_unit_test_setup(unreadable, setup),
		cmocka_unit_test(canonical_bytes),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
