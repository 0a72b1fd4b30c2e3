/* From the text of a manifest to its contents, with an error that names the line. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <masix/types.h>

#include "compile.h"

#define WORDS (2 + MANIFEST_ARGUMENTS)
#define LINE_MAX 512

struct compiler {
	const char *file;
	unsigned line;
	const struct subsystems *subsystems;
	struct manifest *manifest;
	unsigned needs_line;
	char *error;
};

__attribute__((format(printf, 2, 3))) static int fail(
	struct compiler *compiler, const char *format, ...)
{
	va_list arguments;
	/* An empty text has no line, but whoever opens it is at the first. */
	int used = snprintf(compiler->error, COMPILE_ERROR_SIZE, "%s:%u: ", compiler->file,
		compiler->line != 0 ? compiler->line : 1);

	if (used < 0 || used >= COMPILE_ERROR_SIZE)
		return -1;
	va_start(arguments, format);
	vsnprintf(compiler->error + used, COMPILE_ERROR_SIZE - used, format, arguments);
	va_end(arguments);
	return -1;
}

static int number(const char *word, uint32_t *value)
{
	unsigned long parsed;
	char *end;

	parsed = strtoul(word, &end, 0);
	if (word[0] < '0' || word[0] > '9' || *end != '\0' || parsed > UINT32_MAX)
		return -1;
	*value = parsed;
	return 0;
}

/* "N" or "N-M". */
static int range(const char *word, uint32_t *from, uint32_t *to)
{
	char first[32];
	size_t length = strcspn(word, "-");

	if (length >= sizeof first)
		return -1;
	memcpy(first, word, length);
	first[length] = '\0';
	if (number(first, from) != 0)
		return -1;
	*to = *from;
	if (word[length] == '-' && number(word + length + 1, to) != 0)
		return -1;
	return *from <= *to && *to <= 0xffff ? 0 : -1;
}

static int copy_name(
	struct compiler *compiler, char to[MANIFEST_NAME_SIZE], const char *word, bool pattern)
{
	size_t length = strlen(word), checked = length;

	if (pattern && length > 2 && strcmp(word + length - 2, "/*") == 0)
		checked = length - 2;
	if (length >= MANIFEST_NAME_SIZE || !manifest_name_valid(word, checked))
		return fail(compiler, "bad name: %s", word);
	memcpy(to, word, length + 1);
	return 0;
}

static int statement_name(struct compiler *compiler, char **words, unsigned count)
{
	(void)count;
	return copy_name(compiler, compiler->manifest->name, words[1], false);
}

static int statement_generation(struct compiler *compiler, char **words, unsigned count)
{
	(void)count;
	if (number(words[1], &compiler->manifest->generation) != 0 ||
		compiler->manifest->generation == 0)
		return fail(compiler, "generation is a number from 1");
	return 0;
}

static int statement_restart(struct compiler *compiler, char **words, unsigned count)
{
	static const char *const policies[] = {
		[MANIFEST_RESTART_NEVER] = "never",
		[MANIFEST_RESTART_BACKOFF] = "backoff",
		[MANIFEST_RESTART_HALT] = "halt",
		[MANIFEST_RESTART_ALWAYS] = "always",
	};
	unsigned i;

	(void)count;
	for (i = 0; i < sizeof policies / sizeof policies[0]; i++)
		if (strcmp(words[1], policies[i]) == 0) {
			compiler->manifest->restart = i;
			return 0;
		}
	return fail(compiler, "restart is never, always, backoff or halt, not %s", words[1]);
}

static int add_interface(struct compiler *compiler, struct manifest_provide *provide, char *word)
{
	struct manifest_interface *interface = &provide->interfaces[provide->interface_count];
	char *version = strchr(word, ':');

	if (provide->interface_count == MANIFEST_INTERFACES)
		return fail(compiler, "more than %d interfaces", MANIFEST_INTERFACES);
	interface->version = MASIX_INTERFACE_VERSION;
	if (version != NULL) {
		*version++ = '\0';
		if (number(version, &interface->version) != 0)
			return fail(compiler, "bad version: %s", version);
	}
	interface->id = subsystems_find(compiler->subsystems, word);
	if (interface->id == 0)
		return fail(compiler, "no such interface in the registry: %s", word);
	provide->interface_count++;
	return 0;
}

