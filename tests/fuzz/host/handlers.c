/* All routines of ACS behind their stubs, in a played world: any requests in any order, between genuine registrations,
 * lookups, starts and deaths. Nothing may be used that is not held, and at the end nothing is left. */
#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/proof.h>
#include <sodium.h>

#include "acs_client_server.h"
#include "acs_session_server.h"
#include "acs_world.h"
#include "mach.h"
#include "message.h"
#include "server.h"

static const char *name_of(struct input *input)
{
	static const char *const names[] = { "lamp", "bell", "nest", "nest/egg", "herd", "heir",
		"lamp/x", "console", "herd#3", "lamp#1", "", "a" };

	return names[take_below(input, sizeof names / sizeof names[0])];
}

/* --- Genuine --- */

static void give_back(kern_return_t kr, mach_port_t reply)
{
	if (kr != MIG_NO_REPLY)
		kernel_move(reply);
}

static void register_genuinely(struct input *input)
{
	const struct signed_image *image = NULL;
	struct session *session = world_session(take8(input), &image);
	uint8_t bytes[MASIX_REGISTRATION_MAX];
	uint32_t words[2 * MANIFEST_INTERFACES];
	const struct manifest_provide *provide;
	masix_signature_t signature;
	masix_name_t name = "";
	masix_key_t next;
	mach_port_t right;

	if (session == NULL || image->manifest.provide_count == 0)
		return;
	provide = &image->manifest.provides[take_below(input, image->manifest.provide_count)];
	snprintf(name, sizeof name, "%s", provide->name);
	for (unsigned i = 0; i < provide->interface_count; i++) {
		words[2 * i] = provide->interfaces[i].id;
		words[2 * i + 1] = provide->interfaces[i].version;
	}

	const struct masix_registration registration = {
		.cluster = acs.site.public_key,
		.node = acs.site.node,
		.incarnation = acs.site.incarnation,
		.challenge = session->trust.challenge,
		.session = session->trust.id,
		.name = name,
		.name_length = strlen(name),
		.interfaces = words,
		.interface_words = 2 * provide->interface_count,
		.role = (uint32_t)provide->role,
		.image_hash = image->manifest.image_hash,
		.manifest_hash = image->manifest.hash,
		.public_key = image->manifest.public_key,
		.generation = image->manifest.generation,
	};
	const size_t size = masix_registration_bytes(&registration, bytes, sizeof bytes);

	REQUIRE(crypto_sign_detached(signature.bytes, NULL, bytes, size, image->secret_key) == 0);
	right = kernel_right(false);
	if (S_acs_register(session->object.port, name, strlen(name), provide->role, words,
		    2 * provide->interface_count, right, image->manifest.generation, signature,
		    &next) != KERN_SUCCESS)
		kernel_move(right);
	if (take_below(input, 4) != 0)
		(void)S_acs_ready(session->object.port);
}

static void ask_genuinely(struct input *input)
{
	const struct signed_image *image = NULL;
	struct session *session = world_session(take8(input), &image);
	const char *name = name_of(input);
	const bool ticket = take_below(input, 2);
	masix_nonce_t nonce = { { 0 } };
	masix_key_t mac, key;
	masix_name_t target;
	unsigned length = sizeof target;
	uint32_t peer;
	masix_sealed_t sealed;
	mach_port_t right = MACH_PORT_NULL, reply;
	kern_return_t kr;

	if (session == NULL)
		return;

	const struct masix_question question = {
		.what = ticket ? MASIX_ASK_TICKET : MASIX_ASK_RESOLVE,
		.incarnation = acs.site.incarnation,
		.session = session->trust.id,
		.epoch = session->keys.epoch,
		.sequence = session->keys.last_sequence + take_below(input, 4),
		.nonce = nonce.bytes,
		.name = name,
		.name_length = strlen(name),
		.role = MASIX_ROLE_SERVER,
	};

	masix_question_mac(&question, session->keys.newest, mac.bytes);
	if (ticket) {
		if (S_acs_ticket(session->object.port, name, strlen(name), question.epoch,
			    question.sequence, nonce, mac, &right, target, &length, &peer, &key,
			    &sealed) == KERN_SUCCESS)
			kernel_move(right);
		return;
	}
	reply = kernel_right(true);
	kr = S_acs_resolve(session->object.port, reply, MACH_MSG_TYPE_PORT_SEND_ONCE, name,
		strlen(name), take8(input) * 100u, question.epoch, question.sequence, nonce, mac,
		&right);
	if (kr == KERN_SUCCESS)
		kernel_move(right);
	give_back(kr, reply);
}

static void keep_memory(struct input *input)
{
	const struct signed_image *image = NULL;
	struct session *session = world_session(take8(input), &image);
	int inherited;

	if (session != NULL)
		(void)S_acs_keep(session->object.port, 0x80000000u,
			(1 + take_below(input, 4)) << 12, &inherited);
}

static char *memory_of(const uint8_t *bytes, size_t size)
{
	const uint32_t chances = kernel_chances;
	vm_address_t memory;

	kernel_chances = 0; /* it has come with the message */
	REQUIRE(vm_allocate(mach_task_self(), &memory, size, TRUE) == KERN_SUCCESS);
	kernel_chances = chances;
	memcpy((void *)memory, bytes, size);
	return (char *)memory;
}

static void start_genuinely(struct input *input)
{
	const struct signed_image *image = &images[take_below(input, IMAGES)],
				  *other = take_below(input, 8) ? image : &images[0];
	char *bytes = memory_of(image->bytes, image->size),
	     *manifest = memory_of(other->manifest_bytes, other->manifest_size);
	mach_port_t reply = kernel_right(true);
	masix_name_t reason;
	unsigned length = sizeof reason;
	kern_return_t status,
		kr = S_acs_start(acs.admin.object.port, reply, MACH_MSG_TYPE_PORT_SEND_ONCE,
			(int)take_below(input, 4), bytes, image->size, manifest,
			other->manifest_size, &status, reason, &length);

	if (kr != KERN_SUCCESS && kr != MIG_NO_REPLY) {
		(void)vm_deallocate(mach_task_self(), (vm_address_t)bytes, image->size);
		(void)vm_deallocate(mach_task_self(), (vm_address_t)manifest, other->manifest_size);
	}
	give_back(kr, reply);
	world_run();
}

/* --- What happens --- */

static void let_time_pass(struct input *input)
{
	static const uint64_t steps[] = { 1, 100, 1000, 10000, 61000 };

	kernel_now += steps[take_below(input, 5)] * 1000000;
	world_run();
}

static void let_a_task_die(struct input *input)
{
	mach_port_t task = kernel_task(take8(input));

	if (task == MACH_PORT_NULL)
		return;
	kernel_kill(task);
	server_task_died(&acs, task);
	world_run();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const steps[])(struct input * input) = { message_raw, message_shaped,
		message_shaped, register_genuinely, ask_genuinely, start_genuinely, let_time_pass,
		let_a_task_die, keep_memory };
	struct input input = { data, size };

	if (images[0].bytes == NULL)
		world_load();
	kernel_chances = take8(&input);
	world_begin();
	for (unsigned i = 0; input.left != 0 && i < 64; i++)
		steps[take_below(&input, sizeof steps / sizeof steps[0])](&input);
	world_end();
	return 0;
}
