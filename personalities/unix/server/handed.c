#include "handed.h"

#include <string.h>

#include "mounts.h"
#include "net_link.h"
#include "serve_io.h"
#include "server.h"

static bool is_ours(mach_port_t right, masix_stat_t *stat)
{
	struct masix_object *object = masix_object_get(right, NULL);

	if (object == NULL)
		return false;
	const struct unix_class *class = (const struct unix_class *)object->class;

	if (class->io == NULL || class->io->stat == NULL ||
		class->io->stat(object, stat) != KERN_SUCCESS)
		memset(stat, 0, sizeof(*stat));
	masix_object_put(object);
	return true;
}

void handed_identify(mach_port_t right, uint32_t mount, struct handed *handed)
{
	memset(handed, 0, sizeof(*handed));
	if (!MACH_PORT_VALID(right))
		return;
	if (is_ours(right, &handed->stat))
		handed->maker = HANDED_OURS;
	else if (mounts_identify(mount, right, &handed->rights, &handed->stat) == KERN_SUCCESS)
		handed->maker = HANDED_FILE;
	else if (net_link_identify(right, &handed->stat) == KERN_SUCCESS)
		handed->maker = HANDED_NETWORK;
}
