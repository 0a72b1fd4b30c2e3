/* probe MESSAGES SEED: has the prober (masix start /usr/lib/masix/servers/prober) try a round, and prints its report. */
#include <masix/client.h>
#include <masix/error.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acs_client.h"
#include "prober.h"

int main(int argc, char **argv)
{
	mach_port_t acs, prober;
	masix_inline_t report;
	mach_msg_type_number_t size = sizeof report;
	kern_return_t kr = argc == 3 ? masix_client_acs(&acs) : MASIX_E_INVALID;

	if (kr == KERN_SUCCESS)
		kr = acs_lookup(acs, "prober", strlen("prober"), 0, &prober);
	if (kr == KERN_SUCCESS)
		kr = prober_try(
			prober, (uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[1]), report, &size);
	if (kr != KERN_SUCCESS) {
		fprintf(stderr, "probe: %s\n", masix_strerror(kr));
		return 1;
	}
	return fwrite(report, 1, size, stdout) != size;
}
