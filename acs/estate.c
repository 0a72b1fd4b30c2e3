/* Estates. */
#include "estate.h"

#include <masix/error.h>

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

kern_return_t estate_keep_also(struct kept *kept, struct kept_range range)
{
	unsigned i;

	for (i = 0; i < kept->count; i++)
		if (kept->ranges[i].address == range.address && kept->ranges[i].size == range.size)
			return KERN_SUCCESS;
	if (kept->count == LAUNCH_KEPT)
		return MASIX_E_LIMIT;
	kept->ranges[kept->count++] = range;
	return KERN_SUCCESS;
}

uint32_t estate_kept_bytes(const struct kept *kept)
{
	uint32_t bytes = 0;
	unsigned i;

	for (i = 0; i < kept->count; i++)
		bytes += kept->ranges[i].size;
	return bytes;
}

bool estate_may_keep(uint32_t address, uint32_t size)
{
	return size != 0 && page_down(address) == address && page_down(size) == size &&
	       address >= PAGE && address < IMAGE_STACK_BOTTOM &&
	       size <= IMAGE_STACK_BOTTOM - address;
}
