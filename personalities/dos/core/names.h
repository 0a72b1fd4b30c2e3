/* File names of 8 and 3 characters.
 *
 * A name of the file system that is one when put into upper case is that one.  Each other has a stand-in: what is left of
 * its first three characters, '~', four digits made of all of the name, and its extension: "a long name.text" is
 * "ALO~4K1Z.TEX".  It depends on the name alone, so it stays the same whatever else comes and goes, and a directory is
 * searched for the name that has it. */
#ifndef DOS_NAMES_H
#define DOS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#define NAME_FIELD 11 /* 8 + 3, blank padded, upper case */
#define NAME_SHORT 13 /* "FILENAME.EXT" and its NUL */

/* May the character stand in a name (upper or lower case)? */
bool name_character(uint8_t c);
uint8_t name_upper(uint8_t c);

/* The field of a name of the file system; true if it is that name itself and no stand-in. */
bool name_to_field(const char *name, uint8_t field[NAME_FIELD]);
/* The stand-in, also of a name that needs none. */
void name_stand_in(const char *name, uint8_t field[NAME_FIELD]);
/* "FOO.TXT" */
void name_from_field(const uint8_t field[NAME_FIELD], char text[NAME_SHORT]);
/* A component of a DOS path, up to `length`: * and ? become ?, what is too long is cut.  false: a character that
 * may not be there. */
bool name_parse(const char *text, unsigned length, uint8_t field[NAME_FIELD]);
bool name_is_pattern(const uint8_t field[NAME_FIELD]);
bool name_matches(const uint8_t pattern[NAME_FIELD], const uint8_t field[NAME_FIELD]);
/* The name of a file that is created by this field: lower case. */
void name_to_create(const uint8_t field[NAME_FIELD], char text[NAME_SHORT]);

#endif
