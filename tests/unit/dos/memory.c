/* Unit tests of arena.c and names.c. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "error.h"
#include "names.h"

#include "test.h"

static struct arena arena;

static int begin(void **state)
{
	*state = calloc(1, GUEST_MEMORY);
	arena_init(&arena, *state, 0x200, 0xa000);
	return 0;
}

static int end(void **state)
{
	free(*state);
	return 0;
}

static uint16_t get(uint16_t owner, uint16_t paragraphs)
{
	uint16_t segment, largest;

	assert_int_equal(arena_allocate(&arena, owner, paragraphs, &segment, &largest), DOS_OK);
	return segment;
}

static uint16_t largest_block(void)
{
	uint16_t segment, largest;

	assert_int_equal(arena_allocate(&arena, 1, 0xffff, &segment, &largest), DOS_E_MEMORY);
	return largest;
}

static void all_can_be_had_and_given_back(void **state)
{
	(void)state;
	uint16_t all = largest_block();

	assert_int_equal(all, 0xa000 - 0x201);
	uint16_t a = get(0x300, 100), b = get(0x300, 200), c = get(0x400, all - 302);

	assert_int_equal(a, 0x201);
	assert_int_equal(b, a + 101);
	assert_int_equal(largest_block(), 0);
	assert_int_equal(arena_free(&arena, b), DOS_OK);
	assert_int_equal(largest_block(), 200);
	assert_int_equal(arena_free_all(&arena, 0x300), DOS_OK);
	assert_int_equal(largest_block(), 301);
	assert_int_equal(arena_free(&arena, c), DOS_OK);
	assert_int_equal(largest_block(), all);
	assert_int_equal(arena_free(&arena, a + 1), DOS_E_BLOCK);
}

static void strategies_choose(void **state)
{
	(void)state;
	uint16_t a = get(1, 100), b = get(1, 10), c = get(1, 50);

	(void)get(1, 10);
	(void)b;
	assert_int_equal(arena_free(&arena, a), DOS_OK);
	assert_int_equal(arena_free(&arena, c), DOS_OK);
	arena.strategy = 1;
	assert_int_equal(get(1, 40), c);
	arena.strategy = 0;
	assert_int_equal(get(1, 40), a);
	arena.strategy = 2;
	assert_int_equal(get(1, 16), 0xa000 - 16);
}

static void blocks_grow_and_shrink(void **state)
{
	(void)state;
	uint16_t a = get(1, 100), b = get(1, 100), largest;

	assert_int_equal(arena_resize(&arena, a, 101, &largest), DOS_E_MEMORY);
	assert_int_equal(largest, 100);
	assert_int_equal(arena_resize(&arena, a, 50, &largest), DOS_OK);
	assert_int_equal(arena_size(&arena, a), 50);
	assert_int_equal(arena_resize(&arena, a, 100, &largest), DOS_OK);
	assert_int_equal(arena_free(&arena, b), DOS_OK);
	assert_int_equal(arena_resize(&arena, a, 0x4000, &largest), DOS_OK);
	assert_int_equal(arena_size(&arena, a), 0x4000);
	assert_int_equal(arena_resize(&arena, a, 0xffff, &largest), DOS_E_MEMORY);
	assert_int_equal(largest, 0xa000 - 0x201);
}

static void a_damaged_chain_is_told(void **state)
{
	uint8_t *memory = *state;
	uint16_t a = get(1, 100), largest;

	memory[(a - 1) * 16] = 'X';
	assert_int_equal(arena_allocate(&arena, 1, 1, &a, &largest), DOS_E_ARENA);
	assert_int_equal(arena_free(&arena, 0x201), DOS_E_ARENA);
	/* A chain that leads around, or out of memory. */
	memory[0x2000] = 'M';
	put16(memory + 0x2003, 0xffff);
	assert_int_equal(arena_free_all(&arena, 1), DOS_E_ARENA);
	memory[0x2000] = 'Z';
	put16(memory + 0x2003, 5);
	assert_int_equal(arena_free_all(&arena, 1), DOS_E_ARENA);
}

static void expect_name(const char *name, const char *expected)
{
	uint8_t field[NAME_FIELD];
	char text[NAME_SHORT];

	(void)name_to_field(name, field);
	name_from_field(field, text);
	assert_string_equal(text, expected);
}

static void short_names_are_themselves(void **state)
{
	(void)state;
	expect_name("foo", "FOO");
	expect_name("Readme.txt", "README.TXT");
	expect_name("abcdefgh.ijk", "ABCDEFGH.IJK");
	expect_name("a-b_1$.c", "A-B_1$.C");
}

static void long_names_have_stand_ins(void **state)
{
	static const char *const names[] = { "a long name.text", "abcdefghi", "a.bcde", ".profile",
		"x.tar.gz", "a+b", "caf\xc3\xa9", "a b", "LONG~1AB.TXT", "con ", "ab~1234.x" };
	uint8_t field[NAME_FIELD], again[NAME_FIELD], other[NAME_FIELD];
	char text[NAME_SHORT];

	(void)state;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool plain = name_to_field(names[i], field);

		assert_true(strcmp(names[i], "LONG~1AB.TXT") == 0 ? plain : !plain);
		name_to_field(names[i], again);
		assert_memory_equal(field, again, NAME_FIELD);
		name_from_field(field, text);
		assert_true(name_parse(text, (unsigned)strlen(text), other));
		assert_memory_equal(field, other, NAME_FIELD);
		for (unsigned j = 0; j < i; j++) {
			name_to_field(names[j], other);
			assert_memory_not_equal(field, other, NAME_FIELD);
		}
	}
	name_to_field("a long name.text", field);
	assert_memory_equal(field, "ALO~", 4);
	assert_memory_equal(field + 8, "TEX", 3);
}

static void expect_match(const char *pattern, const char *name, bool matches)
{
	uint8_t p[NAME_FIELD], n[NAME_FIELD];

	assert_true(name_parse(pattern, (unsigned)strlen(pattern), p));
	assert_true(name_parse(name, (unsigned)strlen(name), n));
	assert_int_equal(name_matches(p, n), matches);
}

static void patterns_match(void **state)
{
	uint8_t field[NAME_FIELD];

	(void)state;
	expect_match("*.*", "FOO", true);
	expect_match("*", "FOO", true);
	expect_match("*", "FOO.C", false);
	expect_match("F?O.C", "foo.c", true);
	expect_match("F?O.C", "FO.C", false);
	expect_match("F*.C", "FO.C", true);
	expect_match("A*B.C", "AXY.C", true); /* what follows the star is not looked at */
	assert_false(name_parse("a/b", 3, field));
	assert_false(name_parse("a.b.c", 5, field));
	assert_false(name_parse(".x", 2, field));
	assert_false(name_parse("...", 3, field));
	assert_true(name_parse("..", 2, field));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_can_be_had_and_given_back, begin, end),
		cmocka_unit_test_setup_teardown(strategies_choose, begin, end),
		cmocka_unit_test_setup_teardown(blocks_grow_and_shrink, begin, end),
		cmocka_unit_test_setup_teardown(a_damaged_chain_is_told, begin, end),
		cmocka_unit_test(short_names_are_themselves),
		cmocka_unit_test(long_names_have_stand_ins),
		cmocka_unit_test(patterns_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
