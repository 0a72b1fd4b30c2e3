/* Unit tests of acs/manifest.c, acs/bundle.c and of the compiler in scripts/sign/. */
#include "test.h"

#include <masix/error.h>
#include <masix/types.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "compile.h"
#include "manifest.h"

static const char text[] = "# an example\n"
			   "name\t\tfs\n"
			   "generation 3\n"
			   "restart halt   # no system without it\n"
			   "provides fs/root server file_system\n"
			   "may-provide fs/* server file_system:2 600000\n"
			   "provides fs/info client io\n"
			   "resolves console disk/*\n"
			   "right host\n"
			   "right irq 5-11\n"
			   "right io-ports 0xcf8-0xcff\n"
			   "needs console\n"
			   "arguments hd0 hd1\n"
			   "pool 3\n"
			   "runs magic=4d5a@*2 suffix=exe /bin/dos --\n"
			   "hand-over 10\n";

static uint8_t site_public[crypto_sign_PUBLICKEYBYTES], site_secret[crypto_sign_SECRETKEYBYTES];
static struct subsystems subsystems;

static int set_up(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	crypto_sign_keypair(site_public, site_secret);
	return subsystems_parse("# ids\n500600  io  x\n501000 file_system y -> z\n\n", &subsystems);
}

static void compile(struct manifest *manifest)
{
	char error[COMPILE_ERROR_SIZE];
	unsigned needs_line;

	assert_int_equal(compile_manifest("t", text, &subsystems, manifest, &needs_line, error), 0);
	memset(manifest->image_hash, 0x11, sizeof manifest->image_hash);
	memset(manifest->public_key, 0x22, sizeof manifest->public_key);
}

static void test_compile_sign_open(void **state)
{
	struct manifest in, out;
	uint8_t bytes[MANIFEST_MAX];
	const char *why;
	size_t size;

	(void)state;
	compile(&in);
	size = manifest_sign(&in, site_secret, bytes, sizeof bytes);
	assert_true(size > MANIFEST_HEADER_SIZE);
	assert_int_equal(manifest_open(bytes, size, site_public, &out, &why), 0);
	memcpy(in.hash, out.hash, sizeof in.hash);
	assert_memory_equal(&in, &out, sizeof in);
	assert_string_equal(out.name, "fs");
	assert_int_equal(out.generation, 3);
	assert_int_equal(out.restart, MANIFEST_RESTART_HALT);
	assert_string_equal(out.arguments[1], "hd1");
	assert_int_equal(out.pool, 3);
	assert_int_equal(out.hand_over, 10);
}

static void test_inherits(void **state)
{
	char error[COMPILE_ERROR_SIZE];
	struct manifest in, out;
	uint8_t bytes[MANIFEST_MAX];
	unsigned needs_line;
	const char *why;
	size_t size;

	(void)state;
	assert_int_equal(compile_manifest("t", "name a\nrestart always\ninherits\n", &subsystems,
				 &in, &needs_line, error),
		0);
	size = manifest_sign(&in, site_secret, bytes, sizeof bytes);
	assert_int_equal(manifest_open(bytes, size, site_public, &out, &why), 0);
	assert_true(out.inherits);
	/* Signed by a tool that did not look. */
	in.restart = MANIFEST_RESTART_HALT;
	size = manifest_sign(&in, site_secret, bytes, sizeof bytes);
	assert_int_equal(manifest_open(bytes, size, site_public, &out, &why), MASIX_E_BAD_FORMAT);
}

static const char formats[] = "name a\n"
			      "runs magic=4d5a /bin/mz --\n"
			      "runs magic=50450000@*0x3c /bin/pe\n"
			      "runs suffix=com /bin/com\n"
			      "runs magic=5a4d@2 suffix=exe /bin/zm\n";

