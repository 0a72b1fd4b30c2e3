/* Introductions and certificates: what is taken, and that nothing else is. */
#include "test.h"

#include <sodium.h>

#include "introduce.h"

static uint8_t site[crypto_sign_PUBLICKEYBYTES], site_secret[crypto_sign_SECRETKEYBYTES];
static struct masix_node_certificate own;
static uint8_t key[32];
static const uint8_t nonce[INTRODUCE_NONCE] = { 1, 2, 3 };

static void certify(struct masix_node_certificate *certificate, const char *name)
{
	uint8_t bytes[sizeof MASIX_NODE_LABEL + sizeof certificate->name +
		      sizeof certificate->public_key];

	memset(certificate, 0, sizeof *certificate);
	strcpy(certificate->name, name);
	randombytes_buf(certificate->public_key, sizeof certificate->public_key);
	memcpy(bytes, MASIX_NODE_LABEL, sizeof MASIX_NODE_LABEL);
	memcpy(bytes + sizeof MASIX_NODE_LABEL, certificate->name, sizeof certificate->name);
	memcpy(bytes + sizeof MASIX_NODE_LABEL + sizeof certificate->name, certificate->public_key,
		sizeof certificate->public_key);
	crypto_sign_detached(certificate->signature, NULL, bytes, sizeof bytes, site_secret);
}

static int begin(void **state)
{
	const uint8_t cluster[32] = "the secret of this cluster only";

	(void)state;
	if (sodium_init() < 0)
		return -1;
	crypto_sign_keypair(site, site_secret);
	certify(&own, "n1");
	introduce_key(cluster, key);
	return 0;
}

static void a_certificate_arrives(void **state)
{
	struct masix_node_certificate heard;
	uint8_t packet[INTRODUCE_SIZE], kind;

	(void)state;
	introduce_write(key, INTRODUCE_TELL, nonce, &own, packet);
	assert_true(introduce_read(key, packet, sizeof packet, &kind, &heard));
	assert_int_equal(kind, INTRODUCE_TELL);
	assert_memory_equal(&heard, &own, sizeof own);
	assert_true(introduce_certified(&heard, site));
}

static void each_changed_bit_is_noticed(void **state)
{
	struct masix_node_certificate heard;
	uint8_t packet[INTRODUCE_SIZE], kind;
	size_t bit;

	(void)state;
	introduce_write(key, INTRODUCE_ASK, nonce, &own, packet);
	for (bit = 0; bit < 8 * sizeof packet; bit++) {
		packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(introduce_read(key, packet, sizeof packet, &kind, &heard));
		packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (bit = 0; bit < 8 * sizeof own; bit++) {
		heard = own;
		((uint8_t *)&heard)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(introduce_certified(&heard, site));
	}
}

static void strangers_are_not_heard(void **state)
{
	const uint8_t other_cluster[32] = "another";
	uint8_t other_site[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	uint8_t packet[INTRODUCE_SIZE], other[32], kind;
	struct masix_node_certificate heard;

	(void)state;
	introduce_key(other_cluster, other);
	introduce_write(other, INTRODUCE_ASK, nonce, &own, packet);
	assert_false(introduce_read(key, packet, sizeof packet, &kind, &heard));
	crypto_sign_keypair(other_site, secret);
	assert_false(introduce_certified(&own, other_site));
}

static void odd_packets_and_names_are_refused(void **state)
{
	struct masix_node_certificate heard, odd;
	uint8_t packet[INTRODUCE_SIZE], kind, *copy;
	size_t size;

	(void)state;
	introduce_write(key, INTRODUCE_ASK, nonce, &own, packet);
	for (size = 0; size < sizeof packet; size++) {
		copy = guarded(packet, size);
		assert_false(introduce_read(key, copy, size, &kind, &heard));
		free(copy);
	}
	introduce_write(key, 7, nonce, &own, packet);
	assert_false(introduce_read(key, packet, sizeof packet, &kind, &heard));
	certify(&odd, "");
	introduce_write(key, INTRODUCE_ASK, nonce, &odd, packet);
	assert_false(introduce_read(key, packet, sizeof packet, &kind, &heard));
	odd = own;
	memset(odd.name, 'n', sizeof odd.name);
	introduce_write(key, INTRODUCE_ASK, nonce, &odd, packet);
	assert_false(introduce_read(key, packet, sizeof packet, &kind, &heard));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_arrives),
		cmocka_unit_test(each_changed_bit_is_noticed),
		cmocka_unit_test(strangers_are_not_heard),
		cmocka_unit_test(odd_packets_and_names_are_refused),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
