/* The names of interfaces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "subsystems.h"

int subsystems_parse(const char *text, struct subsystems *subsystems)
{
	int line = 1;

	subsystems->count = 0;
	for (; *text != '\0'; line++) {
		size_t length = strcspn(text, "\n");
		char copy[256];
		unsigned id;

		if (length >= sizeof copy)
			return line;
		memcpy(copy, text, length);
		copy[length] = '\0';
		text += length + (text[length] == '\n');
		copy[strcspn(copy, "#")] = '\0';
		if (copy[strspn(copy, " \t")] == '\0')
			continue;
		if (subsystems->count == SUBSYSTEMS_MAX ||
			sscanf(copy, "%u %31s", &id, subsystems->entries[subsystems->count].name) !=
				2)
			return line;
		subsystems->entries[subsystems->count++].id = id;
	}
	return 0;
}

uint32_t subsystems_find(const struct subsystems *subsystems, const char *name)
{
	unsigned long id;
	char *end;
	unsigned i;

	for (i = 0; i < subsystems->count; i++)
		if (strcmp(subsystems->entries[i].name, name) == 0)
			return subsystems->entries[i].id;
	id = strtoul(name, &end, 10);
	return *end == '\0' && end != name && id <= UINT32_MAX ? id : 0;
}