/* The index of the format that fits best, -1: none. */
static int best_format(
	const struct manifest *manifest, const uint8_t *head, size_t size, const char *name)
{
	unsigned best = 0;
	int found = -1;

	for (unsigned i = 0; i < manifest->format_count; i++) {
		unsigned fits = format_fits(&manifest->formats[i], head, size, name, strlen(name));

		if (fits > best) {
			best = fits;
			found = (int)i;
		}
	}
	return found;
}

static void test_formats(void **state)
{
	uint8_t head[0x80] = { 'M', 'Z', [0x3c] = 0x40, [0x40] = 'P', 'E' };
	char error[COMPILE_ERROR_SIZE];
	struct manifest in, m;
	uint8_t bytes[MANIFEST_MAX];
	unsigned needs_line;
	const char *why;
	size_t size;

	(void)state;
	assert_int_equal(compile_manifest("t", formats, &subsystems, &in, &needs_line, error), 0);
	size = manifest_sign(&in, site_secret, bytes, sizeof bytes);
	assert_int_equal(manifest_open(bytes, size, site_public, &m, &why), 0);
	memcpy(in.hash, m.hash, sizeof in.hash);
	assert_memory_equal(&in, &m, sizeof in);
	assert_string_equal(m.formats[0].runner, "/bin/mz --");

	assert_int_equal(best_format(&m, head, sizeof head, "x"), 1);
	assert_int_equal(best_format(&m, head, 0x43, "x"), 0); /* cut inside the magic */
	head[0x3f] = 0xff;				       /* leads far away */
	assert_int_equal(best_format(&m, head, sizeof head, "x.com"), 0);
	assert_int_equal(best_format(&m, head, 2, "x"), 0);
	assert_int_equal(best_format(&m, head, 1, "x"), -1);
	assert_int_equal(best_format(&m, head, 0, "x.com"), 2);
	assert_int_equal(best_format(&m, head, 0, "X.COM"), 2);
	assert_int_equal(best_format(&m, head, 0, "x.comm"), -1);
	assert_int_equal(best_format(&m, head, 0, ".com"), -1);
	assert_int_equal(best_format(&m, (const uint8_t *)"ab\x5a\x4d", 4, "A.EXE"), 3);
	assert_int_equal(best_format(&m, (const uint8_t *)"ab\x5a\x4d", 4, "A.EX"), -1);
}

static void test_answers(void **state)
{
	struct manifest manifest;
	const struct manifest_provide *provide;

	(void)state;
	compile(&manifest);
	assert_true(manifest.provides[0].required);
	assert_false(manifest.provides[1].required);
	provide = manifest_find_provide(&manifest, "fs/root", 7, MASIX_ROLE_SERVER);
	assert_ptr_equal(provide, &manifest.provides[0]);
	assert_true(manifest_offers(provide, 501000, 1));
	assert_false(manifest_offers(provide, 501000, 2));
	assert_null(manifest_find_provide(&manifest, "fs/root", 7, MASIX_ROLE_CLIENT));
	provide = manifest_find_provide(&manifest, "fs/tmp", 6, MASIX_ROLE_SERVER);
	assert_ptr_equal(provide, &manifest.provides[1]);
	assert_true(manifest_offers(provide, 501000, 2));
	assert_true(manifest_offers(provide, 600000, 1));
	assert_null(manifest_find_provide(&manifest, "fs", 2, MASIX_ROLE_SERVER));
	assert_null(manifest_find_provide(&manifest, "fsx", 3, MASIX_ROLE_SERVER));
	assert_null(manifest_find_provide(&manifest, "fs/", 3, MASIX_ROLE_SERVER));
	assert_null(manifest_find_provide(&manifest, "fs/a\0b", 6, MASIX_ROLE_SERVER));

	assert_true(manifest_resolves(&manifest, "console", 7));
	assert_false(manifest_resolves(&manifest, "consol", 6));
	assert_false(manifest_resolves(&manifest, "console/", 8));
	assert_true(manifest_resolves(&manifest, "disk/a", 6));
	assert_false(manifest_resolves(&manifest, "disk/", 5));
	assert_false(manifest_resolves(&manifest, "disk", 4));

	assert_true(manifest_grants(&manifest, MASIX_RIGHT_HOST, 12345));
	assert_false(manifest_grants(&manifest, MASIX_RIGHT_DEVICE, 0));
	assert_true(manifest_grants(&manifest, MASIX_RIGHT_IRQ, 11));
	assert_false(manifest_grants(&manifest, MASIX_RIGHT_IRQ, 4));
	assert_false(manifest_grants(&manifest, MASIX_RIGHT_IRQ, 0x10005));
	assert_true(manifest_grants(&manifest, MASIX_RIGHT_IO_PORTS, 0xcf8u << 16 | 0xcff));
	assert_false(manifest_grants(&manifest, MASIX_RIGHT_IO_PORTS, 0xcf8u << 16 | 0xd00));
	assert_false(manifest_grants(&manifest, MASIX_RIGHT_IO_PORTS, 0xcffu << 16 | 0xcf8));
	assert_false(manifest_grants(&manifest, 99, 0));
}

