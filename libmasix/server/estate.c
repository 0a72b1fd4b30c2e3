/* What a successor inherits. */
#include <masix/estate.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "acs_session.h"
#include "mach.h"
#include "mach_port.h"
#include "server/estate.h"
#include "start/start.h"

#define NOT_FOUND UINT_MAX

struct right { /* as ACS tells them */
	mach_port_t name;
	mach_port_type_t type; /* without what has been taken */
};

struct masix_estate {
	mach_port_t corpse;
	bool by_order; /* nobody's request is to blame for the death */
	unsigned count;
	struct right rights[]; /* in the order of the names */
};

/* There is something that masix_inherit has not fetched yet. */
static bool outstanding;

kern_return_t masix_keep(uintptr_t address, size_t size, bool *successor)
{
	struct region_request request = {
		.address = address,
		.length = size,
		.protection = VM_PROT_READ | VM_PROT_WRITE,
		.flags = REGION_FIXED | REGION_NO_REPLACE,
	};
	int inherited = 0;
	uint32_t mapped;
	kern_return_t kr = acs_keep(start.session, address, size, &inherited);

	if (kr != KERN_SUCCESS)
		return kr;
	*successor = outstanding = inherited != 0;
	if (!inherited && region_map(&start.space, &request, &mapped) != 0)
		return MASIX_E_INVALID;
	return KERN_SUCCESS;
}

kern_return_t masix_keep_also(const void *address, size_t size)
{
	return acs_keep_also(start.session, (uintptr_t)address, size);
}

kern_return_t masix_inherit(struct masix_estate **estate)
{
	masix_bulk_t bytes;
	mach_msg_type_number_t size;
	mach_port_t corpse;
	struct masix_estate *new;
	int by_order;
	kern_return_t kr = acs_inherit(start.session, &corpse, &by_order, &bytes, &size);

	if (kr != KERN_SUCCESS)
		return kr;
	new = malloc(sizeof *new + size);
	if (new != NULL) {
		new->corpse = corpse;
		new->by_order = by_order != 0;
		new->count = size / sizeof new->rights[0];
		memcpy(new->rights, bytes, size);
		outstanding = false;
	}
	if (size != 0)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)bytes, size); /* ours */
	*estate = new;
	return new != NULL ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

/* Where it is, or NOT_FOUND. */
static unsigned find(const struct masix_estate *estate, mach_port_t name)
{
	unsigned low = 0, high = estate->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (estate->rights[middle].name < name)
			low = middle + 1;
		else
			high = middle;
	}
	return low < estate->count && estate->rights[low].name == name ? low : NOT_FOUND;
}

bool masix_estate_has(const struct masix_estate *estate, mach_port_t name, mach_port_type_t type)
{
	const unsigned at = find(estate, name);

	return at != NOT_FOUND && estate->rights[at].type & type;
}

bool masix_estate_take(struct masix_estate *estate, mach_port_t name, mach_port_type_t type)
{
	if (!masix_estate_has(estate, name, type))
		return false;
	estate->rights[find(estate, name)].type &= ~type;
	return true;
}

mach_port_t masix_estate_next(
	const struct masix_estate *estate, mach_port_type_t type, unsigned *cursor)
{
	while (*cursor < estate->count) {
		const struct right *right = &estate->rights[(*cursor)++];

		if (right->type & type)
			return right->name;
	}
	return MACH_PORT_NULL;
}

mach_port_t masix_estate_corpse(const struct masix_estate *estate)
{
	return estate->corpse;
}

void masix_call_again(mach_port_t reply)
{
	mach_msg_header_t message = {
		.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
		.msgh_size = sizeof message,
		.msgh_remote_port = reply,
		.msgh_id = MASIX_CALL_AGAIN,
	};

	if (mach_msg(&message, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0,
		    MACH_PORT_NULL) != MACH_MSG_SUCCESS)
		(void)mach_port_deallocate(mach_task_self(), reply); /* he waits no more */
}

static void destroy(const struct masix_estate *estate, const struct right *right)
{
	if (right->type & MACH_PORT_TYPE_RECEIVE)
		(void)mach_port_mod_refs(
			mach_task_self(), right->name, MACH_PORT_RIGHT_RECEIVE, -1);
	if (right->type & MACH_PORT_TYPE_SEND_ONCE && estate->by_order)
		masix_call_again(right->name);
	/* Also right for a name that has died meanwhile. */
	else if (right->type & (MACH_PORT_TYPE_SEND | MACH_PORT_TYPE_SEND_ONCE))
		(void)mach_port_deallocate(mach_task_self(), right->name);
}

void masix_estate_end(struct masix_estate *estate)
{
	unsigned i;

	if (estate == NULL)
		return;
	for (i = 0; i < estate->count; i++)
		destroy(estate, &estate->rights[i]);
	if (estate->corpse != MACH_PORT_NULL)
		(void)mach_port_deallocate(mach_task_self(), estate->corpse);
	free(estate);
}

void estate_refuse(void)
{
	struct masix_estate *estate;

	if (outstanding && masix_inherit(&estate) == KERN_SUCCESS)
		masix_estate_end(estate);
}
