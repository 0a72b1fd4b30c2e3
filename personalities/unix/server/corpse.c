#include "corpse.h"

#include <mach.h>
#include <mach/machine/thread_status.h>
#include <mach/message.h>
#include <mach_port.h>

#include <masix/mach.h>

#include "server.h"

#define THREADS_MAX 512

/* Where trap_mach_msg goes on after the kernel (libmasix/mach/traps.S); on its stack are the address of its caller and
 * its arguments. */
extern const char trap_mach_msg_done[];

struct frame {
	uint32_t caller, message, option;
};

static mach_port_t sent[THREADS_MAX];
static unsigned count;

/* `size` bytes of the task at `address`. */
static bool read_memory(mach_port_t task, uint32_t address, void *to, uint32_t size)
{
	const uint32_t page = address & ~(unix_server.page_size - 1);
	const uint32_t end =
		(address + size + unix_server.page_size - 1) & ~(unix_server.page_size - 1);
	vm_offset_t data;
	mach_msg_type_number_t length;

	if (vm_read(task, page, end - page, &data, &length) != KERN_SUCCESS)
		return false;
	memcpy(to, (const char *)data + (address - page), size);
	vm_deallocate(mach_task_self(), data, length);
	return true;
}

static void examine(mach_port_t task, mach_port_t thread)
{
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t words = i386_THREAD_STATE_COUNT;
	mach_msg_header_t message;
	struct frame frame;

	if (thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, &words) !=
			KERN_SUCCESS ||
		state.eip != (uint32_t)(uintptr_t)trap_mach_msg_done || state.eax != 0 ||
		!read_memory(task, state.uesp, &frame, sizeof(frame)) ||
		(frame.option & (MACH_SEND_MSG | MACH_RCV_MSG)) != MACH_SEND_MSG ||
		!read_memory(task, frame.message, &message, sizeof(message)))
		return;
	sent[count++] = message.msgh_remote_port;
}

void corpse_examine(mach_port_t task)
{
	thread_array_t threads;
	mach_msg_type_number_t number;

	count = 0;
	if (task_threads(task, &threads, &number) != KERN_SUCCESS)
		return;
	for (mach_msg_type_number_t i = 0; i < number; i++) {
		if (count < THREADS_MAX)
			examine(task, threads[i]);
		mach_port_deallocate(mach_task_self(), threads[i]);
	}
	vm_deallocate(mach_task_self(), (vm_address_t)threads, number * sizeof(*threads));
}

bool corpse_has_sent(mach_port_t reply)
{
	for (unsigned i = 0; i < count; i++)
		if (sent[i] == reply)
			return true;
	return false;
}