static void test_every_changed_byte_is_refused(void **state)
{
	struct manifest manifest;
	uint8_t bytes[MANIFEST_MAX];
	const char *why;
	size_t size, i;

	(void)state;
	compile(&manifest);
	size = manifest_sign(&manifest, site_secret, bytes, sizeof bytes);
	for (i = 0; i < size; i++) {
		bytes[i] ^= 1 << i % 8;
		assert_int_not_equal(manifest_open(bytes, size, site_public, &manifest, &why), 0);
		assert_non_null(why);
		bytes[i] ^= 1 << i % 8;
	}
	for (i = 0; i < size; i++)
		assert_int_not_equal(manifest_open(bytes, i, site_public, &manifest, &why), 0);
	assert_int_equal(manifest_open(bytes, size, site_public, &manifest, &why), 0);
}

static void test_other_site_is_refused(void **state)
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	struct manifest manifest;
	uint8_t bytes[MANIFEST_MAX];
	const char *why;
	size_t size;

	(void)state;
	crypto_sign_keypair(public, secret);
	compile(&manifest);
	size = manifest_sign(&manifest, secret, bytes, sizeof bytes);
	assert_int_equal(manifest_open(bytes, size, site_public, &manifest, &why), MASIX_E_DENIED);
	assert_string_equal(why, "its manifest is not signed by this site");
}

/* The parser behind the signature: whatever it accepts builds the same bytes again. */
static void test_parser_survives_anything(void **state)
{
	struct manifest manifest;
	uint8_t body[MANIFEST_BODY_MAX], changed[MANIFEST_BODY_MAX], again[MANIFEST_BODY_MAX];
	const char *why;
	size_t size;
	unsigned round, accepted = 0;

	(void)state;
	compile(&manifest);
	size = manifest_build(&manifest, body, sizeof body);
	srand(1);
	for (round = 0; round < 20000; round++) {
		size_t length = round % 3 == 0 ? rand() % (size + 1) : size;
		unsigned changes = rand() % 4;

		memcpy(changed, body, size);
		while (changes-- != 0)
			changed[rand() % size] = rand();
		if (manifest_parse(changed, length, &manifest, &why) != 0) {
			assert_non_null(why);
			continue;
		}
		accepted++;
		assert_int_equal(manifest_build(&manifest, again, sizeof again), length);
		assert_memory_equal(again, changed, length);
	}
	assert_true(accepted > 100);
}

static size_t record_size(const uint8_t *record)
{
	return 3 + (size_t)(record[1] | record[2] << 8);
}

static void refuse_order(const uint8_t *body, size_t size)
{
	struct manifest manifest;
	const char *why = NULL;

	assert_int_equal(manifest_parse(body, size, &manifest, &why), MASIX_E_BAD_FORMAT);
	assert_string_equal(why, "records out of order");
}

