/* Unit tests of acs/keys.c and of libmasix/identity/proof.c and ticket.c: what an adversary would try with keys, tickets
 * and proofs. */
#include "test.h"

#include <masix/error.h>
#include <masix/proof.h>
#include <masix/types.h>
#include <sodium.h>
#include <string.h>

#include "keys.h"

#define INCARNATION 0x1122334455667788ull
#define NOW 5000000000ull

static struct keys keys;
static const uint8_t nonce[MASIX_NONCE_SIZE] = { 1, 2, 3 };
static const char *why;

static int set_up(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	keys_begin(&keys);
	return 0;
}

static struct masix_question question(uint64_t sequence)
{
	return (struct masix_question){
		.what = MASIX_ASK_RESOLVE,
		.incarnation = INCARNATION,
		.session = 7,
		.epoch = keys.epoch,
		.sequence = sequence,
		.nonce = nonce,
		.name = "fs/root",
		.name_length = 7,
		.role = MASIX_ROLE_SERVER,
	};
}

/* Ask what `asked` says with the MAC of `authentic`. */
static int ask(const struct masix_question *authentic, const struct masix_question *asked)
{
	uint8_t mac[MASIX_MAC_SIZE];

	masix_question_mac(authentic, keys.newest, mac);
	return keys_check(&keys, asked, mac, NOW, &why);
}

static void test_sequence_rises(void **state)
{
	struct masix_question first = question(1), again = question(1), second = question(5);
	struct masix_question before = question(4), last = question(UINT64_MAX);

	(void)state;
	assert_int_equal(ask(&first, &first), 0);
	assert_int_equal(ask(&again, &again), MASIX_E_STALE);
	assert_int_equal(ask(&second, &second), 0);
	assert_int_equal(ask(&before, &before), MASIX_E_STALE);
	/* A forged number must not lock the owner out. */
	assert_int_equal(ask(&first, &last), MASIX_E_DENIED);
	before.sequence = 6;
	assert_int_equal(ask(&before, &before), 0);
	assert_int_equal(ask(&last, &last), 0);
}

/* Each part of a question is covered by its MAC. */
static void test_questions_are_bound(void **state)
{
	static const uint8_t other_nonce[MASIX_NONCE_SIZE] = { 1, 2, 4 };
	const struct masix_question authentic = question(3);
	struct masix_question asked;
	uint8_t mac[MASIX_MAC_SIZE];
	unsigned i;

	(void)state;
#define CHANGED(field, value)                                                                      \
	do {                                                                                       \
		asked = authentic;                                                                 \
		asked.field = value;                                                               \
		assert_int_equal(ask(&authentic, &asked), MASIX_E_DENIED);                         \
	} while (0)
	CHANGED(what, MASIX_ASK_TICKET);
	CHANGED(incarnation, INCARNATION + 1);
	CHANGED(session, 8);
	CHANGED(sequence, 4);
	CHANGED(nonce, other_nonce);
	CHANGED(name, "fs/rooT");
	CHANGED(name_length, 6);
	CHANGED(role, MASIX_ROLE_CLIENT);
	for (i = 0; i < sizeof mac; i++) {
		masix_question_mac(&authentic, keys.newest, mac);
		mac[i] ^= 0x10;
		assert_int_equal(keys_check(&keys, &authentic, mac, NOW, &why), MASIX_E_DENIED);
	}
	assert_int_equal(ask(&authentic, &authentic), 0);
}

static void test_names_of_any_length(void **state)
{
	static char longest[4096];
	struct masix_question asked = question(1);

	(void)state;
	memset(longest, 'a', sizeof longest);
	asked.name = longest;
	asked.name_length = sizeof longest;
	assert_int_equal(ask(&asked, &asked), 0);
	asked.name_length = 0;
	asked.sequence = 2;
	assert_int_equal(ask(&asked, &asked), 0);
}

