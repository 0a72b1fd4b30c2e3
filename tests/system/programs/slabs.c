/* slabs [NAME...]: how many objects the kernel's caches hold, "NAME COUNT" for each line; all or those named.
 * What a server leaks shows here: a port, an entry of its name space, a message, a mapping. */
#include <masix/mach.h>
#include <stdio.h>
#include <string.h>

#include <mach_debug/mach_debug_types.h>

#include "mach_debug.h"

static int is_wanted(const char *name, int argc, char **argv)
{
	if (argc == 1)
		return 1;
	for (int i = 1; i < argc; i++)
		if (strcmp(name, argv[i]) == 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	cache_info_array_t caches = NULL;
	mach_msg_type_number_t count = 0;
	kern_return_t kr = host_slab_info(mach_host_self(), &caches, &count);

	if (kr != KERN_SUCCESS) {
		fprintf(stderr, "slabs: the kernel does not tell: 0x%x\n", (unsigned)kr);
		return 1;
	}
	for (mach_msg_type_number_t i = 0; i < count; i++)
		if (is_wanted(caches[i].name, argc, argv))
			printf("%s %lu\n", caches[i].name, (unsigned long)caches[i].nr_objs);
	return 0;
}
