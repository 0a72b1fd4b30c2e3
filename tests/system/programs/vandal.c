/* vandal WHAT: damages what the emulation library of this process lives on, and goes on with system calls.
 * However it ends, only this process may be hurt; if it lives on it says "alive" or hangs. */
#include <masix/mach.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mach/thread_status.h>

#include "mach.h"
#include "mach_port.h"

#define LIBRARY 0xbf000000u
#define LIBRARY_END 0xc0000000u
#define FIRST_NAME 0x1001u
#define LAST_NAME 0x1005u

typedef void (*change_t)(vm_address_t address, vm_size_t size);

/* Calls `change` for every region of the library with the access wanted. */
static void for_regions(vm_prot_t wanted, change_t change)
{
	mach_port_t self = mach_task_self();
	vm_address_t address = LIBRARY;

	while (address >= LIBRARY && address < LIBRARY_END) {
		vm_prot_t prot, max;
		vm_inherit_t inherit;
		boolean_t shared;
		mach_port_t name;
		vm_offset_t offset;
		vm_size_t size;

		if (vm_region(self, &address, &size, &prot, &max, &inherit, &shared, &name,
			    &offset) != KERN_SUCCESS)
			return;
		if (MACH_PORT_VALID(name))
			(void)mach_port_deallocate(self, name);
		if ((prot & wanted) == wanted && address < LIBRARY_END)
			change(address, size);
		address += size;
	}
}

static void fill(vm_address_t address, vm_size_t size)
{
	memset((void *)address, 0xa5, size);
}

static void open_up(vm_address_t address, vm_size_t size)
{
	(void)vm_protect(mach_task_self(), address, size, FALSE,
		VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE);
}

static void unmap(vm_address_t address, vm_size_t size)
{
	(void)vm_deallocate(mach_task_self(), address, size);
}

static void data(void)
{
	for_regions(VM_PROT_WRITE, fill);
}

static void text(void)
{
	for_regions(VM_PROT_READ, open_up);
	for_regions(VM_PROT_WRITE, fill);
}

static void unmapped(void)
{
	for_regions(VM_PROT_NONE, unmap);
}

/* Every right that this task has. */
static void ports(void)
{
	mach_port_t self = mach_task_self();
	mach_port_array_t names;
	mach_port_type_array_t types;
	mach_msg_type_number_t count, type_count;

	if (mach_port_names(self, &names, &count, &types, &type_count) != KERN_SUCCESS)
		return;
	for (mach_msg_type_number_t i = 0; i < count; i++)
		if (names[i] != self)
			(void)mach_port_destroy(self, names[i]);
	(void)mach_port_destroy(self, self);
}

/* Only those that whoever made the process gave it. */
static void own_ports(void)
{
	for (mach_port_t name = FIRST_NAME; name <= LAST_NAME; name++)
		(void)mach_port_destroy(mach_task_self(), name);
}

/* The names stay, what they mean does not: everything answers like a mute port. */
static void swapped(void)
{
	mach_port_t self = mach_task_self();

	for (mach_port_t name = FIRST_NAME; name < FIRST_NAME + 3; name++) {
		(void)mach_port_destroy(self, name);
		(void)mach_port_allocate_name(self, MACH_PORT_RIGHT_RECEIVE, name);
		(void)mach_port_insert_right(self, name, name, MACH_MSG_TYPE_MAKE_SEND);
	}
}

static void for_other_threads(kern_return_t (*change)(mach_port_t thread))
{
	mach_port_t self = mach_thread_self();
	thread_array_t threads;
	mach_msg_type_number_t count;

	if (task_threads(mach_task_self(), &threads, &count) != KERN_SUCCESS)
		return;
	for (mach_msg_type_number_t i = 0; i < count; i++)
		if (threads[i] != self)
			(void)change(threads[i]);
}

static void no_service(void)
{
	for_other_threads(thread_terminate);
}

static void crash(void)
{
	__asm__ volatile("ud2");
}

static void deaf_service(void)
{
	for_other_threads(thread_suspend);
	crash();
}

static void no_exceptions(void)
{
	(void)task_set_special_port(mach_task_self(), TASK_EXCEPTION_PORT, MACH_PORT_NULL);
	crash();
}

/* Faults are told to a port where nobody listens. */
static void mute_exceptions(void)
{
	mach_port_t self = mach_task_self(), mute = mach_reply_port();

	(void)mach_port_insert_right(self, mute, mute, MACH_MSG_TYPE_MAKE_SEND);
	(void)task_set_special_port(self, TASK_EXCEPTION_PORT, mute);
	crash();
}

static void no_thread_block(void)
{
	__asm__ volatile("movw %%ax, %%fs" : : "a"(0));
}

static void suspended(void)
{
	(void)task_suspend(mach_task_self());
}

static void terminated(void)
{
	(void)task_terminate(mach_task_self());
}

static void no_main_thread(void)
{
	(void)thread_terminate(mach_thread_self());
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "data", data },
	{ "text", text },
	{ "unmapped", unmapped },
	{ "ports", ports },
	{ "own-ports", own_ports },
	{ "swapped", swapped },
	{ "no-service", no_service },
	{ "deaf-service", deaf_service },
	{ "no-exceptions", no_exceptions },
	{ "mute-exceptions", mute_exceptions },
	{ "no-thread-block", no_thread_block },
	{ "suspended", suspended },
	{ "terminated", terminated },
	{ "no-main-thread", no_main_thread },
};

/* A call of each sort: own process, a file, another process, a right given away. */
static void go_on(void)
{
	char buffer[64];
	int ends[2];
	pid_t child;

	(void)getppid();
	if (chdir("/usr") == 0 && getcwd(buffer, sizeof buffer) != NULL && pipe(ends) == 0)
		(void)close(ends[0]);
	child = fork();
	if (child == 0)
		_exit(0);
	if (child > 0)
		(void)waitpid(child, NULL, 0);
	(void)kill(getpid(), SIGURG);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc >= 2 && i < sizeof ways / sizeof ways[0]; i++)
		if (strcmp(argv[1], ways[i].name) == 0) {
			(void)mach_task_self();
			/* For who waits until it is about to happen. */
			if (argc > 2)
				(void)write(1, "begins\n", 7);
			ways[i].run();
			go_on();
			(void)write(1, "alive\n", 6);
			return 0;
		}
	if (argc == 1)
		for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
			puts(ways[i].name);
	return argc != 1;
}