static void test_rotation_overlaps(void **state)
{
	struct masix_question old = question(1);
	uint8_t mac[MASIX_MAC_SIZE], oldest[MASIX_MAC_SIZE];

	(void)state;
	masix_question_mac(&old, keys.newest, oldest);
	keys_rotate(&keys, NOW);
	assert_int_equal(keys.epoch, 2);
	assert_memory_not_equal(keys.newest, keys.previous, sizeof keys.newest);
	/* The key before is good for a while. */
	assert_int_equal(keys_check(&keys, &old, oldest, NOW + KEYS_OVERLAP_NS - 1, &why), 0);
	old.sequence = 2;
	masix_question_mac(&old, keys.previous, mac);
	assert_int_equal(keys_check(&keys, &old, mac, NOW + KEYS_OVERLAP_NS, &why), MASIX_E_STALE);
	/* After another rotation the first is over at once. */
	keys_rotate(&keys, NOW);
	assert_int_equal(keys_check(&keys, &old, mac, NOW, &why), MASIX_E_STALE);
	/* The new key under the old name, and an epoch that has not come yet. */
	old = question(9);
	masix_question_mac(&old, keys.previous, mac);
	assert_int_equal(keys_check(&keys, &old, mac, NOW, &why), MASIX_E_DENIED);
	old.epoch = keys.epoch + 1;
	masix_question_mac(&old, keys.newest, mac);
	assert_int_equal(keys_check(&keys, &old, mac, NOW, &why), MASIX_E_STALE);
	old.epoch = 0;
	assert_int_equal(keys_check(&keys, &old, mac, NOW, &why), MASIX_E_STALE);
}

static struct masix_ticket made;
static uint8_t sealed[MASIX_TICKET_SIZE];

static void make_ticket(void)
{
	memset(&made, 0, sizeof made);
	strcpy(made.client, "unix");
	strcpy(made.target, "fs");
	made.client_session = 4;
	made.target_session = 3;
	made.rights = 1u << MASIX_RIGHT_HOST;
	keys_seal(&keys, &made, INCARNATION, NOW, sealed);
}

static struct masix_ticket_check check_of(void)
{
	return (struct masix_ticket_check){
		.target = "fs",
		.target_session = 3,
		.incarnation = INCARNATION,
		.now = NOW,
		.epoch = keys.epoch,
		.key = keys.newest,
	};
}

static void test_ticket_there_and_back(void **state)
{
	struct masix_ticket_check check = check_of();
	struct masix_ticket opened;

	(void)state;
	make_ticket();
	memset(&opened, 0, sizeof opened);
	assert_int_equal(masix_ticket_open(sealed, sizeof sealed, &check, &opened), 0);
	assert_string_equal(opened.client, "unix");
	assert_string_equal(opened.target, "fs");
	assert_int_equal(opened.client_session, 4);
	assert_int_equal(opened.rights, 1u << MASIX_RIGHT_HOST);
	assert_memory_equal(opened.key, made.key, sizeof made.key);
	assert_int_equal(masix_ticket_epoch(sealed), keys.epoch);
	/* Two tickets have nothing in common that could be compared. */
	uint8_t first[MASIX_TICKET_SIZE];
	memcpy(first, sealed, sizeof first);
	make_ticket();
	assert_memory_not_equal(first + 72, sealed + 72, sizeof sealed - 72);
}

static int reopen(const struct masix_ticket_check *check)
{
	struct masix_ticket opened;

	return masix_ticket_open(sealed, sizeof sealed, check, &opened);
}

static void test_tickets_of_others_are_refused(void **state)
{
	struct masix_ticket_check check = check_of();
	struct masix_ticket opened;
	unsigned i;

	(void)state;
	make_ticket();
	check.target = "console";
	assert_int_equal(reopen(&check), MASIX_E_DENIED);
	check = check_of();
	check.target_session = 2; /* a life before */
	assert_int_equal(reopen(&check), MASIX_E_DENIED);
	check = check_of();
	check.incarnation++; /* another node, or another boot */
	assert_int_equal(reopen(&check), MASIX_E_DENIED);
	check = check_of();
	check.now = NOW + KEYS_TICKET_NS;
	assert_int_equal(reopen(&check), MASIX_E_TIMEOUT);
	check = check_of();
	check.epoch++; /* an old epoch */
	assert_int_equal(reopen(&check), MASIX_E_DENIED);
	check = check_of();
	keys_rotate(&keys, NOW);
	check.key = keys.newest;
	assert_int_equal(reopen(&check), MASIX_E_DENIED);
	check.key = keys.previous;
	assert_int_equal(reopen(&check), 0);
	/* Cut, or with a byte changed. */
	for (i = 0; i < MASIX_TICKET_SIZE; i++)
		assert_int_equal(masix_ticket_open(sealed, i, &check, &opened), MASIX_E_DENIED);
	for (i = 0; i < MASIX_TICKET_SIZE; i++) {
		sealed[i] ^= 1;
		assert_int_equal(reopen(&check), MASIX_E_DENIED);
		sealed[i] ^= 1;
	}
	assert_int_equal(reopen(&check), 0);
}

