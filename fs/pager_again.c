/* What the kernel had asked of a pager thread that died over it.  It waits for the pages that it wanted, and the ones that it
 * returned are nowhere but in the memory of the dead task. */
#include <mach/memory_object.h>
#include <masix/error.h>
#include <masix/estate.h>
#include <masix/server.h>
#include <string.h>

#include "kept.h"
#include "mach.h"
#include "mach4.h"
#include "mach_port.h"
#include "pager.h"

/* Of memory_object.defs. */
#define INIT 2200
#define DATA_REQUEST 2203
#define DATA_RETURN 2208
#define ITEMS 6u
#define PAGES 16u

/* The items of a message, as words: ports, numbers, and for memory its address and (in `counts`) size. */
struct items {
	uint32_t words[ITEMS], counts[ITEMS];
	unsigned count;
};

static void take_apart(const mach_msg_header_t *message, struct items *items)
{
	const char *at = (const char *)(message + 1),
		   *end = (const char *)message + message->msgh_size;

	memset(items, 0, sizeof(*items));
	while (items->count < ITEMS && end - at >= 8) {
		mach_msg_type_long_t type;
		size_t header = sizeof(type.msgtl_header);

		memcpy(&type, at, header);
		items->counts[items->count] = type.msgtl_header.msgt_number;
		if (type.msgtl_header.msgt_longform) {
			if ((size_t)(end - at) < sizeof(type) + 4)
				return;
			memcpy(&type, at, sizeof(type));
			header = sizeof(type);
			items->counts[items->count] = type.msgtl_number;
		}
		memcpy(&items->words[items->count++], at + header, 4);
		at += header + 4;
	}
}

static void begin_again(struct pager *pager, mach_port_t control, struct masix_estate *estate)
{
	if (pager->control != control) {
		if (!masix_estate_take(estate, control, MACH_PORT_TYPE_SEND))
			return;
		pager->control = control;
	}
	/* Said twice it does no harm. */
	if (memory_object_ready(control,
		    !pager->node->volume->ops->direct && pager->node->stat.nlink > 0,
		    MEMORY_OBJECT_COPY_DELAY) != KERN_SUCCESS)
		masix_log("%s: the kernel refused a memory object", pager->node->volume->name);
}

/* The pages go to the disk, unless they did already: then they are not there any more. */
static void write_again(struct pager *pager, const struct items *items, mach_port_t corpse)
{
	vm_offset_t data;
	mach_msg_type_number_t size;
	int error;

	if (!items->words[3] ||
		vm_read(corpse, items->words[2], items->counts[2], &data, &size) != KERN_SUCCESS)
		return;
	error = pager->node->volume->ops->page_out(
		pager->node, items->words[1] / PAGE_SIZE_, size / PAGE_SIZE_, (void *)data);
	if (error)
		masix_log("%s: inode %llu: pages at %u were lost: %s", pager->node->volume->name,
			(unsigned long long)pager->node->stat.ino, items->words[1],
			masix_strerror(error));
	(void)vm_deallocate(mach_task_self(), data, size);
}

void pager_again(const mach_msg_header_t *message, struct masix_estate *estate)
{
	struct pager *pager = pager_lookup(message->msgh_local_port);
	struct items items;

	if (!pager)
		return;
	take_apart(message, &items);
	switch (message->msgh_id) {
	case INIT:
		begin_again(pager, items.words[0], estate);
		break;
	case DATA_REQUEST:
		serve_pager_supply(pager, items.words[1], items.words[2], PAGES);
		break;
	case DATA_RETURN:
		write_again(pager, &items, masix_estate_corpse(estate));
		break;
	default:
		break;
	}
	pager_put(pager);
}

void pager_again_postponed(void)
{
	for (unsigned i = 0; i < KEPT_POSTPONED; i++) {
		struct kept_request *slot = &kept->postponed[i];

		if (slot->pager && pager_is_known(slot->pager))
			serve_pager_supply(slot->pager, slot->offset, slot->length, slot->pages);
		slot->pager = NULL;
	}
}
