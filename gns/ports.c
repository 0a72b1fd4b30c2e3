#include "ports.h"

#include <stdlib.h>

#define BUCKETS_FIRST 64

static unsigned name_bucket(const struct ports *ports, uint32_t name)
{
	/* Names are an index and a generation in the low 8 bits. */
	return (name ^ name >> 8) & (ports->buckets - 1);
}

static unsigned identity_bucket(const struct ports *ports, const struct wire_identity *identity)
{
	uint32_t bits;

	memcpy(&bits, identity->number, sizeof bits); /* random */
	return bits & (ports->buckets - 1);
}

struct gns_port *ports_named(const struct ports *ports, uint32_t name)
{
	struct gns_port *port = NULL;

	if (ports->buckets != 0)
		port = ports->named[name_bucket(ports, name)];
	while (port != NULL && port->name != name)
		port = port->next_named;
	return port;
}

static struct gns_port *of_kind(struct gns_port *port, uint32_t name, bool is_export)
{
	while (port != NULL && (port->name != name || port->is_export != is_export))
		port = port->next_named;
	return port;
}

struct gns_port *ports_proxy(const struct ports *ports, uint32_t name)
{
	return of_kind(ports_named(ports, name), name, false);
}

struct gns_port *ports_export(
	const struct ports *ports, uint32_t name, const struct gns_port *before)
{
	return of_kind(before == NULL ? ports_named(ports, name) : before->next_named, name, true);
}

struct gns_port *ports_identified(const struct ports *ports, const struct wire_identity *identity)
{
	struct gns_port *port = NULL;

	if (ports->buckets != 0)
		port = ports->identified[identity_bucket(ports, identity)];
	while (port != NULL && memcmp(&port->identity, identity, sizeof *identity) != 0)
		port = port->next_identified;
	return port;
}

static void link_port(struct ports *ports, struct gns_port *port)
{
	struct gns_port **named = &ports->named[name_bucket(ports, port->name)];
	struct gns_port **identified = &ports->identified[identity_bucket(ports, &port->identity)];

	port->next_named = *named;
	*named = port;
	port->next_identified = *identified;
	*identified = port;
}

static bool grow(struct ports *ports)
{
	struct ports grown = { .buckets =
				       ports->buckets == 0 ? BUCKETS_FIRST : ports->buckets * 2 };
	unsigned i;

	grown.named = calloc(grown.buckets, sizeof *grown.named);
	grown.identified = calloc(grown.buckets, sizeof *grown.identified);
	if (grown.named == NULL || grown.identified == NULL) {
		free(grown.named);
		free(grown.identified);
		return false;
	}
	for (i = 0; i < ports->buckets; i++)
		while (ports->named[i] != NULL) {
			struct gns_port *port = ports->named[i];

			ports->named[i] = port->next_named;
			link_port(&grown, port);
		}
	grown.count = ports->count;
	free(ports->named);
	free(ports->identified);
	*ports = grown;
	return true;
}

bool ports_add(struct ports *ports, struct gns_port *port)
{
	if (ports->count == PORTS_MAX || (ports->count >= ports->buckets && !grow(ports)))
		return false;
	link_port(ports, port);
	ports->count++;
	return true;
}

static void unlink_name(struct ports *ports, struct gns_port *port)
{
	struct gns_port **named = &ports->named[name_bucket(ports, port->name)];

	while (*named != port)
		named = &(*named)->next_named;
	*named = port->next_named;
}

void ports_rename(struct ports *ports, struct gns_port *port, uint32_t name)
{
	struct gns_port **named = &ports->named[name_bucket(ports, name)];

	unlink_name(ports, port);
	port->name = name;
	port->next_named = *named;
	*named = port;
}

void ports_remove(struct ports *ports, struct gns_port *port)
{
	struct gns_port **identified = &ports->identified[identity_bucket(ports, &port->identity)];

	unlink_name(ports, port);
	while (*identified != port)
		identified = &(*identified)->next_identified;
	*identified = port->next_identified;
	if (--ports->count == 0) {
		free(ports->named);
		free(ports->identified);
		*ports = (struct ports){ 0 };
	}
}

struct gns_port *ports_next(const struct ports *ports, const struct gns_port *port)
{
	unsigned bucket = 0;

	if (port != NULL) {
		if (port->next_named != NULL)
			return port->next_named;
		bucket = name_bucket(ports, port->name) + 1;
	}
	for (; bucket < ports->buckets; bucket++)
		if (ports->named[bucket] != NULL)
			return ports->named[bucket];
	return NULL;
}
