/* What other machines have open and locked: the server keeps it. */
#include <mach/mig_support.h>

#include <masix/error.h>

#include "dos_machine.h"
#include "machine.h"

_Static_assert(DOS_FILES <= 64, "a bit for each");
static uint64_t held; /* by slots */

static int share(void *context, unsigned slot, const struct world_stat *stat, uint8_t mode)
{
	kern_return_t kr = machine_share(MACHINE_PORT_SERVER, slot, stat->device,
		(uint32_t)stat->inode, (uint32_t)(stat->inode >> 32), mode);

	(void)context;
	if (kr == MASIX_E_BUSY)
		return DOS_E_SHARE;
	held |= 1ull << slot;
	/* Without a server there is nobody to share with. */
	return kr == MASIX_E_LIMIT ? DOS_E_SHARE_BUFFER : DOS_OK;
}

static void unshare(void *context, unsigned slot)
{
	(void)context;
	(void)machine_unshare(MACHINE_PORT_SERVER, slot); /* as above */
	held &= ~(1ull << slot);
}

static int lock(void *context, unsigned slot, bool set, uint32_t start, uint32_t end)
{
	kern_return_t kr = machine_lock(MACHINE_PORT_SERVER, slot, set, start, end);

	(void)context;
	window_doubt();
	if (kr == MASIX_E_BUSY)
		return DOS_E_LOCK;
	return kr == MASIX_E_LIMIT ? DOS_E_SHARE_BUFFER : DOS_OK;
}

void sharing_end(void)
{
	for (unsigned slot = 0; held != 0; slot++)
		if (held >> slot & 1)
			unshare(NULL, slot);
}

void sharing_init(struct world *world)
{
	world->share = share;
	world->unshare = unshare;
	world->lock = lock;
}
