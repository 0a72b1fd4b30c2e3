/* masix-sign: makes the site's keys, compiles and signs manifests, gives servers their identity. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <masix/audit.h>
#include <masix/types.h>

#include "bundle.h"
#include "compile.h"
#include "image.h"
#include "keys.h"
#include "order.h"

static const char usage[] =
	"usage: masix-sign site-key\n"
	"           make the site's key pair, unless there is one\n"
	"       masix-sign site-source OUT.c\n"
	"           the site's public key as C source, for ACS\n"
	"       masix-sign check TEXT...\n"
	"           compile manifests and report errors, also servers that need each other\n"
	"       masix-sign server TEXT IMAGE OUT-IMAGE OUT-MANIFEST\n"
	"           give the server in IMAGE its key pair; measure it; compile and sign its "
	"manifest\n"
	"       masix-sign node NAME SECRET IMAGE OUT-IMAGE\n"
	"           make the machine that gets this image of gns the node NAME of the cluster "
	"whose "
	"secret is in the file SECRET\n"
	"       masix-sign bundle OUT MANIFEST...\n"
	"           the boot module with the signed manifests of the boot servers\n"
	"       masix-sign audit FILE\n"
	"           check the hashes of an audit record that `masix audit` printed\n"
	"       masix-sign show MANIFEST\n"
	"           check a signed manifest and print what it says\n"
	"options: -k FOLDER  where the keys are (build/keys)\n"
	"         -s FILE    the registry of interfaces (mig/subsystems)\n";

struct options {
	const char *keys;
	const char *subsystems;
};

/* Returns the line of its needs, or 0. */
static unsigned compile(const struct options *options, const char *path, struct manifest *manifest)
{
	static struct subsystems subsystems;
	struct file registry = file_read(options->subsystems), text = file_read(path);
	char error[COMPILE_ERROR_SIZE];
	int line = subsystems_parse((char *)registry.bytes, &subsystems);
	unsigned needs_line;

	if (line != 0)
		die("%s:%d: malformed", options->subsystems, line);
	if (strlen((char *)text.bytes) != text.size)
		die("%s: a text without NUL bytes is expected", path);
	if (compile_manifest(path, (char *)text.bytes, &subsystems, manifest, &needs_line, error) !=
		0) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	free(registry.bytes);
	free(text.bytes);
	return needs_line;
}

static void command_site_key(const struct options *options, char **arguments)
{
	struct key_pair site;

	(void)arguments;
	key_pair_load(&site, options->keys, "site", 1);
}

static void command_site_source(const struct options *options, char **arguments)
{
	struct key_pair site;
	char text[1024];
	int used, i;

	key_pair_load(&site, options->keys, "site", 0);
	used = sprintf(text, "/* The site's public key; written by masix-sign. */\n"
			     "#include \"site_key.h\"\n\n"
			     "const uint8_t acs_site_key[32] = {");
	for (i = 0; i < 32; i++)
		used += sprintf(
			text + used, "%s0x%02x,", i % 8 == 0 ? "\n\t" : " ", site.public[i]);
	used += sprintf(text + used, "\n};\n");
	file_write(arguments[0], text, used, 0644);
}

static void command_check(const struct options *options, char **arguments)
{
	static struct manifest manifests[ORDER_MAX];
	static const struct manifest *table[ORDER_MAX];
	static unsigned lines[ORDER_MAX];
	struct order_problem problem;
	unsigned count;

	for (count = 0; arguments[count] != NULL; count++) {
		table[count] = &manifests[count];
		lines[count] = compile(options, arguments[count], &manifests[count]);
	}
	if (!order_cycle(table, count, &problem))
		return;
	while (count-- != 0)
		if (strcmp(manifests[count].name, problem.server) == 0)
			fprintf(stderr, "%s:%u: needs itself: %s\n", arguments[count], lines[count],
				problem.path);
	exit(1);
}

