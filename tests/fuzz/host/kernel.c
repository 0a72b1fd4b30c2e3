/* The played kernel. What is not here fails: the user stubs of the contracts are linked, and mach_msg sends nothing. */
#include "kernel.h"

#include <mach/message.h>
#include <sys/mman.h>

#define PORTS 4096
#define FIRST_NAME 0x100
#define PAGE 4096u
#define SELF 1

static struct port {
	unsigned references;
	bool once, dead, is_task;
} ports[PORTS];
static unsigned port_count;
static size_t pages;

uint64_t kernel_now;
uint32_t kernel_chances;

void kernel_begin(void)
{
	memset(ports, 0, sizeof ports);
	port_count = 0;
	pages = 0;
	kernel_now = 1000000000;
}

bool kernel_fails(unsigned one_in)
{
	kernel_chances ^= kernel_chances << 13;
	kernel_chances ^= kernel_chances >> 17;
	kernel_chances ^= kernel_chances << 5;
	return kernel_chances != 0 && kernel_chances / 7 % one_in == 0;
}

static bool fails(void)
{
	return kernel_fails(64);
}

static struct port *port_of(mach_port_t name)
{
	REQUIRE(name >= FIRST_NAME && name - FIRST_NAME < port_count);
	return &ports[name - FIRST_NAME];
}

mach_port_t kernel_name(void)
{
	REQUIRE(port_count < PORTS);
	return FIRST_NAME + port_count++;
}

mach_port_t kernel_right(bool once)
{
	mach_port_t name = kernel_name();

	port_of(name)->references = 1;
	port_of(name)->once = once;
	return name;
}

void kernel_kill(mach_port_t name)
{
	port_of(name)->dead = true;
}

void kernel_make(mach_port_t name)
{
	port_of(name)->references++;
}

void kernel_move(mach_port_t name)
{
	if (name == MACH_PORT_NULL || name == MACH_PORT_DEAD)
		return;
	REQUIRE(port_of(name)->references > 0);
	port_of(name)->references--;
}

unsigned kernel_rights(void)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < port_count; i++)
		sum += ports[i].references;
	return sum;
}

size_t kernel_pages(void)
{
	return pages;
}

mach_port_t kernel_task(unsigned n)
{
	mach_port_t found = MACH_PORT_NULL;

	for (unsigned i = 0; i < port_count; i++)
		if (ports[i].is_task && !ports[i].dead && ports[i].references != 0) {
			found = FIRST_NAME + i;
			if (n-- == 0)
				break;
		}
	return found;
}

/* --- Ports --- */

mach_port_t mach_task_self(void)
{
	return SELF;
}

mach_port_t mach_host_self(void);
mach_port_t mach_host_self(void)
{
	return SELF + 1;
}

kern_return_t mach_port_deallocate(mach_port_t task, mach_port_t name);
kern_return_t mach_port_deallocate(mach_port_t task, mach_port_t name)
{
	REQUIRE(task == SELF);
	REQUIRE(port_of(name)->references > 0);
	port_of(name)->references--;
	return KERN_SUCCESS;
}

kern_return_t mach_port_mod_refs(
	mach_port_t task, mach_port_t name, mach_port_right_t right, int delta);
kern_return_t mach_port_mod_refs(
	mach_port_t task, mach_port_t name, mach_port_right_t right, int delta)
{
	struct port *port = port_of(name);

	if (right == MACH_PORT_RIGHT_RECEIVE) {
		REQUIRE(delta == -1 && port->references > 0);
		port->references--;
		return KERN_SUCCESS;
	}
	REQUIRE(task == SELF && right == MACH_PORT_RIGHT_SEND && !port->once);
	if (port->dead)
		return KERN_INVALID_RIGHT;
	REQUIRE(port->references > 0 && (int)port->references + delta >= 0);
	port->references += (unsigned)delta;
	return KERN_SUCCESS;
}

kern_return_t mach_port_type(mach_port_t task, mach_port_t name, mach_port_type_t *type);
kern_return_t mach_port_type(mach_port_t task, mach_port_t name, mach_port_type_t *type)
{
	(void)task;
	if (name < FIRST_NAME || name - FIRST_NAME >= port_count)
		return KERN_INVALID_NAME;
	*type = ports[name - FIRST_NAME].dead ? MACH_PORT_TYPE_DEAD_NAME : MACH_PORT_TYPE_SEND;
	return KERN_SUCCESS;
}

/* --- Memory: our own is real, that of others is nowhere --- */

kern_return_t vm_allocate(
	mach_port_t task, vm_address_t *address, vm_size_t size, boolean_t anywhere);
