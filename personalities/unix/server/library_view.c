#include "library_view.h"

#include <mach.h>
#include <mach/mig_errors.h>

#include <masix/foreign.h>
#include <masix/mach.h>

#include "elf_symbol.h"
#include "library.h"
#include "server.h"
#include "stuck.h"

#define PAGE 4096u

bool library_view_is_thread(const struct process *p, uint32_t id)
{
	return (id & (PID_MAX * 2 - 1)) == (uint32_t)p->pid;
}

/* Two threads with one id, or another process's, or names without end. */
static void mend(const struct process *p, struct emul_view *view)
{
	for (unsigned i = 0; i < EMUL_VIEW_THREADS; i++) {
		if (!library_view_is_thread(p, view->threads[i].id))
			view->threads[i].id = 0;
		for (unsigned before = 0; before < i; before++)
			if (view->threads[before].id == view->threads[i].id)
				view->threads[i].id = 0;
	}
	for (unsigned i = 0; i < EMUL_VIEW_MAPPINGS; i++) {
		struct emul_view_mapping *m = &view->mappings[i];

		m->name[sizeof(m->name) - 1] = '\0';
		for (char *at = m->name; *at != '\0'; at++)
			if (*at == '\n')
				*at = '?';
	}
}

/* Pages of the process's, whatever is behind them, and then a copy. */
static kern_return_t read(mach_port_t task, uint32_t address, struct emul_view **copy)
{
	static struct masix_foreign foreign = { .most = 3 };
	const uint32_t first = address & ~(PAGE - 1);
	const uint32_t size = (address + sizeof(**copy) - first + PAGE - 1) & ~(PAGE - 1);
	vm_offset_t pages = 0;
	mach_msg_type_number_t count = 0;
	kern_return_t kr = vm_read(task, first, size, &pages, &count);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = masix_foreign_copy(
		&foreign, (void *)(pages + (address - first)), sizeof(**copy), (void **)copy);
	vm_deallocate(mach_task_self(), pages, count);
	return kr;
}

struct emul_view *library_view(const struct process *p)
{
	struct emul_view *view = NULL;
	struct stuck_call stuck;
	uint32_t address = library_symbol("emul_view", sizeof(*view));

	if (address == 0 || stuck_too_many(p->credentials.ruid))
		return NULL;
	stuck_begin(&stuck, p->pid, p->credentials.ruid, &workers);
	kern_return_t kr = read(p->task, address, &view);

	stuck_end(&stuck);
	if (kr != KERN_SUCCESS)
		return NULL;
	mend(p, view);
	return view;
}

void library_view_free(struct emul_view *view)
{
	if (view != NULL)
		vm_deallocate(mach_task_self(), (vm_address_t)view, sizeof(*view));
}
