/* EMS 4.0, INT 67h: pages of 16 KiB of which four are seen at a time, in the page frame.  They are pages of one memory object,
 * mapped there (world.h), so nothing is copied. */
#ifndef DOS_EMS_H
#define DOS_EMS_H

#include "dos.h"

/* The driver's name where programs look for it. */
void ems_init(struct dos *dos);
bool ems_is_there(const struct dos *dos);
void ems_interrupt(struct dos *dos);
/* What a call with function 56h called has returned. */
void ems_return(struct dos *dos);

/* ems_pages.c: they return a code, or EMS_OK. */
enum {
	EMS_OK,
	EMS_SOFTWARE = 0x80,
	EMS_HANDLE = 0x83,
	EMS_FUNCTION,
	EMS_HANDLES,
	EMS_SAVED,
	EMS_TOTAL,
	EMS_FREE,
	EMS_NONE,
	EMS_LOGICAL,
	EMS_PHYSICAL,
	EMS_CONTEXT_SAVED = 0x8d,
	EMS_CONTEXT_NONE,
	EMS_SUBFUNCTION,
	EMS_NOT_VOLATILE = 0x91,
	EMS_OVERLAP,
	EMS_REGION,
	EMS_OFFSET = 0x95,
	EMS_LENGTH,
	EMS_EXCHANGE,
	EMS_TYPE,
	EMS_NO_NAME = 0xa0,
	EMS_NAME_TAKEN,
	EMS_WRAP,
	EMS_CORRUPT,
	EMS_DENIED,
};
/* The handle's record; NULL: there is no such handle.  Handle 0 is the system's and has no pages. */
struct dos_ems_handle *ems_find(struct dos *dos, uint16_t handle);
unsigned ems_free_pages(const struct dos *dos);
unsigned ems_count(const struct dos *dos, uint16_t handle);
int ems_allocate(struct dos *dos, uint16_t pages, uint16_t *handle);
/* The handle has as many from now on, if it can. */
int ems_resize(struct dos *dos, uint16_t handle, uint16_t pages);
int ems_free(struct dos *dos, uint16_t handle);
/* The page of the object; -1: the handle has none of that number. */
int ems_page(const struct dos *dos, uint16_t handle, uint16_t logical);
/* Have `page` (EMS_UNMAPPED: nothing) be seen at place `physical` of the frame. */
int ems_map(struct dos *dos, unsigned physical, uint16_t page);
int ems_map_logical(struct dos *dos, uint16_t handle, uint16_t physical, uint16_t logical);

/* ems_move.c: function 57h. */
int ems_move(struct dos *dos);

#endif
