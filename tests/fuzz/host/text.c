/* The text of manifests, as masix-sign compiles it: what it accepts, ACS must understand. */
#include <sodium.h>

#include "compile.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct subsystems subsystems = { 1, { { "io", 500600 } } };
	static uint8_t body[MANIFEST_BODY_MAX];
	static struct manifest manifest, again;
	char error[COMPILE_ERROR_SIZE];
	char *text = malloc(size + 1);
	const char *why;
	unsigned line;
	size_t length;

	REQUIRE(text != NULL && sodium_init() >= 0);
	memcpy(text, data, size);
	text[size] = '\0';
	memset(&manifest, 0, sizeof manifest);
	error[0] = '\0';
	if (compile_manifest("fuzz", text, &subsystems, &manifest, &line, error) != 0) {
		REQUIRE(strncmp(error, "fuzz:", 5) == 0 && strlen(error) < sizeof error);
	} else if ((length = manifest_build(&manifest, body, sizeof body)) != 0) {
		REQUIRE(manifest_parse(body, length, &again, &why) == 0);
		REQUIRE(strcmp(again.name, manifest.name) == 0);
		REQUIRE(again.provide_count == manifest.provide_count);
	}
	free(text);
	return 0;
}
