/* From a DOS path to a path of the caller's file system. */
#ifndef DOS_PATH_H
#define DOS_PATH_H

#include "dos.h"

#define PATH_TEXT 128

struct dos_path {
	uint8_t drive;
	enum dos_file_kind device; /* FREE: a file */
	bool is_root;
	bool is_pattern;      /* the last name has ? */
	char text[PATH_TEXT]; /* "DIR\NAME.EXT": upper case, no drive, no . and .. */
	unsigned length;
	unsigned last;		   /* where the last name begins */
	uint8_t field[NAME_FIELD]; /* the last name */
};

/* Parse `text`, relative to the current directory of its drive.  DOS_E_DRIVE, DOS_E_PATH, DOS_E_FILE (a name with
 * characters that may not be there). */
int path_parse(struct dos *dos, const char *text, struct dos_path *path);
/* The same for a string of the program. */
int path_parse_at(struct dos *dos, uint16_t segment, uint16_t offset, struct dos_path *path);

/* The caller's path of it: DOS_OK and its attributes if it is there; DOS_E_FILE if only its directory is (then `out` is
 * the name that it would be created with); DOS_E_PATH. */
int path_resolve(struct dos *dos, const struct dos_path *path, char out[WORLD_PATH_MAX],
	struct world_stat *stat);
/* The same for the directory that the last name is in. */
int path_resolve_parent(struct dos *dos, const struct dos_path *path, char out[WORLD_PATH_MAX]);

/* The name in the caller's directory `directory` that `field` stands for, appended to it.  DOS_E_FILE: none; `directory` is
 * then as it was. */
int path_find(struct dos *dos, char directory[WORLD_PATH_MAX], const uint8_t field[NAME_FIELD],
	struct world_stat *stat);

/* Append "/name"; DOS_E_PATH: too long. */
int path_append(char directory[WORLD_PATH_MAX], const char *name);

/* The device that the name means, or DOS_FILE_FREE. */
enum dos_file_kind path_device(const uint8_t field[NAME_FIELD]);
/* The drive that a caller's absolute path is best reached by; `text` gets the DOS path without drive, as far as names go
 * ("" for the root of the drive).  DOS_E_PATH: on none. */
int path_from_world(struct dos *dos, const char *path, uint8_t *drive, char text[PATH_TEXT]);

#endif
