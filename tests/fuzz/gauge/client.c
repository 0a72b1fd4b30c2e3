/* gauge: prints what the gauge (masix start /usr/lib/masix/servers/gauge) sees.  gauge SERVER: crashes it.
 * gauge end SERVER, gauge freeze SERVER, gauge fault SERVER, gauge spoil SERVER: harms its task (gauge.defs). */
#include <masix/client.h>
#include <masix/error.h>
#include <masix/types.h>
#include <stdio.h>
#include <string.h>

#include "acs_client.h"
#include "gauge.h"
#include "harm.h"

static int harm_of(const char *word)
{
	return strcmp(word, "end") == 0	     ? GAUGE_END
	       : strcmp(word, "freeze") == 0 ? GAUGE_FREEZE
	       : strcmp(word, "fault") == 0  ? GAUGE_FAULT
	       : strcmp(word, "spoil") == 0  ? GAUGE_SPOIL
					     : -1;
}

int main(int argc, char **argv)
{
	mach_port_t acs, gauge;
	masix_inline_t table;
	mach_msg_type_number_t size = sizeof table;
	kern_return_t kr = masix_client_acs(&acs);

	if (kr == KERN_SUCCESS)
		kr = acs_lookup(acs, "gauge", strlen("gauge"), 0, &gauge);
	if (kr == KERN_SUCCESS && argc == 3)
		kr = gauge_harm(gauge, argv[2], strlen(argv[2]), harm_of(argv[1]));
	else if (kr == KERN_SUCCESS && argc > 1)
		kr = gauge_crash(gauge, argv[1], strlen(argv[1]));
	else if (kr == KERN_SUCCESS)
		kr = gauge_read(gauge, table, &size);
	if (kr != KERN_SUCCESS) {
		fprintf(stderr, "gauge: %s\n", masix_strerror(kr));
		return 1;
	}
	if (argc > 1)
		return 0;
	return fwrite(table, 1, size, stdout) != size;
}