kern_return_t vm_allocate(
	mach_port_t task, vm_address_t *address, vm_size_t size, boolean_t anywhere)
{
	void *memory;

	if (fails())
		return KERN_NO_SPACE;
	if (task != SELF)
		return KERN_SUCCESS;
	REQUIRE(anywhere);
	size = (size + PAGE - 1) & ~(PAGE - 1);
	memory = mmap(NULL, size ? size : PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	REQUIRE(memory != MAP_FAILED);
	*address = (vm_address_t)memory;
	pages += size / PAGE;
	return KERN_SUCCESS;
}

kern_return_t vm_deallocate(mach_port_t task, vm_address_t address, vm_size_t size);
kern_return_t vm_deallocate(mach_port_t task, vm_address_t address, vm_size_t size)
{
	vm_address_t begin = address & ~(PAGE - 1), end = (address + size + PAGE - 1) & ~(PAGE - 1);

	REQUIRE(task == SELF);
	if (size == 0)
		return KERN_SUCCESS;
	REQUIRE(pages >= (end - begin) / PAGE);
	REQUIRE(munmap((void *)begin, end - begin) == 0);
	pages -= (end - begin) / PAGE;
	return KERN_SUCCESS;
}

kern_return_t vm_write(mach_port_t task, vm_address_t address, vm_offset_t data, unsigned size);
kern_return_t vm_write(mach_port_t task, vm_address_t address, vm_offset_t data, unsigned size)
{
	uint8_t sum = 0;

	(void)task;
	(void)address;
	for (unsigned i = 0; i < size; i += PAGE)
		sum ^= *(volatile uint8_t *)(data + i); /* it must be there */
	(void)sum;
	return fails() ? KERN_INVALID_ADDRESS : KERN_SUCCESS;
}

kern_return_t vm_protect(
	mach_port_t task, vm_address_t address, vm_size_t size, boolean_t maximum, int prot);
kern_return_t vm_protect(
	mach_port_t task, vm_address_t address, vm_size_t size, boolean_t maximum, int prot)
{
	(void)task;
	(void)address;
	(void)size;
	(void)maximum;
	(void)prot;
	return KERN_SUCCESS;
}

kern_return_t vm_inherit(mach_port_t task, vm_address_t address, vm_size_t size, int how);
kern_return_t vm_inherit(mach_port_t task, vm_address_t address, vm_size_t size, int how)
{
	(void)task;
	(void)address;
	(void)size;
	(void)how;
	return fails() ? KERN_INVALID_ADDRESS : KERN_SUCCESS;
}

/* --- Tasks and threads --- */

kern_return_t task_create(mach_port_t parent, boolean_t inherit, mach_port_t *task);
kern_return_t task_create(mach_port_t parent, boolean_t inherit, mach_port_t *task)
{
	(void)parent;
	(void)inherit;
	if (fails())
		return KERN_RESOURCE_SHORTAGE;
	*task = kernel_right(false);
	port_of(*task)->is_task = true;
	return KERN_SUCCESS;
}

kern_return_t task_terminate(mach_port_t task);
kern_return_t task_terminate(mach_port_t task)
{
	kernel_kill(task);
	return KERN_SUCCESS;
}

#define TASK_CALL(name)                                                                            \
	kern_return_t name(mach_port_t task);                                                      \
	kern_return_t name(mach_port_t task)                                                       \
	{                                                                                          \
		return port_of(task)->dead || fails() ? KERN_FAILURE : KERN_SUCCESS;               \
	}
TASK_CALL(task_suspend)
TASK_CALL(task_resume)
TASK_CALL(thread_resume)

kern_return_t task_set_special_port(mach_port_t task, int which, mach_port_t port);
kern_return_t task_set_special_port(mach_port_t task, int which, mach_port_t port)
{
	(void)which;
	(void)port_of(task);
	REQUIRE(port == MACH_PORT_NULL || port_of(port)->references > 0);
	return KERN_SUCCESS;
}

kern_return_t thread_create(mach_port_t task, mach_port_t *thread);
kern_return_t thread_create(mach_port_t task, mach_port_t *thread)
{
	(void)port_of(task);
	*thread = kernel_right(false);
	return KERN_SUCCESS;
}

kern_return_t thread_get_state(
	mach_port_t thread, int flavor, thread_state_t state, unsigned *count);
kern_return_t thread_get_state(
	mach_port_t thread, int flavor, thread_state_t state, unsigned *count)
{
	(void)port_of(thread);
	(void)flavor;
	memset(state, 0, *count * sizeof(int));
	return KERN_SUCCESS;
}

kern_return_t thread_set_state(
	mach_port_t thread, int flavor, thread_state_t state, unsigned count);
kern_return_t thread_set_state(mach_port_t thread, int flavor, thread_state_t state, unsigned count)
{
	(void)port_of(thread);
	(void)flavor;
	(void)state;
	(void)count;
	return KERN_SUCCESS;
}

mach_port_t mig_get_reply_port(void);
mach_port_t mig_get_reply_port(void)
{
	return MACH_PORT_NULL;
}

#define REPLY_PORT_IS_DONE(name)                                                                   \
	void name(mach_port_t port);                                                               \
	void name(mach_port_t port)                                                                \
	{                                                                                          \
		(void)port;                                                                        \
	}
REPLY_PORT_IS_DONE(mig_dealloc_reply_port)
REPLY_PORT_IS_DONE(mig_put_reply_port)

/* Everything else. */
mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify)
{
	(void)message;
	(void)option;
	(void)send_size;
	(void)receive_size;
	(void)receive_name;
	(void)timeout;
	(void)notify;
	return MACH_SEND_INVALID_DEST;
}