static void command_server(const struct options *options, char **arguments)
{
	static struct manifest manifest;
	static uint8_t bytes[MANIFEST_MAX], body[MANIFEST_BODY_MAX];
	struct key_pair site, own;
	struct masix_identity identity = { .magic = MASIX_IDENTITY_MAGIC };
	struct image image;
	size_t size;

	(void)compile(options, arguments[0], &manifest);
	key_pair_load(&site, options->keys, "site", 0);
	key_pair_load(&own, options->keys, manifest.name, 1);
	image_load(&image, arguments[1]);
	memcpy(manifest.image_hash, image.hash, sizeof manifest.image_hash);
	memcpy(manifest.public_key, own.public, sizeof manifest.public_key);
	size = manifest_build(&manifest, body, sizeof body);
	crypto_generichash(manifest.hash, sizeof manifest.hash, body, size, NULL, 0);
	size = manifest_sign(&manifest, site.secret, bytes, sizeof bytes);
	if (size == 0)
		die("%s: the manifest is too long", arguments[0]);

	identity.generation = manifest.generation;
	memcpy(identity.name, manifest.name, sizeof identity.name);
	memcpy(identity.seed, own.seed, sizeof identity.seed);
	memcpy(identity.public_key, own.public, sizeof identity.public_key);
	memcpy(identity.site, site.public, sizeof identity.site);
	memcpy(identity.image_hash, manifest.image_hash, sizeof identity.image_hash);
	memcpy(identity.manifest_hash, manifest.hash, sizeof identity.manifest_hash);
	*image.identity = identity;
	/* The image holds the server's secret key. */
	file_write(arguments[2], image.file.bytes, image.file.size, 0600);
	file_write(arguments[3], bytes, size, 0644);
}

static void command_node(const struct options *options, char **arguments)
{
	uint8_t bytes[sizeof MASIX_NODE_LABEL + MASIX_NODE_NAME_SIZE + MASIX_PUBLIC_KEY_SIZE];
	const struct file secret = file_read(arguments[1]);
	struct masix_node_certificate *certificate;
	struct masix_node_identity *node;
	struct key_pair site;
	struct image image;

	key_pair_load(&site, options->keys, "site", 0);
	image_load(&image, arguments[2]);
	node = &image.identity->node;
	certificate = &node->certificate;
	if (arguments[0][0] == '\0' || strlen(arguments[0]) >= sizeof certificate->name)
		die("%s: a node's name has 1 to %zu letters", arguments[0],
			sizeof certificate->name - 1);
	if (secret.size != sizeof node->cluster)
		die("%s: a cluster's secret has %zu bytes", arguments[1], sizeof node->cluster);
	memset(node, 0, sizeof *node);
	strcpy(certificate->name, arguments[0]);
	memcpy(node->cluster, secret.bytes, sizeof node->cluster);
	randombytes_buf(node->secret, sizeof node->secret);
	if (crypto_scalarmult_base(certificate->public_key, node->secret) != 0)
		die("cannot make a key");
	memcpy(bytes, MASIX_NODE_LABEL, sizeof MASIX_NODE_LABEL);
	memcpy(bytes + sizeof MASIX_NODE_LABEL, certificate->name, sizeof certificate->name);
	memcpy(bytes + sizeof MASIX_NODE_LABEL + sizeof certificate->name, certificate->public_key,
		sizeof certificate->public_key);
	crypto_sign_detached(certificate->signature, NULL, bytes, sizeof bytes, site.secret);
	file_write(arguments[3], image.file.bytes, image.file.size, 0600);
}

static void command_bundle(const struct options *options, char **arguments)
{
	static uint8_t bytes[BUNDLE_MAX];
	static struct manifest manifest;
	struct key_pair site;
	size_t size = BUNDLE_HEADER_SIZE;
	unsigned count = 0;
	char **path;

	key_pair_load(&site, options->keys, "site", 0);
	for (path = arguments + 1; *path != NULL; path++) {
		struct file file = file_read(*path);
		const char *why;

		if (manifest_open(file.bytes, file.size, site.public, &manifest, &why) != 0)
			die("%s: %s", *path, why);
		if (count++ == BUNDLE_ENTRIES)
			die("more than %d manifests", BUNDLE_ENTRIES);
		bytes_put32(bytes + size, file.size);
		memcpy(bytes + size + 4, file.bytes, file.size);
		size += 4 + file.size;
		free(file.bytes);
	}
	bundle_sign(bytes, size, count, site.secret);
	image_write_data(arguments[0], BUNDLE_ADDRESS, bytes, size);
}

