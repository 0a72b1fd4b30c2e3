/* Unit tests of acs/trust.c: who may register what, and with which signature. */
#include "test.h"

#include <masix/error.h>
#include <masix/types.h>
#include <sodium.h>
#include <string.h>

#include "revoked.h"
#include "trust.h"

#define INTERFACE 500600

static uint8_t secret[crypto_sign_SECRETKEYBYTES];
static struct manifest manifest;
static struct trust_site site;
static const uint32_t interfaces[] = { INTERFACE, 1 };
static const struct trust_claim good = {
	.name = "echo",
	.name_length = 4,
	.role = MASIX_ROLE_CLIENT,
	.interfaces = interfaces,
	.interface_words = 2,
	.generation = 5,
};

static int set_up(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	memset(&manifest, 0, sizeof manifest);
	strcpy(manifest.name, "echo");
	manifest.generation = 5;
	manifest.provide_count = 1;
	strcpy(manifest.provides[0].name, "echo");
	manifest.provides[0].role = MASIX_ROLE_CLIENT;
	manifest.provides[0].interface_count = 1;
	manifest.provides[0].interfaces[0] = (struct manifest_interface){ INTERFACE, 1 };
	randombytes_buf(manifest.image_hash, sizeof manifest.image_hash);
	randombytes_buf(manifest.hash, sizeof manifest.hash);
	randombytes_buf(&site, sizeof site);
	crypto_sign_keypair(manifest.public_key, secret);
	return 0;
}

/* What the server does: sign the claim on its session. */
static void sign(const struct trust_session *session, const struct trust_claim *claim,
	const uint8_t *key, uint8_t signature[MASIX_SIGNATURE_SIZE])
{
	const struct masix_registration registration = {
		.cluster = site.public_key,
		.node = site.node,
		.incarnation = site.incarnation,
		.challenge = session->challenge,
		.session = session->id,
		.name = claim->name,
		.name_length = claim->name_length,
		.interfaces = claim->interfaces,
		.interface_words = claim->interface_words,
		.role = claim->role,
		.image_hash = manifest.image_hash,
		.manifest_hash = manifest.hash,
		.public_key = manifest.public_key,
		.generation = claim->generation,
	};
	uint8_t bytes[MASIX_REGISTRATION_MAX];
	size_t size = masix_registration_bytes(&registration, bytes, sizeof bytes);

	assert_int_not_equal(size, 0);
	crypto_sign_detached(signature, NULL, bytes, size, key);
}

static int check(struct trust_session *session, const struct trust_claim *claim,
	const uint8_t signature[MASIX_SIGNATURE_SIZE])
{
	const char *why = NULL;
	int error = trust_check(session, &site, &manifest, claim, signature, &why);

	assert_true((error == 0) == (why == NULL));
	return error;
}

static void test_good_claim(void **state)
{
	struct trust_session session;
	uint8_t signature[MASIX_SIGNATURE_SIZE];

	(void)state;
	trust_begin(&session, 1);
	sign(&session, &good, secret, signature);
	assert_int_equal(check(&session, &good, signature), 0);
}

static void test_replay_is_refused(void **state)
{
	struct trust_session session;
	uint8_t signature[MASIX_SIGNATURE_SIZE];

	(void)state;
	trust_begin(&session, 1);
	sign(&session, &good, secret, signature);
	assert_int_equal(check(&session, &good, signature), 0);
	assert_int_equal(check(&session, &good, signature), MASIX_E_DENIED);
}

static void test_failure_uses_up_the_challenge(void **state)
{
	struct trust_session session;
	uint8_t signature[MASIX_SIGNATURE_SIZE], wrong[MASIX_SIGNATURE_SIZE] = { 0 };

	(void)state;
	trust_begin(&session, 1);
	sign(&session, &good, secret, signature);
	assert_int_equal(check(&session, &good, wrong), MASIX_E_DENIED);
	assert_int_equal(check(&session, &good, signature), MASIX_E_DENIED);
	sign(&session, &good, secret, signature);
	assert_int_equal(check(&session, &good, signature), 0);
}

