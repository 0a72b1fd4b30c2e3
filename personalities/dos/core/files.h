/* Handles of a program (the job file table in its PSP), the system file table behind them, devices among them. */
#ifndef DOS_FILES_H
#define DOS_FILES_H

#include "dos.h"
#include "path.h"

/* The system file that the current program calls `handle`; NULL: none (DOS_E_HANDLE). */
struct dos_file *files_get(struct dos *dos, uint16_t handle);
unsigned files_index(const struct dos *dos, const struct dos_file *file);

/* A free entry of the system file table with one use; NULL: DOS_E_HANDLES. */
struct dos_file *files_new(struct dos *dos);
void files_drop(struct dos *dos, struct dos_file *file);
/* A handle for the file, whose use it takes over on success. */
int files_enter(struct dos *dos, struct dos_file *file, uint16_t *handle);

#define FILES_TABLE_MAX 4096u /* handles of a program */

#define FILES_CREATE 1u	   /* make it if it is not there, else empty it */
#define FILES_EXCLUSIVE 2u /* make it; DOS_E_EXISTS */
#define FILES_OPEN 4u	   /* DOS_E_FILE if it is not there */
/* What is left empty when it was made or emptied is done: 1 opened, 2 made, 3 emptied. */
int files_open(struct dos *dos, const struct dos_path *path, uint8_t mode, unsigned how,
	uint8_t attributes, struct dos_file **file, uint16_t *action);

int files_close(struct dos *dos, uint16_t handle);
/* Bytes to or from memory of the program, at the file's position; *done of n. */
int files_read(struct dos *dos, struct dos_file *file, uint8_t *to, uint16_t n, uint16_t *done);
int files_write(
	struct dos *dos, struct dos_file *file, const uint8_t *from, uint16_t n, uint16_t *done);
int files_duplicate(struct dos *dos, uint16_t handle, uint16_t *to);
int files_force(struct dos *dos, uint16_t handle, uint16_t to);
int files_seek(struct dos *dos, struct dos_file *file, uint8_t from, int32_t by);

/* At the end of a program: its handles. */
void files_close_all(struct dos *dos, uint16_t psp);
/* The standard handles of the first program. */
void files_init(struct dos *dos);
/* The handles that a child gets: those of the current program that it inherits. */
void files_inherit(struct dos *dos, uint16_t psp, uint16_t parent);
/* The word that function 44h/00h tells. */
uint16_t files_device_word(const struct dos *dos, const struct dos_file *file);
bool files_is_device(const struct dos_file *file);
/* Are they opens of the same file? */
bool files_same(const struct dos_file *a, const struct dos_file *b);

/* DOS date and time of a moment. */
void dos_stamp(int64_t seconds, uint16_t *date, uint16_t *time);
/* -1: no date. */
int64_t dos_moment(uint16_t date, uint16_t time);
/* Days since 1970 <-> a date. */
int64_t days_from_date(int year, int month, int day);
void date_from_days(int64_t days, int *year, int *month, int *day);

#endif
