/* The estate of a server that has died, until its successor is ready: corpses, the memory that they kept, and the
 * names under which they were registered, which stay in the registry meanwhile.  All under acs->lock unless said. */
#ifndef ACS_ESTATE_H
#define ACS_ESTATE_H

#include "acs.h"
#include "corpse.h"
#include "launch.h"

/* An heir that ends before it is ready leaves a corpse too, with all that it had got.  After so many that have died by
 * themselves the estate is taken for the cause, and dropped. */
#define ESTATE_FAILURES 3
#define ESTATE_CORPSES 16

struct estate {
	struct corpse *corpses[ESTATE_CORPSES]; /* the newest last */
	unsigned count, failures;
	bool by_itself; /* one of them died so, and not by order */
	uint32_t owner; /* session whose names stay in the registry */
};

/* The corpse whose memory and rights the next one gets, or NULL. */
static inline struct corpse *estate_corpse(const struct estate *estate)
{
	return estate->count > 0 ? estate->corpses[estate->count - 1] : NULL;
}

/* One more corpse, of the session `owner`; there is room. */
void estate_add(struct estate *estate, struct corpse *corpse, uint32_t owner);

/* Move it out. */
struct estate estate_take(struct estate *estate);

/* Nobody needs it any more: its names go, as far as nobody has taken them over, and the corpses are buried.  Without the
 * lock. */
void estate_drop(struct acs *acs, struct estate *estate);

/* Is this a range that a server may keep? */
bool estate_may_keep(uint32_t address, uint32_t size);

/* One more range beside the main one; one that is there already is no news.  MASIX_E_LIMIT. */
kern_return_t estate_keep_also(struct kept *kept, struct kept_range range)
	__attribute__((warn_unused_result));

/* How much that is. */
uint32_t estate_kept_bytes(const struct kept *kept);

#endif