static void test_signature_of_another_session_is_refused(void **state)
{
	struct trust_session mine, other;
	uint8_t signature[MASIX_SIGNATURE_SIZE];

	(void)state;
	trust_begin(&mine, 1);
	trust_begin(&other, 2);
	sign(&other, &good, secret, signature);
	assert_int_equal(check(&mine, &good, signature), MASIX_E_DENIED);
	/* Even if the challenges were the same. */
	memcpy(other.challenge, mine.challenge, sizeof other.challenge);
	sign(&other, &good, secret, signature);
	assert_int_equal(check(&mine, &good, signature), MASIX_E_DENIED);
}

static void test_signature_of_another_boot_is_refused(void **state)
{
	struct trust_session session;
	uint8_t signature[MASIX_SIGNATURE_SIZE];

	(void)state;
	trust_begin(&session, 1);
	sign(&session, &good, secret, signature);
	site.incarnation++;
	assert_int_equal(check(&session, &good, signature), MASIX_E_DENIED);
}

static void test_wrong_key_is_refused(void **state)
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES], other[crypto_sign_SECRETKEYBYTES];
	struct trust_session session;
	uint8_t signature[MASIX_SIGNATURE_SIZE];

	(void)state;
	crypto_sign_keypair(public, other);
	trust_begin(&session, 1);
	sign(&session, &good, other, signature);
	assert_int_equal(check(&session, &good, signature), MASIX_E_DENIED);
}

/* Signed correctly by the server's own key, and still not allowed. */
static void refuse_claim(const struct trust_claim *claim, int wanted)
{
	struct trust_session session;
	uint8_t signature[MASIX_SIGNATURE_SIZE];

	trust_begin(&session, 1);
	sign(&session, claim, secret, signature);
	assert_int_equal(check(&session, claim, signature), wanted);
}

static void test_claims_beyond_the_manifest_are_refused(void **state)
{
	static const uint32_t other_interface[] = { INTERFACE + 200, 1 };
	static const uint32_t other_version[] = { INTERFACE, 2 };
	struct trust_claim claim;

	(void)state;
	claim = good;
	claim.name = "fs/root";
	claim.name_length = 7;
	refuse_claim(&claim, MASIX_E_DENIED);
	claim = good;
	claim.role = MASIX_ROLE_SERVER;
	refuse_claim(&claim, MASIX_E_DENIED);
	claim = good;
	claim.interfaces = other_interface;
	refuse_claim(&claim, MASIX_E_DENIED);
	claim.interfaces = other_version;
	refuse_claim(&claim, MASIX_E_DENIED);
	claim = good;
	claim.generation = 4;
	refuse_claim(&claim, MASIX_E_DENIED);
}

static void test_claim_that_differs_from_what_was_signed(void **state)
{
	struct trust_session session;
	struct trust_claim claim = good;
	uint8_t signature[MASIX_SIGNATURE_SIZE];

	(void)state;
	trust_begin(&session, 1);
	sign(&session, &good, secret, signature);
	claim.interface_words = 0;
	assert_int_equal(check(&session, &claim, signature), MASIX_E_DENIED);
}

static void test_malformed_claims_are_refused(void **state)
{
	uint8_t signature[MASIX_SIGNATURE_SIZE] = { 0 };
	struct trust_session session;
	struct trust_claim claim = good;

	(void)state;
	trust_begin(&session, 1);
	claim.name_length = 0;
	assert_int_equal(check(&session, &claim, signature), MASIX_E_INVALID);
	claim = good;
	claim.interface_words = 1;
	assert_int_equal(check(&session, &claim, signature), MASIX_E_INVALID);
	claim.interface_words = 64;
	assert_int_equal(check(&session, &claim, signature), MASIX_E_INVALID);
}

