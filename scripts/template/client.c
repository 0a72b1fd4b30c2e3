/* template-add [AMOUNT]: adds 1 or AMOUNT to the number of the template server, and prints what it is then. */
#include <masix/client.h>
#include <masix/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acs_client.h"
#include "template.h"

int main(int argc, char **argv)
{
	mach_port_t acs, port;
	int total, amount = argc > 1 ? atoi(argv[1]) : 1;
	kern_return_t kr = masix_client_acs(&acs);

	if (kr == KERN_SUCCESS)
		kr = acs_lookup(acs, "template", strlen("template"), 0, &port);
	if (kr == KERN_SUCCESS)
		kr = template_add(port, amount, &total);
	if (kr != KERN_SUCCESS) {
		fprintf(stderr, "template-add: %s\n", masix_strerror(kr));
		return 1;
	}
	printf("%d\n", total);
	return 0;
}