static void show_hex(const char *label, const uint8_t *bytes, size_t size)
{
	printf("# %s ", label);
	while (size-- != 0)
		printf("%02x", *bytes++);
	putchar('\n');
}

static void command_show(const struct options *options, char **arguments)
{
	static struct manifest manifest;
	struct key_pair site;
	struct file file = file_read(arguments[0]);
	const char *why;
	unsigned i, j;

	key_pair_load(&site, options->keys, "site", 0);
	if (manifest_open(file.bytes, file.size, site.public, &manifest, &why) != 0)
		die("%s: %s", arguments[0], why);
	printf("name %s\ngeneration %u\n", manifest.name, manifest.generation);
	show_hex("image", manifest.image_hash, sizeof manifest.image_hash);
	show_hex("key", manifest.public_key, sizeof manifest.public_key);
	show_hex("manifest", manifest.hash, sizeof manifest.hash);
	for (i = 0; i < manifest.provide_count; i++) {
		static const char *const roles[] = { "", "server", "client", "admin" };
		const struct manifest_provide *provide = &manifest.provides[i];

		printf("%s %s %s", provide->required ? "provides" : "may-provide", provide->name,
			roles[provide->role]);
		for (j = 0; j < provide->interface_count; j++)
			printf(" %u:%u", provide->interfaces[j].id, provide->interfaces[j].version);
		putchar('\n');
	}
	for (i = 0; i < manifest.resolve_count; i++)
		printf("resolves %s\n", manifest.resolves[i]);
	for (i = 0; i < manifest.right_count; i++)
		printf("# right %d, %u-%u\n", manifest.rights[i].which, manifest.rights[i].from,
			manifest.rights[i].to);
	if (manifest.pool > 1)
		printf("pool %u\n", manifest.pool);
	if (manifest.hand_over != 0)
		printf("hand-over %u\n", manifest.hand_over);
	if (manifest.inherits)
		puts("inherits");
	for (i = 0; i < manifest.format_count; i++)
		printf("# runs files of a format by %s\n", manifest.formats[i].runner);
	for (i = 0; i < manifest.need_count; i++)
		printf("needs %s\n", manifest.needs[i]);
	for (i = 0; i < manifest.argument_count; i++)
		printf("# argument %s\n", manifest.arguments[i]);
}

static void command_audit(const struct options *options, char **arguments)
{
	struct file file = file_read(arguments[0]);
	struct masix_audit_reader reader;
	struct masix_audit_line line;
	const char *why;
	unsigned lines = 0;
	int end;

	(void)options;
	masix_audit_begin(&reader, (const char *)file.bytes, file.size);
	while ((end = masix_audit_next(&reader, &line, &why)) == 0)
		lines++;
	if (end < 0)
		die("%s: what comes after record %llu %s", arguments[0],
			(unsigned long long)reader.number, why);
	printf("%u records, up to number %llu; each follows from the one before\n", lines,
		(unsigned long long)reader.number);
	free(file.bytes);
}

static const struct command {
	const char *name;
	void (*run)(const struct options *options, char **arguments);
	int least, most;
} commands[] = {
	{ "site-key", command_site_key, 0, 0 },
	{ "site-source", command_site_source, 1, 1 },
	{ "check", command_check, 1, ORDER_MAX },
	{ "server", command_server, 4, 4 },
	{ "node", command_node, 4, 4 },
	{ "bundle", command_bundle, 2, 1 + BUNDLE_ENTRIES },
	{ "audit", command_audit, 1, 1 },
	{ "show", command_show, 1, 1 },
};

int main(int argc, char **argv)
{
	struct options options = { "build/keys", "mig/subsystems" };
	size_t i;
	int option;

	if (sodium_init() < 0)
		die("libsodium does not start");
	while ((option = getopt(argc, argv, "k:s:h")) != -1) {
		switch (option) {
		case 'k':
			options.keys = optarg;
			break;
		case 's':
			options.subsystems = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	for (i = 0; optind < argc && i < sizeof commands / sizeof commands[0]; i++) {
		int count = argc - optind - 1;

		if (strcmp(argv[optind], commands[i].name) == 0 && count >= commands[i].least &&
			count <= commands[i].most) {
			commands[i].run(&options, argv + optind + 1);
			return 0;
		}
	}
	fputs(usage, stderr);
	return 2;
}
