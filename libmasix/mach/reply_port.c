/* The reply port of each thread.  Reached from the vector: nothing of glibc in here. */
#include "mach/mig_support.h"

#include <masix/mach.h>

#include "mach/traps.h"
#include "mach_port.h"
#include "vector/thread.h"

/* Of the first thread while it has no thread block yet. */
static mach_port_t early_reply_port;

static mach_port_t *reply_port_slot(void)
{
	struct vector_thread *thread = vector_thread();

	return thread != NULL ? &thread->reply_port : &early_reply_port;
}

mach_port_t mig_get_reply_port(void)
{
	mach_port_t *slot = reply_port_slot();

	if (*slot == MACH_PORT_NULL)
		*slot = trap_reply_port();
	return *slot;
}

void mig_dealloc_reply_port(mach_port_t port)
{
	mach_port_t *slot = reply_port_slot();

	if (port == MACH_PORT_NULL || *slot != port)
		return;
	/* First: destroying it is a call with a reply port of its own. */
	*slot = MACH_PORT_NULL;
	(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
}
