/* Estates. */
#include "estate.h"

#include "image.h"
#include "names.h"
#include "page.h"

void estate_add(struct estate *estate, struct corpse *corpse, uint32_t owner)
{
	if (estate->count == 0)
		estate->owner = owner;
	estate->corpses[estate->count++] = corpse;
}

struct estate estate_take(struct estate *estate)
{
	const struct estate taken = *estate;

	*estate = (struct estate){ .count = 0 };
	return taken;
}

void estate_drop(struct acs *acs, struct estate *estate)
{
	if (estate->count == 0)
		return;
	names_remove_owner(acs, estate->owner);
	while (estate->count != 0)
		corpse_bury(estate->corpses[--estate->count], false);
}

bool estate_may_keep(uint32_t address, uint32_t size)
{
	return size != 0 && page_down(address) == address && page_down(size) == size &&
	       address >= PAGE && address < IMAGE_STACK_BOTTOM &&
	       size <= IMAGE_STACK_BOTTOM - address;
}
