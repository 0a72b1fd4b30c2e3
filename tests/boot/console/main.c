/* Tests the console server from outside: first by calls, then by what the host asks for. */
#include "boot.h"

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "console.h"

mach_port_t console;
mach_port_t channels[4];
static unsigned failures;

void check_that(bool holds, const char *text, int line)
{
	if (holds)
		return;
	failures++;
	masix_log("line %d: not %s", line, text);
}

int main(void)
{
	kern_return_t kr = masix_lookup("console", 5000, &console);

	if (!kr)
		kr = masix_ready();
	for (int i = 0; i < 4 && !kr; i++)
		kr = console_open(console, i, &channels[i]);
	if (kr)
		masix_fatal("no channels: %s", masix_strerror(kr));
	test_calls();
	masix_log("CONSOLE BOOT TEST %s", failures ? "FAILED" : "PASSED");
	serve_host();
}
