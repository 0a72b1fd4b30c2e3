/* Searching directories: functions 4Eh and 4Fh, and those of FCBs.  What a directory held when a search began is kept
 * outside the program; the state that it carries around says which search, and how far it has come. */
#ifndef DOS_SEARCH_H
#define DOS_SEARCH_H

#include "dos.h"
#include "path.h"

#define SEARCH_STATE 21 /* bytes, the program's: the beginning of a DTA */

#define ATTRIBUTE_READ_ONLY 0x01
#define ATTRIBUTE_HIDDEN 0x02
#define ATTRIBUTE_SYSTEM 0x04
#define ATTRIBUTE_LABEL 0x08
#define ATTRIBUTE_DIRECTORY 0x10
#define ATTRIBUTE_ARCHIVE 0x20
#define ATTRIBUTE_DEVICE 0x40

struct search_entry {
	uint8_t attribute;
	uint8_t field[NAME_FIELD];
	uint16_t date, time;
	uint32_t size;
};

/* DOS_E_NO_MORE: nothing matches (the caller may say so otherwise). */
int search_first(struct dos *dos, const struct dos_path *path, uint8_t attributes,
	uint8_t state[SEARCH_STATE], struct search_entry *entry);
int search_next(struct dos *dos, uint8_t state[SEARCH_STATE], struct search_entry *entry);

uint8_t search_attribute(const char *name, const struct world_stat *stat);
/* All that is kept goes. */
void search_end_all(struct dos *dos);

#endif
