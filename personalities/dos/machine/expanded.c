/* Expanded memory: a file of /dev/shm that has no name, so that it is the caller's, and its pages can be mapped anywhere. */
#include <mach/mig_support.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <string.h>

#include "dir.h"
#include "io.h"
#include "mach.h"
#include "mach_port.h"
#include "machine.h"
#include "vector/clock.h"
#include "walk.h"

#define FOLDER "/dev/shm/.dos-"
#define ATTEMPTS 100

static mach_port_t object;

static void drop(mach_port_t port)
{
	(void)mach_port_deallocate(mach_task_self(), port);
}

/* There are no files without names: it has one for a moment. */
static kern_return_t make_file(mach_port_t *file)
{
	const int flags =
		MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE | MASIX_OPEN_EXCLUSIVE;
	char path[] = FOLDER "00000000";
	kern_return_t kr = MASIX_E_EXISTS;
	struct masix_stat stat;
	const char *name;
	mach_port_t above;
	int kind;

	for (unsigned i = 0; i < ATTEMPTS && kr == MASIX_E_EXISTS; i++) {
		uint32_t number = (uint32_t)vector_tsc();

		for (unsigned digit = 0; digit < 8; digit++)
			path[sizeof(FOLDER) - 1 + digit] =
				"0123456789abcdef"[number >> 4 * digit & 15];
		kr = walk_open(path, flags, 0600, &kind, file, &stat);
	}
	if (kr != KERN_SUCCESS)
		return kr;
	kr = walk_parent(path, &above, &name);
	if (kr == KERN_SUCCESS) {
		kr = dir_unlink(above, (char *)name, strlen(name), 0);
		drop(above);
	}
	if (kr != KERN_SUCCESS)
		drop(*file);
	return kr;
}

static bool map(vm_address_t *at, uint32_t offset, uint32_t size, bool anywhere)
{
	return vm_map(mach_task_self(), at, size, 0, anywhere, object, offset, FALSE,
		       VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ | VM_PROT_WRITE,
		       VM_INHERIT_NONE) == KERN_SUCCESS;
}

static uint8_t *make(void *context, uint32_t size)
{
	mach_port_t file;
	vm_address_t at = 0;
	int64_t ignored;
	kern_return_t kr = make_file(&file);

	(void)context;
	if (kr != KERN_SUCCESS)
		return NULL;
	kr = io_set_size(file, size);
	if (kr == KERN_SUCCESS)
		kr = io_map(file, &object, &ignored);
	drop(file);
	return kr == KERN_SUCCESS && map(&at, 0, size, true) ? (uint8_t *)at : NULL;
}

/* Nothing else of this task makes memory meanwhile, so the hole is ours. */
static bool map_at(void *context, uint8_t *at, int offset, uint32_t size)
{
	vm_address_t address = (vm_address_t)at;

	(void)context;
	(void)vm_deallocate(mach_task_self(), address, size);
	if (offset >= 0 && map(&address, (uint32_t)offset, size, false))
		return true;
	/* The program may touch what is not mapped. */
	return vm_allocate(mach_task_self(), &address, size, FALSE) == KERN_SUCCESS && offset < 0;
}

void expanded_init(struct world *world)
{
	world->expanded_make = make;
	world->expanded_map = map_at;
}
