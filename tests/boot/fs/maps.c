/* The memory object of a file: one cache with read and write, protection, truncation. */
#include "client.h"

#include <masix/copy.h>
#include <masix/mach.h>
#include <string.h>

#include "io.h"
#include "mach.h"

#define SIZE (64u << 10)

static char buffer[SIZE], pattern[SIZE];

static int map(mach_port_t file, vm_prot_t protection, boolean_t copy, char **address)
{
	vm_address_t at = 0;
	mach_port_t object;
	int64_t size;
	int error = io_map(file, &object, &size);

	if (error)
		return error;
	error = vm_map(mach_task_self(), &at, SIZE, 0, TRUE, object, 0, copy, protection,
		protection | VM_PROT_READ, VM_INHERIT_NONE);
	drop(object);
	*address = (char *)at;
	return error;
}

static void unmap(char *address)
{
	(void)vm_deallocate(mach_task_self(), (vm_address_t)address, SIZE);
}

void test_maps(mach_port_t dir)
{
	char *shared, *private, *denied;
	mach_port_t file, reader;
	size_t got;
	char byte;

	for (size_t i = 0; i < SIZE; i++)
		pattern[i] = (char)(i / 16);
	WANT(0, put_file(dir, "map", pattern, SIZE));
	WANT(0, open_path(dir, "map", MASIX_OPEN_READ | MASIX_OPEN_WRITE, 0, &file));
	WANT(0, open_path(dir, "map", MASIX_OPEN_READ, 0, &reader));
	WANT(0, map(file, VM_PROT_READ | VM_PROT_WRITE, FALSE, &shared));
	CHECK(memcmp(shared, pattern, SIZE) == 0);
	/* What is written here is read there, and the other way round. */
	memcpy(shared + 5000, "mapped", 6);
	WANT(0, read_at(file, 5000, buffer, 6, &got));
	CHECK(got == 6 && memcmp(buffer, "mapped", 6) == 0);
	WANT(0, write_at(file, 9000, "written", 7, NULL));
	CHECK(memcmp(shared + 9000, "written", 7) == 0);
	/* A private mapping is a snapshot. */
	WANT(0, map(reader, VM_PROT_READ | VM_PROT_WRITE, TRUE, &private));
	memcpy(private + 5000, "PRIVATE", 7);
	CHECK(memcmp(shared + 5000, "mapped", 6) == 0);
	/* Who may only read cannot map for writing. */
	WANT(KERN_PROTECTION_FAILURE, map(reader, VM_PROT_READ | VM_PROT_WRITE, FALSE, &denied) == 0
					      ? vm_protect(mach_task_self(), (vm_address_t)denied,
							SIZE, FALSE, VM_PROT_READ | VM_PROT_WRITE)
					      : KERN_FAILURE);
	CHECK(masix_copy(denied, "x", 1) != 0);
	unmap(denied);
	/* Beyond the end there is nothing, not even what was there before. */
	WANT(0, io_set_size(file, 10000));
	CHECK(masix_copy(&byte, shared + 40000, 1) != 0);
	memset(shared + 10000, 'G', 1000);
	WANT(0, io_set_size(file, 20000));
	WANT(0, read_at(file, 10000, buffer, 10000, &got));
	CHECK(got == 10000);
	for (size_t i = 0; i < got; i++)
		if (buffer[i]) {
			CHECK(!"garbage beyond the old end");
			break;
		}
	/* A hole that is written through the mapping. */
	memcpy(shared + 16384, "hole", 4);
	WANT(0, io_sync(file));
	WANT(0, read_at(file, 16384, buffer, 4, &got));
	CHECK(got == 4 && memcmp(buffer, "hole", 4) == 0);
	unmap(private);
	drop(file);
	drop(reader);
	/* Deleted and closed, but mapped. */
	WANT(0, remove_path(dir, "map", 0));
	CHECK(memcmp(shared + 5000, "mapped", 6) == 0);
	unmap(shared);
}