/* The ciphertext is bound to one key by more than the cipher's tag: without the commitment the same bytes, with
 * the commitment of another ticket, would still open. */
static void test_ticket_commits_to_its_key(void **state)
{
	struct masix_ticket_check check = check_of();
	uint8_t commitment[32];

	(void)state;
	make_ticket();
	memcpy(commitment, sealed + 40, sizeof commitment);
	make_ticket();
	memcpy(sealed + 40, commitment, sizeof commitment);
	assert_int_equal(reopen(&check), MASIX_E_DENIED);
}

static struct masix_exchange exchange_of(void)
{
	struct masix_exchange exchange = { .incarnation = INCARNATION };

	make_ticket();
	exchange.ticket = made;
	randombytes_buf(exchange.client_nonce, sizeof exchange.client_nonce);
	randombytes_buf(exchange.server_nonce, sizeof exchange.server_nonce);
	return exchange;
}

static void test_exchange(void **state)
{
	struct masix_exchange exchange = exchange_of();
	uint8_t server[MASIX_MAC_SIZE], client[MASIX_MAC_SIZE];

	(void)state;
	masix_exchange_mac(&exchange, MASIX_SIDE_SERVER, server);
	masix_exchange_mac(&exchange, MASIX_SIDE_CLIENT, client);
	assert_int_equal(masix_exchange_check(&exchange, MASIX_SIDE_SERVER, server), 0);
	assert_int_equal(masix_exchange_check(&exchange, MASIX_SIDE_CLIENT, client), 0);
	/* What one side has said does not speak for the other. */
	assert_int_equal(
		masix_exchange_check(&exchange, MASIX_SIDE_CLIENT, server), MASIX_E_DENIED);
	assert_int_equal(
		masix_exchange_check(&exchange, MASIX_SIDE_SERVER, client), MASIX_E_DENIED);
}

static void test_proofs_are_bound(void **state)
{
	const struct masix_exchange genuine = exchange_of();
	struct masix_exchange other;
	uint8_t mac[MASIX_MAC_SIZE];

	(void)state;
	masix_exchange_mac(&genuine, MASIX_SIDE_CLIENT, mac);
#define OTHER(change)                                                                              \
	do {                                                                                       \
		other = genuine;                                                                   \
		change;                                                                            \
		assert_int_equal(                                                                  \
			masix_exchange_check(&other, MASIX_SIDE_CLIENT, mac), MASIX_E_DENIED);     \
	} while (0)
	OTHER(other.server_nonce[0] ^= 1); /* a proof of another exchange */
	OTHER(other.client_nonce[31] ^= 1);
	OTHER(other.ticket.key[0] ^= 1);
	OTHER(strcpy(other.ticket.client, "root"));
	OTHER(strcpy(other.ticket.target, "fs2"));
	OTHER(other.ticket.client_session++);
	OTHER(other.ticket.target_session++);
	OTHER(other.incarnation++);
	OTHER(other.link[5] ^= 1); /* relayed onto another link */
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, set_up)
	const struct CMUnitTest tests[] = {
		TEST(test_sequence_rises),
		TEST(test_questions_are_bound),
		TEST(test_names_of_any_length),
		TEST(test_rotation_overlaps),
		TEST(test_ticket_there_and_back),
		TEST(test_tickets_of_others_are_refused),
		TEST(test_ticket_commits_to_its_key),
		TEST(test_exchange),
		TEST(test_proofs_are_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
