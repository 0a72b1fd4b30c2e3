/* A name whose port is kept until ACS tells of a change. */
#include <masix/error.h>
#include <masix/proxy.h>
#include <masix/types.h>
#include <stdlib.h>
#include <string.h>

#include "mach_port.h"
#include "proxy/here.h"

struct masix_proxy_name {
	mach_port_t port;   /* a send right, or null */
	mach_port_t events; /* receive right; null for a name of another node */
	char name[MASIX_NAME_MAX + 1];
};

static void drop_port(struct masix_proxy_name *name)
{
	if (name->port != MACH_PORT_NULL)
		(void)mach_port_deallocate(mach_task_self(), name->port); /* ours, or dead */
	name->port = MACH_PORT_NULL;
}

kern_return_t masix_proxy_name_open(const char *text, struct masix_proxy_name **opened)
{
	struct masix_proxy_name *name;
	kern_return_t kr;

	if (strlen(text) > MASIX_NAME_MAX)
		return MASIX_E_NAME_TOO_LONG;
	name = calloc(1, sizeof *name);
	if (name == NULL)
		return KERN_RESOURCE_SHORTAGE;
	memcpy(name->name, text, strlen(text));
	if (strchr(text, '@') != NULL) {
		*opened = name;
		return KERN_SUCCESS;
	}
	name->events = mach_reply_port();
	kr = here_watch(name->name, name->events);
	if (kr != KERN_SUCCESS) {
		masix_proxy_name_close(name);
		return kr;
	}
	*opened = name;
	return KERN_SUCCESS;
}

static bool is_dead(mach_port_t port)
{
	mach_port_type_t type;

	return port != MACH_PORT_NULL &&
	       (mach_port_type(mach_task_self(), port, &type) != KERN_SUCCESS ||
		       (type & MACH_PORT_TYPE_DEAD_NAME) != 0);
}

/* Has ACS told of a change since the last time?  What it says does not matter: a hint to ask again. */
static bool has_changed(struct masix_proxy_name *name)
{
	union {
		mach_msg_header_t header;
		char bytes[1024];
	} event;
	bool changed = false;

	if (name->events == MACH_PORT_NULL)
		return is_dead(name->port);
	/* Only ACS has a right to this port, and its events carry nothing that must be freed. */
	while (mach_msg(&event.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof event,
		       name->events, 0, MACH_PORT_NULL) == MACH_MSG_SUCCESS)
		changed = true;
	return changed;
}

kern_return_t masix_proxy_name_port(
	struct masix_proxy_name *name, uint32_t timeout_ms, mach_port_t *port)
{
	kern_return_t kr = KERN_SUCCESS;

	if (has_changed(name))
		drop_port(name);
	if (name->port == MACH_PORT_NULL)
		kr = masix_proxy_lookup(name->name, timeout_ms, &name->port);
	if (kr == KERN_SUCCESS)
		*port = name->port;
	else
		name->port = MACH_PORT_NULL;
	return kr;
}

void masix_proxy_name_close(struct masix_proxy_name *name)
{
	drop_port(name);
	if (name->events != MACH_PORT_NULL)
		(void)mach_port_mod_refs(
			mach_task_self(), name->events, MACH_PORT_RIGHT_RECEIVE, -1);
	free(name);
}
