/* What machines have open, in machine.defs. */
#include "machine_table.h"

#include <pthread.h>

#include "dos_machine_server.h"
#include "shares.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* held across nothing */
static struct shares shares;				 /* under it */

void machine_drop_shares(const struct machine *machine)
{
	pthread_mutex_lock(&lock);
	shares_close_all(&shares, machine->number);
	pthread_mutex_unlock(&lock);
}

kern_return_t S_machine_share(mach_port_t server, uint32_t slot, uint32_t dev, uint32_t ino_low,
	uint32_t ino_high, uint32_t mode)
{
	struct machine *m = machine_get(server);
	kern_return_t kr;

	if (m == NULL)
		return KERN_INVALID_ARGUMENT;
	const struct share_claim claim = { .inode = ino_low | (uint64_t)ino_high << 32,
		.device = dev,
		.machine = m->number,
		.slot = slot,
		.mode = (uint8_t)mode };

	pthread_mutex_lock(&lock);
	kr = shares_open(&shares, &claim);
	pthread_mutex_unlock(&lock);
	machine_put(m);
	return kr;
}

kern_return_t S_machine_unshare(mach_port_t server, uint32_t slot)
{
	struct machine *m = machine_get(server);

	if (m == NULL)
		return KERN_INVALID_ARGUMENT;
	pthread_mutex_lock(&lock);
	shares_close(&shares, m->number, slot);
	pthread_mutex_unlock(&lock);
	machine_put(m);
	return KERN_SUCCESS;
}

kern_return_t S_machine_lock(mach_port_t server, uint32_t slot, int set, uint32_t from, uint32_t to)
{
	struct machine *m = machine_get(server);
	kern_return_t kr;

	if (m == NULL)
		return KERN_INVALID_ARGUMENT;
	pthread_mutex_lock(&lock);
	kr = set ? shares_lock(&shares, m->number, slot, from, to)
		 : shares_unlock(&shares, m->number, slot, from, to);
	pthread_mutex_unlock(&lock);
	machine_put(m);
	return kr;
}