/* What one manifest says has one form: two of its records in each other's place, or one of the first five twice, is none. */
static void test_order_of_records_is_fixed(void **state)
{
	static const uint8_t missing[] = { 1, 1, 0, 'a' };
	uint8_t body[MANIFEST_BODY_MAX], changed[MANIFEST_BODY_MAX];
	struct manifest manifest;
	const char *why;
	size_t size, at, next;
	unsigned swapped = 0, number = 0;

	(void)state;
	compile(&manifest);
	size = manifest_build(&manifest, body, sizeof body);
	for (at = 0; at + record_size(body + at) < size; at = next, number++) {
		const size_t one = record_size(body + at), two = record_size(body + at + one);

		next = at + one;
		memcpy(changed, body, size);
		memcpy(changed + at, body + next, two);
		memcpy(changed + at + two, body + at, one);
		if (body[at] != body[next]) {
			refuse_order(changed, size);
			swapped++;
		}
		if (number < 5) {
			memcpy(changed, body, next);
			memcpy(changed + next, body + at, size - at);
			refuse_order(changed, size + one);
		}
	}
	assert_true(swapped > 6);
	assert_int_equal(
		manifest_parse(missing, sizeof missing, &manifest, &why), MASIX_E_BAD_FORMAT);
	assert_int_equal(manifest_parse(missing, 0, &manifest, &why), MASIX_E_BAD_FORMAT);
}

static void refuse(const char *source, const char *wanted)
{
	struct manifest manifest;
	char error[COMPILE_ERROR_SIZE];
	unsigned needs_line;

	assert_int_equal(
		compile_manifest("f", source, &subsystems, &manifest, &needs_line, error), -1);
	assert_string_equal(error, wanted);
}

static void test_compiler_names_the_line(void **state)
{
	(void)state;
	refuse("name a\n\nrihgt host\n", "f:3: unknown statement: rihgt");
	refuse("name a\nname b\n", "f:2: name is given twice");
	refuse("name A\n", "f:1: bad name: A");
	refuse("restart never\n", "f:1: the name of the server is missing");
	refuse("", "f:1: the name of the server is missing");
	refuse("name a\nprovides b server io\n", "f:2: b is neither a nor below it");
	refuse("name a\nprovides a/* server io\n", "f:2: bad name: a/*");
	refuse("name a\nprovides a server oi\n", "f:2: no such interface in the registry: oi");
	refuse("name a\nprovides a boss io\n",
		"f:2: the role is server, client or admin, not boss");
	refuse("provides a server io\nname a\n", "f:1: name comes before what the server provides");
	refuse("name a\nright irq\n", "f:2: right irq takes a number or a range");
	refuse("name a\nright irq 5-3\n", "f:2: bad range: 5-3");
	refuse("name a\nright host 1\n", "f:2: right host takes nothing more");
	refuse("name a\nright root\n", "f:2: unknown right: root");
	refuse("name a\nneeds\n", "f:2: usage: needs NAME...");
	refuse("name a\nneeds b a\n", "f:2: a needs itself");
	refuse("name a\npool 1\n", "f:2: a pool has 2 to 16 members");
	refuse("name a\npool 17\n", "f:2: a pool has 2 to 16 members");
	refuse("name a\nhand-over 0\n", "f:2: hand-over takes 1 to 3600 seconds");
	refuse("name a\ngeneration 0\n", "f:2: generation is a number from 1");
	refuse("name a\ninherits\n", "f:2: inherits needs restart always or backoff");
	refuse("name a\nrestart always\npool 2\ninherits\n",
		"f:4: the members of a pool inherit nothing");
	refuse("name a\nruns magic=4d5 /bin/x\n", "f:2: bad magic: 4d5");
	refuse("name a\nruns magic=4d5a@x /bin/x\n", "f:2: bad place: @x");
	refuse("name a\nruns magic=4d5a suffix=com\n",
		"f:2: a runner is a path and at most one argument");
	refuse("name a\nruns suffix= /bin/x\n",
		"f:2: a format is known by its magic or its suffix");
	refuse("name a\nruns suffix=COM /bin/x\n", "f:2: bad suffix of a format");
	refuse("name a\nruns by=name /bin/x\n", "f:2: bad format: by=name");
	refuse("name a\nruns suffix=com bin\n", "f:2: bad format: bin");
	refuse("name a\nrestart often\n",
		"f:2: restart is never, always, backoff or halt, not often");
}

