/* The program segment prefix: 256 bytes before each program. */
#ifndef DOS_PSP_H
#define DOS_PSP_H

#include "dos.h"

/* Offsets in it. */
#define PSP_INT20 0x00
#define PSP_TOP 0x02  /* segment behind the program's memory */
#define PSP_CALL 0x05 /* far call to the services */
#define PSP_END 0x0a  /* vectors 22h, 23h, 24h of the parent */
#define PSP_BREAK 0x0e
#define PSP_CRITICAL 0x12
#define PSP_PARENT 0x16
#define PSP_FILES 0x18 /* handles */
#define PSP_FILES_COUNT 20
#define PSP_ENVIRONMENT 0x2c
#define PSP_STACK 0x2e
#define PSP_HANDLES 0x32
#define PSP_TABLE 0x34 /* far pointer to the handles */
#define PSP_VERSION 0x40
#define PSP_INT21 0x50
#define PSP_FCB1 0x5c
#define PSP_FCB2 0x6c
#define PSP_TAIL 0x80 /* length, command tail, CR; the first disk transfer area */

/* A new PSP; `parent` is 0xffff for the first program's.  Vectors are those of now. */
void psp_create(
	struct dos *dos, uint16_t segment, uint16_t parent, uint16_t environment, uint16_t top);
/* As function 26h does: a copy of the current one. */
void psp_copy(struct dos *dos, uint16_t segment);
/* The command tail: `length` bytes of `tail`. */
void psp_set_tail(struct dos *dos, uint16_t segment, const uint8_t *tail, unsigned length);

#endif