static int add_provide(struct compiler *compiler, char **words, unsigned count, bool required)
{
	struct manifest *manifest = compiler->manifest;
	struct manifest_provide *provide = &manifest->provides[manifest->provide_count];
	size_t length = strlen(manifest->name);
	unsigned i;

	if (manifest->provide_count == MANIFEST_PROVIDES)
		return fail(compiler, "more than %d names", MANIFEST_PROVIDES);
	if (copy_name(compiler, provide->name, words[1], !required) != 0)
		return -1;
	if (length == 0)
		return fail(compiler, "name comes before what the server provides");
	if (strncmp(provide->name, manifest->name, length) != 0 ||
		(provide->name[length] != '\0' && provide->name[length] != '/'))
		return fail(
			compiler, "%s is neither %s nor below it", provide->name, manifest->name);
	provide->required = required;
	if (strcmp(words[2], "server") == 0)
		provide->role = MASIX_ROLE_SERVER;
	else if (strcmp(words[2], "client") == 0)
		provide->role = MASIX_ROLE_CLIENT;
	else if (strcmp(words[2], "admin") == 0)
		provide->role = MASIX_ROLE_ADMIN;
	else
		return fail(compiler, "the role is server, client or admin, not %s", words[2]);
	for (i = 3; i < count; i++)
		if (add_interface(compiler, provide, words[i]) != 0)
			return -1;
	manifest->provide_count++;
	return 0;
}

static int statement_provides(struct compiler *compiler, char **words, unsigned count)
{
	return add_provide(compiler, words, count, true);
}

static int statement_may_provide(struct compiler *compiler, char **words, unsigned count)
{
	return add_provide(compiler, words, count, false);
}

static int statement_resolves(struct compiler *compiler, char **words, unsigned count)
{
	struct manifest *manifest = compiler->manifest;
	unsigned i;

	for (i = 1; i < count; i++) {
		if (manifest->resolve_count == MANIFEST_RESOLVES)
			return fail(compiler, "more than %d names", MANIFEST_RESOLVES);
		if (copy_name(compiler, manifest->resolves[manifest->resolve_count++], words[i],
			    true) != 0)
			return -1;
	}
	return 0;
}

static int statement_needs(struct compiler *compiler, char **words, unsigned count)
{
	struct manifest *manifest = compiler->manifest;
	unsigned i;

	if (compiler->needs_line == 0)
		compiler->needs_line = compiler->line;
	for (i = 1; i < count; i++) {
		if (strcmp(words[i], manifest->name) == 0)
			return fail(compiler, "%s needs itself", words[i]);
		if (manifest->need_count == MANIFEST_NEEDS)
			return fail(compiler, "more than %d needs", MANIFEST_NEEDS);
		if (copy_name(compiler, manifest->needs[manifest->need_count++], words[i], false) !=
			0)
			return -1;
	}
	return 0;
}

static int statement_right(struct compiler *compiler, char **words, unsigned count)
{
	static const struct {
		const char *name;
		int which;
		bool ranged;
	} rights[] = {
		{ "host", MASIX_RIGHT_HOST, false },
		{ "device", MASIX_RIGHT_DEVICE, false },
		{ "irq", MASIX_RIGHT_IRQ, true },
		{ "io-ports", MASIX_RIGHT_IO_PORTS, true },
		{ "admin", MASIX_RIGHT_ADMIN, false },
		{ "client", MASIX_RIGHT_CLIENT, false },
		{ "memory", MASIX_RIGHT_MEMORY, true },
	};
	struct manifest *manifest = compiler->manifest;
	struct manifest_right *right = &manifest->rights[manifest->right_count];
	unsigned i;

	if (manifest->right_count == MANIFEST_RIGHTS)
		return fail(compiler, "more than %d rights", MANIFEST_RIGHTS);
	for (i = 0; i < sizeof rights / sizeof rights[0]; i++)
		if (strcmp(words[1], rights[i].name) == 0)
			break;
	if (i == sizeof rights / sizeof rights[0])
		return fail(compiler, "unknown right: %s", words[1]);
	if (count != (rights[i].ranged ? 3 : 2))
		return fail(compiler, "right %s takes %s", words[1],
			rights[i].ranged ? "a number or a range" : "nothing more");
	right->which = rights[i].which;
	if (rights[i].ranged && range(words[2], &right->from, &right->to) != 0)
		return fail(compiler, "bad range: %s", words[2]);
	manifest->right_count++;
	return 0;
}

