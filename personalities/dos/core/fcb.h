/* File control blocks (FCBs), what both files of their functions need.
 *
 * A FCB: 0 drive, 1 name, 12 block, 14 record size, 16 file size, 20 date, 22 time, 24 ours, 32 record in the block, 33
 * record number.  An extended one has FFh, five bytes and an attribute before it. */
#ifndef DOS_FCB_H
#define DOS_FCB_H

#include "dos.h"
#include "path.h"

#define FCB_SIZE 37u
#define FCB_BLOCK 12
#define FCB_RECORD_SIZE 14
#define FCB_FILE_SIZE 16
#define FCB_DATE 20
#define FCB_TIME 22
#define FCB_FILE 24 /* ours: number in the system file table, + 1 */
#define FCB_RECORD 32
#define FCB_RANDOM 33

/* The FCB at ds:dx, behind what an extended one has before it; NULL: it is not all there. */
uint8_t *fcb_at(struct dos *dos, uint8_t *attribute);
/* The path in the current directory of the FCB's drive, of the name at `field`. */
int fcb_path(struct dos *dos, uint8_t drive, const uint8_t *field, struct dos_path *path);
/* The error, and al as these functions tell of it. */
int fcb_answer(struct dos *dos, int error);

#endif