/* A bundle of `count` manifests; its size. */
static size_t make_bundle(uint8_t *bytes, unsigned count)
{
	struct manifest manifest;
	size_t size = BUNDLE_HEADER_SIZE, part;
	unsigned i;

	compile(&manifest);
	for (i = 0; i < count; i++) {
		part = manifest_sign(&manifest, site_secret, bytes + size + 4, MANIFEST_MAX);
		bytes_put32(bytes + size, part);
		size += 4 + part;
	}
	bundle_sign(bytes, size, count, site_secret);
	return size;
}

static void test_bundle(void **state)
{
	static uint8_t bytes[BUNDLE_MAX];
	struct bundle bundle;
	struct manifest manifest;
	const uint8_t *next;
	const char *why;
	size_t size = make_bundle(bytes, 3), part, i;
	unsigned count = 0;

	(void)state;
	assert_int_equal(bundle_size(bytes), size);
	assert_int_equal(bundle_open(bytes, size, site_public, &bundle, &why), 0);
	while ((next = bundle_next(&bundle, &part, &why)) != NULL) {
		assert_int_equal(manifest_open(next, part, site_public, &manifest, &why), 0);
		count++;
	}
	assert_null(why);
	assert_int_equal(count, 3);
	for (i = 0; i < size; i++) {
		bytes[i] ^= 0x40;
		assert_int_not_equal(bundle_open(bytes, size, site_public, &bundle, &why), 0);
		bytes[i] ^= 0x40;
	}
}

static void test_bundle_that_lies_about_its_entries(void **state)
{
	static uint8_t bytes[BUNDLE_MAX];
	struct bundle bundle;
	const char *why;
	size_t size = make_bundle(bytes, 1), part;

	(void)state;
	/* Signed all right, but the count or a size is wrong. */
	bundle_sign(bytes, size, 2, site_secret);
	assert_int_equal(bundle_open(bytes, size, site_public, &bundle, &why), 0);
	assert_non_null(bundle_next(&bundle, &part, &why));
	assert_null(bundle_next(&bundle, &part, &why));
	assert_non_null(why);

	bundle_sign(bytes, size, 0, site_secret);
	assert_int_equal(bundle_open(bytes, size, site_public, &bundle, &why), 0);
	assert_null(bundle_next(&bundle, &part, &why));
	assert_non_null(why);

	bytes_put32(bytes + BUNDLE_HEADER_SIZE, 0xffffffff);
	bundle_sign(bytes, size, 1, site_secret);
	assert_int_equal(bundle_open(bytes, size, site_public, &bundle, &why), 0);
	assert_null(bundle_next(&bundle, &part, &why));
	assert_non_null(why);

	bundle_sign(bytes, size, BUNDLE_ENTRIES + 1, site_secret);
	assert_int_not_equal(bundle_open(bytes, size, site_public, &bundle, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compile_sign_open),
		cmocka_unit_test(test_inherits),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_every_changed_byte_is_refused),
		cmocka_unit_test(test_other_site_is_refused),
		cmocka_unit_test(test_parser_survives_anything),
		cmocka_unit_test(test_order_of_records_is_fixed),
		cmocka_unit_test(test_compiler_names_the_line),
		cmocka_unit_test(test_bundle),
		cmocka_unit_test(test_bundle_that_lies_about_its_entries),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