static int statement_arguments(struct compiler *compiler, char **words, unsigned count)
{
	struct manifest *manifest = compiler->manifest;
	unsigned i;

	for (i = 1; i < count; i++) {
		if (manifest->argument_count == MANIFEST_ARGUMENTS)
			return fail(compiler, "more than %d arguments", MANIFEST_ARGUMENTS);
		if (strlen(words[i]) >= MANIFEST_ARGUMENT_SIZE)
			return fail(compiler, "argument is too long");
		strcpy(manifest->arguments[manifest->argument_count++], words[i]);
	}
	return 0;
}

static int statement_pool(struct compiler *compiler, char **words, unsigned count)
{
	uint32_t pool;

	(void)count;
	if (number(words[1], &pool) != 0 || pool < 2 || pool > MANIFEST_POOL_MAX)
		return fail(compiler, "a pool has 2 to %d members", MANIFEST_POOL_MAX);
	compiler->manifest->pool = pool;
	return 0;
}

static int statement_hand_over(struct compiler *compiler, char **words, unsigned count)
{
	uint32_t seconds;

	(void)count;
	if (number(words[1], &seconds) != 0 || seconds < 1 || seconds > MANIFEST_HAND_OVER_MAX)
		return fail(compiler, "hand-over takes 1 to %d seconds", MANIFEST_HAND_OVER_MAX);
	compiler->manifest->hand_over = seconds;
	return 0;
}

static int statement_inherits(struct compiler *compiler, char **words, unsigned count)
{
	(void)words;
	(void)count;
	compiler->manifest->inherits = true;
	return 0;
}

/* "HEX", "HEX@PLACE" or "HEX@*PLACE". */
static int magic(struct compiler *compiler, struct format *format, const char *word)
{
	size_t digits = strcspn(word, "@");
	const char *place = word + digits;
	uint32_t at = 0;

	if (digits == 0 || digits % 2 != 0 || digits / 2 > sizeof format->magic ||
		strspn(word, "0123456789abcdef") < digits)
		return fail(compiler, "bad magic: %s", word);
	for (size_t i = 0; i < digits; i += 2) {
		unsigned byte;

		sscanf(word + i, "%2x", &byte);
		format->magic[format->magic_size++] = byte;
	}
	if (*place == '\0')
		return 0;
	format->through = *++place == '*';
	if (number(place + format->through, &at) != 0 || at > 0xffff)
		return fail(compiler, "bad place: @%s", place);
	format->at = at;
	return 0;
}

static int statement_runs(struct compiler *compiler, char **words, unsigned count)
{
	struct manifest *manifest = compiler->manifest;
	struct format *format = &manifest->formats[manifest->format_count];
	const char *why;
	unsigned i = 1;

	if (manifest->format_count == MANIFEST_FORMATS)
		return fail(compiler, "more than %d formats", MANIFEST_FORMATS);
	for (; i < count && words[i][0] != '/'; i++) {
		const char *value = strchr(words[i], '=');

		if (value != NULL && strncmp(words[i], "magic=", 6) == 0 && !format->magic_size) {
			if (magic(compiler, format, value + 1) != 0)
				return -1;
		} else if (value != NULL && strncmp(words[i], "suffix=", 7) == 0 &&
			   strlen(value + 1) < sizeof format->suffix) {
			strcpy(format->suffix, value + 1);
		} else {
			return fail(compiler, "bad format: %s", words[i]);
		}
	}
	for (; i < count; i++) {
		size_t used = strlen(format->runner);

		if (used + 1 + strlen(words[i]) >= sizeof format->runner)
			return fail(compiler, "the runner is too long");
		sprintf(format->runner + used, "%s%s", used ? " " : "", words[i]);
	}
	why = format_check(format);
	if (why != NULL)
		return fail(compiler, "%s", why);
	manifest->format_count++;
	return 0;
}

