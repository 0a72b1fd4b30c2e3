/* The table of acs_list. */
#ifndef ACS_LIST_H
#define ACS_LIST_H

#include "acs.h"
#include "manifest.h"

#define LIST_SIZE_MAX (64u << 10)

/* Servers whose name begins with `prefix`; if `interface` is not 0, those that have a name with that interface. */
struct list_wanted {
	char prefix[MANIFEST_NAME_SIZE];
	uint32_t interface;
};

/* One line for each server that is wanted (struct list_wanted): see acs_list in mig/acs_client.defs. Takes
 * acs->lock.  Returns the bytes written, whole lines, no terminator. */
size_t list_servers(struct acs *acs, const void *wanted, char *text, size_t room);

#endif
