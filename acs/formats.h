/* The formats of all servers that are entered. */
#ifndef ACS_FORMATS_H
#define ACS_FORMATS_H

#include "acs.h"

/* The runner of the format that fits best; of several the one of the server that was entered first.  False: none fits. */
bool formats_find(struct acs *acs, const uint8_t *head, size_t size, const char *name,
	size_t length, char runner[FORMAT_RUNNER_SIZE]);

#endif