static const struct statement {
	const char *keyword;
	int (*compile)(struct compiler *compiler, char **words, unsigned count);
	unsigned least, most; /* words, with the keyword */
	bool once;
	const char *usage;
} statements[] = {
	{ "name", statement_name, 2, 2, true, "name NAME" },
	{ "generation", statement_generation, 2, 2, true, "generation N" },
	{ "restart", statement_restart, 2, 2, true, "restart never|always|backoff|halt" },
	{ "provides", statement_provides, 4, WORDS, false, "provides NAME ROLE INTERFACE..." },
	{ "may-provide", statement_may_provide, 4, WORDS, false,
		"may-provide NAME ROLE INTERFACE..." },
	{ "resolves", statement_resolves, 2, WORDS, false, "resolves NAME..." },
	{ "needs", statement_needs, 2, WORDS, false, "needs NAME..." },
	{ "right", statement_right, 2, 3, false, "right RIGHT [RANGE]" },
	{ "pool", statement_pool, 2, 2, true, "pool N" },
	{ "hand-over", statement_hand_over, 2, 2, true, "hand-over SECONDS" },
	{ "inherits", statement_inherits, 1, 1, true, "inherits" },
	{ "runs", statement_runs, 3, 5, false,
		"runs [magic=HEX[@[*]PLACE]] [suffix=NAME] PATH [ARGUMENT]" },
	{ "arguments", statement_arguments, 2, WORDS, true, "arguments WORD..." },
};

static int compile_line(struct compiler *compiler, char *line, unsigned *seen)
{
	char *words[WORDS + 1], *save, *word;
	unsigned count = 0, i;

	for (word = strtok_r(line, " \t", &save); word != NULL && word[0] != '#';
		word = strtok_r(NULL, " \t", &save)) {
		if (count == WORDS)
			return fail(compiler, "too many words");
		words[count++] = word;
	}
	if (count == 0)
		return 0;
	for (i = 0; i < sizeof statements / sizeof statements[0]; i++)
		if (strcmp(words[0], statements[i].keyword) == 0)
			break;
	if (i == sizeof statements / sizeof statements[0])
		return fail(compiler, "unknown statement: %s", words[0]);
	if (count < statements[i].least || count > statements[i].most)
		return fail(compiler, "usage: %s", statements[i].usage);
	if (statements[i].once && (*seen & 1u << i))
		return fail(compiler, "%s is given twice", words[0]);
	*seen |= 1u << i;
	return statements[i].compile(compiler, words, count);
}

int compile_manifest(const char *file, const char *text, const struct subsystems *subsystems,
	struct manifest *manifest, unsigned *needs_line, char error[COMPILE_ERROR_SIZE])
{
	struct compiler compiler = {
		.file = file,
		.subsystems = subsystems,
		.manifest = manifest,
		.error = error,
	};
	unsigned seen = 0;
	const char *why;

	memset(manifest, 0, sizeof *manifest);
	manifest->generation = 1;
	manifest->pool = 1;
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		char line[LINE_MAX];

		compiler.line++;
		if (length >= sizeof line)
			return fail(&compiler, "line is too long");
		memcpy(line, text, length);
		line[length] = '\0';
		text += length + (text[length] == '\n');
		if (compile_line(&compiler, line, &seen) != 0)
			return -1;
	}
	if (manifest->name[0] == '\0')
		return fail(&compiler, "the name of the server is missing");
	why = manifest_contradiction(manifest);
	if (why != NULL)
		return fail(&compiler, "%s", why);
	*needs_line = compiler.needs_line;
	return 0;
}
