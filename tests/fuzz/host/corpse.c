/* Corpses of the played kernel: they stop and end at once. acs/corpse.h */
#include "corpse.h"

#include "kernel.h"

struct corpse {
	mach_port_t task;
};

struct corpse *corpse_begin(mach_port_t task, mach_port_t reply)
{
	struct corpse *corpse = malloc(sizeof *corpse);

	REQUIRE(corpse != NULL);
	kernel_kill(task);
	kernel_move(reply);
	corpse->task = task;
	if (kernel_fails(32)) {
		kernel_move(task);
		free(corpse);
		return NULL;
	}
	return corpse;
}

void corpse_wait(struct corpse *corpse)
{
	(void)corpse;
}

mach_port_t corpse_task(const struct corpse *corpse)
{
	return corpse->task;
}

kern_return_t corpse_hand_over(
	struct corpse *corpse, mach_port_t heir, struct corpse_right **rights, unsigned *count)
{
	(void)corpse;
	(void)heir;
	if (kernel_fails(16))
		return KERN_NO_SPACE;
	*count = kernel_chances % 200;
	*rights = calloc(*count + 1, sizeof **rights);
	REQUIRE(*rights != NULL);
	for (unsigned i = 0; i < *count; i++)
		(*rights)[i] = (struct corpse_right){ 10 + i, MACH_PORT_TYPE_SEND };
	return KERN_SUCCESS;
}

void corpse_bury(struct corpse *corpse, bool wait)
{
	(void)wait;
	kernel_move(corpse->task);
	free(corpse);
}
