#include "library.h"

#include <mach.h>
#include <mach/task_special_ports.h>
#include <mach/thread_status.h>
#include <mach_port.h>
#include <stddef.h>
#include <string.h>

#include <masix/elf.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "../emul/boot.h"

#include "elf_symbol.h"
#include "mounts.h"
#include "server.h"

/* Where the first thread starts: below the library's own memory. */
#define STACK_SIZE 0x10000u
#define STACK_TOP EMUL_MEMORY

/* emulation.S */
extern const char emulation_image[];
extern const uint32_t emulation_image_size;

/* Lay the library out as it will lie in the task. */
static kern_return_t load(const struct masix_elf *elf, vm_address_t *memory)
{
	kern_return_t kr = vm_allocate(mach_task_self(), memory, elf->high - elf->low, TRUE);

	for (unsigned i = 0; i < elf->segment_count && kr == KERN_SUCCESS; i++) {
		const struct masix_elf_segment *s = &elf->segments[i];

		memcpy((char *)*memory + (s->address - elf->low), emulation_image + s->file_offset,
			s->file_size);
	}
	return kr;
}

static kern_return_t fill_boot(
	const struct masix_elf *elf, vm_address_t memory, const struct library_start *what)
{
	uint32_t address = elf_symbol(
		emulation_image, emulation_image_size, "emul_boot", sizeof(struct emul_boot));
	struct emul_boot *boot = (struct emul_boot *)(memory + (address - elf->low));
	const struct mount *mounts;
	unsigned count, used = 0;

	if (address < elf->low || address > elf->high - sizeof(*boot))
		return MASIX_E_BAD_FORMAT;
	memset(boot, 0, sizeof(*boot));
	boot->start = *masix_start_info();
	if (what->program != NULL)
		strncpy(boot->program, what->program, sizeof(boot->program) - 1);
	boot->takeover = what->takeover;
	mounts = mounts_table(&count);
	for (unsigned i = 0; i < count && used < EMUL_MOUNTS; i++) {
		struct emul_mount *m = &boot->mounts[used];

		if (!mounts[i].is_there || mounts[i].id == MOUNT_ROOT)
			continue;
		m->id = mounts[i].id;
		strncpy(m->path, mounts[i].path, sizeof(m->path) - 1);
		used++;
	}
	boot->magic = EMUL_BOOT_MAGIC;
	return KERN_SUCCESS;
}

static kern_return_t map(mach_port_t task, const struct masix_elf *elf, vm_address_t memory)
{
	vm_address_t address = elf->low;
	vm_address_t stack = STACK_TOP - STACK_SIZE;
	kern_return_t kr = vm_allocate(task, &address, elf->high - elf->low, FALSE);

	if (kr == KERN_SUCCESS)
		kr = vm_write(task, elf->low, memory, elf->high - elf->low);
	for (unsigned i = 0; i < elf->segment_count && kr == KERN_SUCCESS; i++) {
		const struct masix_elf_segment *s = &elf->segments[i];

		kr = vm_protect(task, s->address, s->memory_size, FALSE, s->protection);
	}
	if (kr == KERN_SUCCESS)
		kr = vm_allocate(task, &stack, STACK_SIZE, FALSE);
	return kr;
}

kern_return_t library_load(mach_port_t task, const struct library_start *what, uint32_t *entry)
{
	size_t size = emulation_image_size;
	struct masix_elf elf;
	vm_address_t memory;
	const char *why;
	kern_return_t kr = masix_elf_parse(emulation_image, size, size, &elf, &why);

	if (kr != KERN_SUCCESS) {
		masix_log("emulation library: %s", why);
		return kr;
	}
	if (elf.low < EMUL_BASE || elf.high > STACK_TOP - STACK_SIZE)
		return MASIX_E_BAD_FORMAT;
	kr = load(&elf, &memory);
	if (kr == KERN_SUCCESS)
		kr = fill_boot(&elf, memory, what);
	if (kr == KERN_SUCCESS)
		kr = map(task, &elf, memory);
	vm_deallocate(mach_task_self(), memory, elf.high - elf.low);
	*entry = elf.entry;
	return kr;
}

/* A right that is moved is gone, also when that fails. */
static kern_return_t move(mach_port_t task, mach_port_t name, mach_port_t *right)
{
	mach_port_t moved = *right;

	*right = MACH_PORT_NULL;
	return mach_port_insert_right(task, name, moved, MACH_MSG_TYPE_MOVE_SEND);
}

kern_return_t library_give_rights(
	mach_port_t task, mach_port_t thread, struct library_rights *rights)
{
	kern_return_t kr = move(task, EMUL_PORT_ROOT, &rights->root);

	if (kr == KERN_SUCCESS)
		kr = move(task, EMUL_PORT_PROCESS, &rights->process);
	if (kr == KERN_SUCCESS && rights->directory != MACH_PORT_NULL)
		kr = move(task, EMUL_PORT_CWD, &rights->directory);
	if (kr == KERN_SUCCESS)
		kr = mach_port_insert_right(task, EMUL_PORT_TASK, task, MACH_MSG_TYPE_COPY_SEND);
	if (kr == KERN_SUCCESS)
		kr = mach_port_insert_right(
			task, EMUL_PORT_THREAD, thread, MACH_MSG_TYPE_COPY_SEND);
	if (kr == KERN_SUCCESS)
		kr = task_set_special_port(task, TASK_EXCEPTION_PORT, unix_server.exceptions);
	return kr;
}

void library_drop_rights(struct library_rights *rights)
{
	const mach_port_t all[] = { rights->root, rights->directory, rights->process };

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] != MACH_PORT_NULL)
			mach_port_deallocate(mach_task_self(), all[i]);
}

uint32_t library_symbol(const char *name, uint32_t size)
{
	return elf_symbol(emulation_image, emulation_image_size, name, size);
}

kern_return_t library_enter(mach_port_t thread, uint32_t entry)
{
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
	kern_return_t kr =
		thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, &count);

	if (kr != KERN_SUCCESS)
		return kr;
	state.eip = entry;
	state.uesp = STACK_TOP - 16;
	return thread_set_state(
		thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, i386_THREAD_STATE_COUNT);
}
