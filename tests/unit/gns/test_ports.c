/* The table of ports, and the letters about them. */
#include "test.h"

#include "letter.h"
#include "ports.h"

#define PORTS 10000

static struct ports ports;
static struct gns_port many[PORTS];

static void one_name_one_identity(void **state)
{
	uint64_t dice = 77;
	unsigned i, seen = 0;
	struct gns_port *port, *next;
	struct wire_identity stranger = { { 1 }, { 2 } };

	(void)state;
	assert_null(ports_named(&ports, 5));
	assert_null(ports_identified(&ports, &stranger));
	assert_null(ports_next(&ports, NULL));
	for (i = 0; i < PORTS; i++) {
		uint64_t number = dice_next(&dice);

		memcpy(many[i].identity.number, &number, sizeof number);
		many[i].name = (i + 1) << 8 | (i & 0x7f);
		assert_true(ports_add(&ports, &many[i]));
	}
	for (i = 0; i < PORTS; i++) {
		assert_ptr_equal(ports_named(&ports, many[i].name), &many[i]);
		assert_ptr_equal(ports_identified(&ports, &many[i].identity), &many[i]);
	}
	assert_null(ports_named(&ports, 0xffffff00));
	assert_null(ports_identified(&ports, &stranger));
	for (port = ports_next(&ports, NULL); port != NULL; port = next) {
		next = ports_next(&ports, port);
		if (seen++ % 2 == 0)
			ports_remove(&ports, port);
	}
	assert_int_equal(seen, PORTS);
	assert_int_equal(ports.count, PORTS / 2);
	for (port = ports_next(&ports, NULL); port != NULL; port = next) {
		next = ports_next(&ports, port);
		ports_remove(&ports, port);
	}
	assert_null(ports.named); /* nothing is left behind */
	/* The price of a proxy (issue 4: at most 400 bytes on the 32-bit machine). */
	assert_true(sizeof(struct gns_port) <= 256);
}

/* A port that has left, or come back, has several entries under its name, which are told apart however the table grows. */
static void several_of_a_name(void **state)
{
	const bool is_export[] = { true, false, true };
	unsigned i;

	(void)state;
	for (i = 0; i < PORTS; i++) {
		many[i] = (struct gns_port){ .name = i < 3 ? 7 : (i + 1) << 8 };
		memcpy(many[i].identity.number, &i, sizeof i);
		many[i].is_export = i < 3 && is_export[i];
		assert_true(ports_add(&ports, &many[i]));
		if (i < 2)
			continue;
		assert_ptr_equal(ports_proxy(&ports, 7), &many[1]);
		assert_true(ports_export(&ports, 7, NULL) != NULL);
		assert_int_equal(ports_export(&ports, 7, &many[0]) == &many[2],
			ports_export(&ports, 7, NULL) == &many[0]);
	}
	assert_null(ports_proxy(&ports, 8));
	assert_null(ports_export(&ports, many[5].name, NULL));
	for (i = 0; i < PORTS; i++)
		ports_remove(&ports, &many[i]);
}

static void letters(void **state)
{
	struct letter letter, back;
	uint8_t bytes[LETTER_MAX];
	int type;

	(void)state;
	for (type = LETTER_RETURN; type <= LETTER_LAST; type++) {
		size_t size, cut;

		memset(&letter, 0, sizeof letter);
		letter.type = (enum letter_type)type;
		memset(&letter.identity, 0x11, sizeof letter.identity);
		letter.node = (struct gns_node){ { 'n', 'o' }, 0x1234567890ull };
		letter.number = 0xfedcba9876543210ull;
		letter.credits = 7;
		letter.status = -5;
		letter.right = (struct wire_right){
			.kind = WIRE_SEND, .identity = letter.identity, .credits = 9, .number = 10
		};
		letter.name_length = 255;
		memset(letter.name, 'x', 255);
		size = letter_write(&letter, bytes, sizeof bytes);
		assert_in_range(size, 1, sizeof bytes);
		for (cut = 0; cut < size; cut++) {
			uint8_t *copy = guarded(bytes, cut);

			assert_false(letter_read(copy, cut, &back));
			assert_int_equal(letter_write(&letter, copy, cut), 0);
			free(copy);
		}
		assert_false(letter_read(bytes, size + 1, &back));
		assert_true(letter_read(bytes, size, &back));
		assert_int_equal(back.type, type);
		/* What the letter has comes back, the rest is zero. */
		assert_true(back.number == 0 || back.number == letter.number);
		assert_true(back.credits == 0 || back.credits == letter.credits);
		assert_true(back.status == 0 || back.status == letter.status);
		assert_true(back.node.incarnation == 0 || gns_node_is(&back.node, &letter.node));
		assert_true(back.right.kind == WIRE_NULL || back.right.number == 10);
		assert_true(back.name_length == 0 || memcmp(back.name, letter.name, 255) == 0);
	}
	bytes[0] = 0;
	assert_false(letter_read(bytes, 1, &back));
	bytes[0] = LETTER_LAST + 1;
	assert_false(letter_read(bytes, 1, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_name_one_identity),
		cmocka_unit_test(several_of_a_name),
		cmocka_unit_test(letters),
	};

	return cmocka_run_group_tests_name("ports", tests, NULL, NULL);
}
