/* Registrations, requests of keys, lookups and tickets: what is genuine is accepted once, what differs in any field is
 * refused. */
#include <masix/error.h>
#include <masix/proof.h>
#include <masix/types.h>
#include <sodium.h>

#include "input.h"
#include "keys.h"
#include "trust.h"

static struct manifest manifest;
static struct trust_site site;
static uint8_t secret_key[64];

static void make_manifest(void)
{
	static const uint8_t seed[32] = { 3 };

	REQUIRE(sodium_init() >= 0);
	memset(&manifest, 0, sizeof manifest);
	memcpy(manifest.name, "a", 2);
	manifest.generation = 4;
	manifest.provide_count = 1;
	memcpy(manifest.provides[0].name, "a/*", 4);
	manifest.provides[0].role = MASIX_ROLE_CLIENT;
	manifest.provides[0].interface_count = 1;
	manifest.provides[0].interfaces[0] = (struct manifest_interface){ 600000, 1 };
	REQUIRE(crypto_sign_seed_keypair(manifest.public_key, secret_key, seed) == 0);
	site.incarnation = 99;
}

/* One bit of the signed or the given side is wrong where the input says so. */
static void change(struct input *input, void *bytes, size_t size, int *changed)
{
	unsigned at = take_below(input, 255);

	if (take_below(input, 4) != 0 || size == 0)
		return;
	((uint8_t *)bytes)[at % size] ^= 1u << (at & 7);
	*changed = 1;
}

static void register_once(struct input *input)
{
	struct trust_session session, theirs;
	uint32_t words[4] = { 600000, 1 };
	char name[64];
	struct trust_claim claim = { .name = name,
		.role = MASIX_ROLE_CLIENT,
		.interfaces = words,
		.interface_words = 2,
		.generation = 4 };
	uint8_t bytes[MASIX_REGISTRATION_MAX], signature[MASIX_SIGNATURE_SIZE];
	const char *why = NULL;
	int changed = 0;
	size_t size;

	take_name(input, name);
	claim.name_length = strlen(name);
	trust_begin(&session, 5);
	theirs = session;

	struct masix_registration registration = { .cluster = site.public_key,
		.node = site.node,
		.incarnation = site.incarnation,
		.challenge = theirs.challenge,
		.session = theirs.id,
		.name = name,
		.name_length = claim.name_length,
		.interfaces = words,
		.interface_words = 2,
		.role = MASIX_ROLE_CLIENT,
		.image_hash = manifest.image_hash,
		.manifest_hash = manifest.hash,
		.public_key = manifest.public_key,
		.generation = 4 };

	change(input, theirs.challenge, sizeof theirs.challenge, &changed);
	change(input, &registration.session, sizeof registration.session, &changed);
	change(input, &registration.incarnation, sizeof registration.incarnation, &changed);
	change(input, &registration.role, sizeof registration.role, &changed);
	change(input, &registration.generation, sizeof registration.generation, &changed);
	size = masix_registration_bytes(&registration, bytes, sizeof bytes);
	REQUIRE((size == 0) == (name[0] == '\0'));
	REQUIRE(crypto_sign_detached(signature, NULL, bytes, size, secret_key) == 0);
	change(input, signature, sizeof signature, &changed);
	change(input, words, 8, &changed);
	if (take_below(input, 8) == 0)
		claim.interface_words = take_below(input, 5), changed |= claim.interface_words != 2;
	if (trust_check(&session, &site, &manifest, &claim, signature, &why) == 0)
		REQUIRE(!changed &&
			manifest_find_provide(&manifest, name, strlen(name), MASIX_ROLE_CLIENT));
	else
		REQUIRE(why != NULL);
	/* Whatever came out: not a second time. */
	REQUIRE(trust_check(&session, &site, &manifest, &claim, signature, &why) != 0);
	REQUIRE(trust_check_key_request(&session, &site, &manifest, signature) != 0);
}

static void look_up(struct input *input)
{
	struct keys keys;
	uint8_t nonce[MASIX_NONCE_SIZE] = { 0 }, mac[MASIX_MAC_SIZE];
	uint64_t now = 1000, last = 0;
	const char *why;

	keys_begin(&keys);
	for (unsigned i = 0; i < 6 && input->left != 0; i++) {
		struct masix_question question = { .what = MASIX_ASK_RESOLVE,
			.incarnation = 1,
			.session = 2,
			.epoch = keys.epoch,
			.sequence = take8(input),
			.nonce = nonce,
			.name = "fs",
			.name_length = 2,
			.role = MASIX_ROLE_SERVER };
		const bool old = take_below(input, 4) == 0 && keys.epoch > 1;
		int changed = 0, result;

		if (old)
			question.epoch--;
		masix_question_mac(&question, old ? keys.previous : keys.newest, mac);
		change(input, mac, sizeof mac, &changed);
		change(input, &question.what, sizeof question.what, &changed);
		change(input, &question.sequence, sizeof question.sequence, &changed);
		change(input, &question.session, sizeof question.session, &changed);
		result = keys_check(&keys, &question, mac, now, &why);
		if (result == 0) {
			REQUIRE(!changed && question.sequence > last);
			REQUIRE(!old || now < keys.previous_until);
			last = question.sequence;
		} else if (!changed && result == MASIX_E_DENIED) {
			REQUIRE(0);
		}
		if (take_below(input, 3) == 0)
			keys_rotate(&keys, now);
		now += take32(input) * 10ull;
	}
}

static void show_a_ticket(struct input *input)
{
	struct keys keys;
	struct masix_ticket ticket = {
		.client = "a", .target = "fs", .client_session = 4, .target_session = 2
	};
	struct masix_ticket opened;
	uint8_t sealed[MASIX_TICKET_SIZE];
	struct masix_ticket_check check = {
		.target = "fs", .target_session = 2, .incarnation = 9, .now = 1000
	};
	size_t size = sizeof sealed;
	int changed = 0;

	keys_begin(&keys);
	keys_seal(&keys, &ticket, 9, 1000, sealed);
	check.epoch = keys.epoch;
	check.key = keys.newest;
	change(input, sealed, sizeof sealed, &changed);
	change(input, &check.target_session, 4, &changed);
	change(input, &check.incarnation, 8, &changed);
	change(input, &check.epoch, 4, &changed);
	if (take_below(input, 4) == 0)
		check.target = "b", changed = 1;
	if (take_below(input, 4) == 0)
		check.now += KEYS_TICKET_NS + take8(input), changed = 1;
	if (take_below(input, 4) == 0)
		size -= 1 + take8(input), changed = 1;
	if (masix_ticket_open(sealed, size, &check, &opened) == 0) {
		REQUIRE(!changed && memcmp(&opened, &ticket, sizeof opened) == 0);
	} else {
		REQUIRE(changed);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	make_manifest();
	switch (take_below(&input, 3)) {
	case 0:
		register_once(&input);
		break;
	case 1:
		look_up(&input);
		break;
	default:
		show_a_ticket(&input);
	}
	return 0;
}
