/* What passes from a corpse to its heir. */
#include <masix/mach.h>
#include <stdlib.h>

#include "corpse.h"
#include "mach.h"
#include "mach_port.h"

/* The ports of a task and its threads, which nobody inherits. */
struct own_ports {
	mach_port_t task;
	mach_port_t *threads;
	mach_msg_type_number_t count;
};

static bool is_own(const struct own_ports *own, mach_port_t port)
{
	mach_msg_type_number_t i;

	for (i = 0; i < own->count; i++)
		if (own->threads[i] == port)
			return true;
	return port == own->task;
}

static void close_own(struct own_ports *own)
{
	mach_msg_type_number_t i;

	for (i = 0; i < own->count; i++)
		(void)mach_port_deallocate(mach_task_self(), own->threads[i]);
	if (own->count != 0)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)own->threads,
			own->count * sizeof *own->threads);
}

/* One right, through our own space.  *passed: the heir has it now. */
static kern_return_t pass(const struct own_ports *own, mach_port_t heir, mach_port_t name,
	mach_msg_type_name_t how, bool *passed)
{
	mach_msg_type_name_t type;
	mach_port_t right;
	kern_return_t kr;

	*passed = false;
	/* It may have become a dead name meanwhile. */
	if (mach_port_extract_right(own->task, name, how, &right, &type) != KERN_SUCCESS)
		return KERN_SUCCESS;
	if (how == MACH_MSG_TYPE_MOVE_SEND && is_own(own, right)) {
		(void)mach_port_deallocate(mach_task_self(), right);
		return KERN_SUCCESS;
	}
	kr = mach_port_insert_right(heir, name, right, how);
	if (kr == KERN_SUCCESS) {
		*passed = true;
		return KERN_SUCCESS;
	}
	if (how == MACH_MSG_TYPE_MOVE_RECEIVE)
		(void)mach_port_mod_refs(mach_task_self(), right, MACH_PORT_RIGHT_RECEIVE, -1);
	else
		(void)mach_port_deallocate(mach_task_self(), right);
	/* The port died on the way: that can happen to any right. */
	return kr == KERN_INVALID_CAPABILITY || kr == MACH_SEND_INVALID_RIGHT ? KERN_SUCCESS : kr;
}

/* All that is behind one name. */
static kern_return_t pass_name(
	const struct own_ports *own, mach_port_t heir, struct corpse_right *right)
{
	static const struct {
		mach_port_type_t type;
		mach_msg_type_name_t how;
	} ways[] = {
		{ MACH_PORT_TYPE_RECEIVE, MACH_MSG_TYPE_MOVE_RECEIVE },
		{ MACH_PORT_TYPE_SEND, MACH_MSG_TYPE_MOVE_SEND },
		{ MACH_PORT_TYPE_SEND_ONCE, MACH_MSG_TYPE_MOVE_SEND_ONCE },
	};
	const mach_port_type_t type = right->type;
	kern_return_t kr = KERN_SUCCESS;
	bool passed;
	unsigned i;

	right->type = MACH_PORT_TYPE_NONE;
	for (i = 0; i < sizeof ways / sizeof ways[0] && kr == KERN_SUCCESS; i++)
		if (type & ways[i].type) {
			kr = pass(own, heir, right->name, ways[i].how, &passed);
			if (passed)
				right->type |= ways[i].type;
		}
	return kr;
}

static int by_name(const void *left, const void *right)
{
	const struct corpse_right *one = left, *other = right;

	return (one->name > other->name) - (one->name < other->name);
}

/* The names of a task's space. */
static kern_return_t list_names(mach_port_t task, struct corpse_right **rights, unsigned *count)
{
	mach_port_t *names;
	mach_port_type_t *types;
	mach_msg_type_number_t name_count, type_count, i;
	kern_return_t kr = mach_port_names(task, &names, &name_count, &types, &type_count);

	if (kr != KERN_SUCCESS)
		return kr;
	*count = name_count;
	*rights = calloc(name_count + 1, sizeof **rights);
	for (i = 0; *rights != NULL && i < name_count; i++)
		(*rights)[i] = (struct corpse_right){ names[i], types[i] };
	if (name_count != 0) {
		(void)vm_deallocate(
			mach_task_self(), (vm_address_t)names, name_count * sizeof *names);
		(void)vm_deallocate(
			mach_task_self(), (vm_address_t)types, type_count * sizeof *types);
	}
	return *rights != NULL ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

kern_return_t corpse_hand_over(
	struct corpse *corpse, mach_port_t heir, struct corpse_right **rights, unsigned *count)
{
	struct own_ports own = { .task = corpse_task(corpse) };
	struct corpse_right *all;
	unsigned listed, i, passed = 0;
	kern_return_t kr = list_names(own.task, &all, &listed);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = task_threads(own.task, &own.threads, &own.count);
	if (kr != KERN_SUCCESS)
		own.count = 0;
	for (i = 0; i < listed && kr == KERN_SUCCESS; i++) {
		kr = pass_name(&own, heir, &all[i]);
		if (all[i].type != MACH_PORT_TYPE_NONE)
			all[passed++] = all[i];
	}
	close_own(&own);
	if (kr != KERN_SUCCESS) {
		free(all);
		return kr;
	}
	qsort(all, passed, sizeof *all, by_name);
	*rights = all;
	*count = passed;
	return KERN_SUCCESS;
}
