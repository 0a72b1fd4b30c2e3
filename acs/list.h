/* The table of acs_list. */
#ifndef ACS_LIST_H
#define ACS_LIST_H

#include "acs.h"

#define LIST_SIZE_MAX (64u << 10)

/* One line for each server whose name begins with `prefix`: see acs_list in mig/acs_client.defs. Takes
 * acs->lock.  Returns the bytes written, whole lines, no terminator. */
size_t list_servers(struct acs *acs, const char *prefix, char *text, size_t room);

#endif