/* The session key is for the holder of the server's key, on this session, once. */
static void test_session_key_is_proved_for(void **state)
{
	struct trust_session session;
	struct masix_key_request request = {
		.cluster = site.public_key,
		.node = site.node,
		.incarnation = site.incarnation,
		.challenge = session.challenge,
		.session = 1,
		.public_key = manifest.public_key,
	};
	uint8_t bytes[MASIX_KEY_REQUEST_MAX], signature[MASIX_SIGNATURE_SIZE];
	size_t size;

	(void)state;
	trust_begin(&session, 1);
	size = masix_key_request_bytes(&request, bytes, sizeof bytes);
	crypto_sign_detached(signature, NULL, bytes, size, secret);
	assert_int_equal(trust_check_key_request(&session, &site, &manifest, signature), 0);
	assert_int_equal(
		trust_check_key_request(&session, &site, &manifest, signature), MASIX_E_DENIED);
	/* A registration is no request for a key. */
	sign(&session, &good, secret, signature);
	assert_int_equal(
		trust_check_key_request(&session, &site, &manifest, signature), MASIX_E_DENIED);
	request.session = 2;
	size = masix_key_request_bytes(&request, bytes, sizeof bytes);
	crypto_sign_detached(signature, NULL, bytes, size, secret);
	assert_int_equal(
		trust_check_key_request(&session, &site, &manifest, signature), MASIX_E_DENIED);
	assert_int_equal(masix_key_request_bytes(&request, bytes, size - 1), 0);
}

static void test_revoked_keys_are_remembered(void **state)
{
	static struct trust_revoked revoked;
	unsigned i;

	(void)state;
	assert_false(trust_is_revoked(&revoked, manifest.public_key));
	assert_int_equal(trust_revoke(&revoked, manifest.name, manifest.public_key), 0);
	assert_int_equal(trust_revoke(&revoked, manifest.name, manifest.public_key), 0);
	assert_int_equal(revoked.count, 1);
	assert_true(trust_is_revoked(&revoked, manifest.public_key));
	for (i = 1; i < TRUST_REVOKED_MAX; i++) {
		manifest.public_key[0]++;
		assert_int_equal(trust_revoke(&revoked, manifest.name, manifest.public_key), 0);
	}
	manifest.public_key[1]++;
	assert_int_equal(trust_revoke(&revoked, manifest.name, manifest.public_key), MASIX_E_LIMIT);
	assert_false(trust_is_revoked(&revoked, manifest.public_key));
}

static void test_revoked_keys_outlive_a_boot(void **state)
{
	static struct trust_revoked revoked, back;
	static uint8_t bytes[REVOKED_MAX], key[REVOKED_KEY_SIZE], other[REVOKED_KEY_SIZE];
	uint8_t seed[MASIX_SEED_SIZE] = { 1 };
	const char *why;
	size_t size, i;

	(void)state;
	memset(&revoked, 0, sizeof revoked);
	revoked_key(seed, key);
	seed[0]++;
	revoked_key(seed, other);
	size = revoked_write(&revoked, key, bytes);
	assert_int_equal(revoked_read(bytes, size, key, &back, &why), 0);
	assert_int_equal(back.count, 0);
	for (i = 0; i < TRUST_REVOKED_MAX; i++) {
		manifest.public_key[0]++;
		assert_int_equal(trust_revoke(&revoked, manifest.name, manifest.public_key), 0);
	}
	size = revoked_write(&revoked, key, bytes);
	assert_int_equal(size, REVOKED_MAX);
	assert_int_equal(revoked_read(bytes, size, key, &back, &why), 0);
	assert_memory_equal(&back, &revoked, sizeof back);
	/* Of another ACS, cut, longer, or with any byte changed. */
	assert_int_equal(revoked_read(bytes, size, other, &back, &why), MASIX_E_DENIED);
	for (i = 0; i < size; i++)
		assert_int_not_equal(revoked_read(bytes, i, key, &back, &why), 0);
	assert_int_equal(revoked_read(bytes, size + 1, key, &back, &why), MASIX_E_BAD_FORMAT);
	for (i = 0; i < size; i++) {
		bytes[i] ^= 0x10;
		assert_int_not_equal(revoked_read(bytes, size, key, &back, &why), 0);
		bytes[i] ^= 0x10;
	}
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, set_up)
	const struct CMUnitTest tests[] = {
		TEST(test_good_claim),
		TEST(test_replay_is_refused),
		TEST(test_failure_uses_up_the_challenge),
		TEST(test_signature_of_another_session_is_refused),
		TEST(test_signature_of_another_boot_is_refused),
		TEST(test_wrong_key_is_refused),
		TEST(test_claims_beyond_the_manifest_are_refused),
		TEST(test_claim_that_differs_from_what_was_signed),
		TEST(test_malformed_claims_are_refused),
		TEST(test_session_key_is_proved_for),
		TEST(test_revoked_keys_are_remembered),
		TEST(test_revoked_keys_outlive_a_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
