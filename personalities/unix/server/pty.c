#include "pty.h"

#include <stdlib.h>

#include <masix/error.h>

#include "recover.h"

struct pty {
	struct terminal terminal;
	unsigned number;
	uint32_t uid, gid;
	bool locked; /* `lock` below: until the master says unlockpt */
};

static struct kept_mutex lock;

/* An entry is no reference; lock. */
static struct pty **ptys(void)
{
	return kept_root(ROOT_PTYS, PTY_MAX * sizeof(struct pty *));
}

static void pty_destroy(struct terminal *terminal)
{
	struct pty *pty = (struct pty *)terminal;

	kept_lock(&lock);
	if (ptys()[pty->number] == pty)
		ptys()[pty->number] = NULL;
	kept_unlock(&lock);
	free(pty);
}

static const struct terminal_device pty_device = { .destroy = pty_destroy };

static bool enter(struct pty *pty)
{
	kept_lock(&lock);
	unsigned n = 0;

	while (n < PTY_MAX && ptys()[n] != NULL)
		n++;
	if (n < PTY_MAX) {
		ptys()[n] = pty;
		pty->number = n;
		pty->locked = true;
	}
	kept_unlock(&lock);
	return n < PTY_MAX;
}

kern_return_t pty_open_master(uint32_t uid, uint32_t gid, mach_port_t *master)
{
	struct pty *pty = calloc(1, sizeof(*pty));

	if (pty == NULL)
		return KERN_RESOURCE_SHORTAGE;
	terminal_init(&pty->terminal, &pty_device, 0);
	pty->uid = uid;
	pty->gid = gid;
	if (!enter(pty)) {
		free(pty);
		return MASIX_E_NO_SPACE;
	}
	pty->terminal.jobs.rdev = PTY_MAJOR << 8 | pty->number;
	kern_return_t kr = terminal_open_master(&pty->terminal, master);

	terminal_put(&pty->terminal); /* the opening holds it now */
	return kr;
}

struct terminal *pty_slave(unsigned number)
{
	struct terminal *terminal = NULL;

	kept_lock(&lock);
	if (number < PTY_MAX && ptys()[number] != NULL && !ptys()[number]->locked)
		terminal = terminal_ref(&ptys()[number]->terminal);
	kept_unlock(&lock);
	return terminal;
}

static struct pty *pty_of(struct terminal *terminal)
{
	return terminal->device == &pty_device ? (struct pty *)terminal : NULL;
}

kern_return_t pty_number(struct terminal *terminal, int *number)
{
	struct pty *pty = pty_of(terminal);

	if (pty == NULL)
		return MASIX_E_NOT_TTY;
	*number = pty->number;
	return KERN_SUCCESS;
}

kern_return_t pty_lock(struct terminal *terminal, bool locked)
{
	struct pty *pty = pty_of(terminal);

	if (pty == NULL)
		return MASIX_E_NOT_TTY;
	kept_lock(&lock);
	pty->locked = locked;
	kept_unlock(&lock);
	return KERN_SUCCESS;
}

kern_return_t pty_is_locked(struct terminal *terminal, int *locked)
{
	struct pty *pty = pty_of(terminal);

	if (pty == NULL)
		return MASIX_E_NOT_TTY;
	kept_lock(&lock);
	*locked = pty->locked;
	kept_unlock(&lock);
	return KERN_SUCCESS;
}

int pty_next(int from, uint32_t *uid, uint32_t *gid)
{
	int found = -1;

	kept_lock(&lock);
	for (int n = from < 0 ? 0 : from; n < PTY_MAX && found < 0; n++) {
		if (ptys()[n] == NULL)
			continue;
		found = n;
		*uid = ptys()[n]->uid;
		*gid = ptys()[n]->gid;
	}
	kept_unlock(&lock);
	return found;
}

void ptys_recover(enum recover_pass pass)
{
	for (unsigned n = 0; n < PTY_MAX; n++) {
		struct pty *pty = ptys()[n];

		if (pty == NULL)
			continue;
		/* No opening has it: it was just going, or coming. */
		if (pass == REFERENCES_FORGET)
			terminal_recover(&pty->terminal, pass);
		else if (atomic_load(&pty->terminal.references) == 0)
			ptys()[n] = NULL;
	}
}

void ptys_resume(void)
{
	for (unsigned n = 0; n < PTY_MAX; n++)
		if (ptys()[n] != NULL)
			terminal_resume(&ptys()[n]->terminal);
}
