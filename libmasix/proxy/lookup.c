/* Names of servers, here and at other nodes, and where ports live. */
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <masix/error.h>
#include <masix/proxy.h>
#include <masix/types.h>
#include <string.h>
#include <time.h>

#include "gns.h"
#include "mach_port.h"
#include "proxy/here.h"

#define GNS "gns"

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* By the network server, whose next life is asked if it ends meanwhile. */
static kern_return_t look_far(
	const char *name, size_t length, uint32_t timeout_ms, mach_port_t *port)
{
	const uint64_t end = now_ms() + timeout_ms;
	kern_return_t kr;

	do {
		const uint64_t now = now_ms();
		const uint32_t left = now < end ? (uint32_t)(end - now) : 0;
		mach_port_t gns;

		kr = here_lookup(GNS, left, &gns);
		if (kr != KERN_SUCCESS)
			return kr;
		kr = gns_lookup(gns, name, length, left, port);
		(void)mach_port_deallocate(mach_task_self(), gns); /* ours, or dead */
	} while (masix_is_lost(kr) && now_ms() < end);
	return kr;
}

kern_return_t masix_proxy_lookup(const char *name, uint32_t timeout_ms, mach_port_t *port)
{
	const size_t length = strlen(name);

	if (length > MASIX_NAME_MAX)
		return MASIX_E_NAME_TOO_LONG;
	if (strchr(name, '@') != NULL)
		return look_far(name, length, timeout_ms, port);
	return here_lookup(name, timeout_ms, port);
}

kern_return_t masix_proxy_watch(const char *name, mach_port_t events)
{
	const size_t length = strlen(name);
	mach_port_t gns;
	kern_return_t kr;

	if (length > MASIX_NAME_MAX)
		return MASIX_E_NAME_TOO_LONG;
	if (strchr(name, '@') == NULL)
		return here_watch(name, events);
	kr = here_lookup(GNS, 0, &gns);
	if (kr != KERN_SUCCESS)
		return kr;
	kr = gns_watch(gns, name, length, events);
	(void)mach_port_deallocate(mach_task_self(), gns); /* ours, or dead */
	return kr;
}

kern_return_t masix_proxy_where(mach_port_t right, char node[MASIX_NODE_SIZE])
{
	masix_name_t name;
	mach_msg_type_number_t length = sizeof name;
	mach_port_t gns;
	kern_return_t kr = here_lookup(GNS, 0, &gns);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = gns_where(gns, right, name, &length);
	(void)mach_port_deallocate(mach_task_self(), gns); /* ours, or dead */
	if (kr == KERN_SUCCESS && length >= MASIX_NODE_SIZE)
		kr = MASIX_E_NAME_TOO_LONG;
	if (kr == KERN_SUCCESS) {
		memcpy(node, name, length);
		node[length] = '\0';
	}
	return kr;
}

bool masix_is_lost(kern_return_t kr)
{
	return kr == MACH_SEND_INVALID_DEST || kr == MIG_SERVER_DIED || kr == MASIX_E_DEAD;
}

kern_return_t masix_proxy_tell_lost(mach_port_t right, mach_port_t notify)
{
	mach_port_t before = MACH_PORT_NULL;
	kern_return_t kr = mach_port_request_notification(mach_task_self(), right,
		MACH_NOTIFY_DEAD_NAME, 1, notify, MACH_MSG_TYPE_MAKE_SEND_ONCE, &before);

	if (kr == KERN_SUCCESS && before != MACH_PORT_NULL)
		(void)mach_port_deallocate(mach_task_self(), before); /* ours */
	return kr;
}
