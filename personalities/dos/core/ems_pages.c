/* Whose the pages of expanded memory are, and which are seen. */
#include <string.h>

#include "ems.h"

struct dos_ems_handle *ems_find(struct dos *dos, uint16_t handle)
{
	struct dos_ems_handle *h = &dos->ems.handles[handle % DOS_EMS_HANDLES];

	return handle < DOS_EMS_HANDLES && (h->used || handle == 0) ? h : NULL;
}

unsigned ems_free_pages(const struct dos *dos)
{
	return DOS_EMS_PAGES - dos->ems.used;
}

unsigned ems_count(const struct dos *dos, uint16_t handle)
{
	return dos->ems.handles[handle].pages;
}

int ems_page(const struct dos *dos, uint16_t handle, uint16_t logical)
{
	for (int i = 0; i < (int)DOS_EMS_PAGES; i++)
		if (dos->ems.owners[i].is_used && dos->ems.owners[i].handle == handle &&
			dos->ems.owners[i].logical == logical)
			return i;
	return -1;
}

/* The handle's pages from `from` on up to `to`, which it has room for. */
static void give(struct dos *dos, uint16_t handle, uint16_t from, uint16_t to)
{
	for (unsigned i = 0; i < DOS_EMS_PAGES && from < to; i++) {
		struct dos_ems_owner *o = &dos->ems.owners[i];

		if (o->is_used)
			continue;
		*o = (struct dos_ems_owner){ true, (uint8_t)handle, from++ };
		dos->ems.used++;
	}
}

static void take(struct dos *dos, uint16_t handle, uint16_t from)
{
	for (unsigned i = 0; i < DOS_EMS_PAGES; i++) {
		struct dos_ems_owner *o = &dos->ems.owners[i];

		if (!o->is_used || o->handle != handle || o->logical < from)
			continue;
		o->is_used = false;
		dos->ems.used--;
	}
}

int ems_resize(struct dos *dos, uint16_t handle, uint16_t pages)
{
	struct dos_ems_handle *h = &dos->ems.handles[handle];

	if (pages > DOS_EMS_PAGES)
		return EMS_TOTAL;
	if (pages > h->pages + ems_free_pages(dos))
		return EMS_FREE;
	if (pages && !dos->ems.memory &&
		!(dos->ems.memory = dos->world->expanded_make(
			  dos->world->context, DOS_EMS_PAGES * DOS_EMS_PAGE)))
		return EMS_SOFTWARE;
	give(dos, handle, h->pages, pages);
	take(dos, handle, pages);
	h->pages = pages;
	return EMS_OK;
}

int ems_allocate(struct dos *dos, uint16_t pages, uint16_t *handle)
{
	int error;

	for (uint16_t i = 1; i < DOS_EMS_HANDLES; i++) {
		if (dos->ems.handles[i].used)
			continue;
		dos->ems.handles[i] = (struct dos_ems_handle){ .used = true };
		error = ems_resize(dos, i, pages);
		dos->ems.handles[i].used = !error;
		*handle = i;
		return error;
	}
	return EMS_HANDLES;
}

int ems_free(struct dos *dos, uint16_t handle)
{
	struct dos_ems_handle *h = ems_find(dos, handle);

	if (!h)
		return EMS_HANDLE;
	if (h->is_saved)
		return EMS_SAVED;
	take(dos, handle, 0);
	*h = (struct dos_ems_handle){ 0 };
	return EMS_OK;
}

int ems_map(struct dos *dos, unsigned physical, uint16_t page)
{
	if (dos->ems.mapped[physical] == page)
		return EMS_OK;
	if (!dos->world->expanded_map(dos->world->context,
		    dos->memory + (SEGMENT_EMS_FRAME << 4) + physical * DOS_EMS_PAGE,
		    page == EMS_UNMAPPED ? -1 : page * (int)DOS_EMS_PAGE, DOS_EMS_PAGE))
		return EMS_SOFTWARE;
	dos->ems.mapped[physical] = page;
	return EMS_OK;
}

int ems_map_logical(struct dos *dos, uint16_t handle, uint16_t physical, uint16_t logical)
{
	int page = logical == EMS_UNMAPPED ? (int)EMS_UNMAPPED : ems_page(dos, handle, logical);

	if (!ems_find(dos, handle))
		return EMS_HANDLE;
	if (physical >= DOS_EMS_PLACES)
		return EMS_PHYSICAL;
	if (page < 0)
		return EMS_LOGICAL;
	return ems_map(dos, physical, (uint16_t)page);
}
