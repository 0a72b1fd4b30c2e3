/* The machine's third thread: a page of a mapped file that cannot be had is an error of the copy, not the machine's end. */
#include <mach/mig_support.h>

#include <mach/exception.h>
#include <mach/message.h>
#include <mach/thread_special_ports.h>
#include <mach/thread_status.h>
#include <masix/error.h>
#include <masix/exception.h>
#include <masix/mach.h>

#include "mach.h"
#include "mach_port.h"
#include "machine.h"

/* libmasix/mach/copy.S */
extern const char copy_begin[], copy_end[], copy_failed[];
extern const int copy_error;
const int copy_error = MASIX_E_IO;

static mach_port_t port;
static bool is_there;

/* The services' thread waits for our answer, so its port for answers is ours for a moment. */
static bool fix(const struct masix_exception *m)
{
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

	if (m->exception != EXC_BAD_ACCESS ||
		thread_get_state(MACHINE_PORT_THREAD, i386_REGS_SEGS_STATE, (thread_state_t)&state,
			&count) != KERN_SUCCESS ||
		state.eip < (uint32_t)copy_begin || state.eip >= (uint32_t)copy_end)
		return false;
	state.eip = (uint32_t)copy_failed;
	return thread_set_state(MACHINE_PORT_THREAD, i386_REGS_SEGS_STATE, (thread_state_t)&state,
		       i386_THREAD_STATE_COUNT) == KERN_SUCCESS;
}

static void guard(void)
{
	static union {
		mach_msg_header_t header;
		struct masix_exception exception;
		char bytes[256];
	} in;
	kern_return_t result;

	for (;;) {
		if (mach_msg(&in.header, MACH_RCV_MSG, 0, sizeof(in), port, 0, MACH_PORT_NULL) !=
			MACH_MSG_SUCCESS)
			continue;
		result = fix(&in.exception) ? KERN_SUCCESS : KERN_FAILURE;
		(void)mach_port_deallocate(mach_task_self(), in.exception.thread);
		(void)mach_port_deallocate(mach_task_self(), in.exception.task);
		/* A failure passes it on to the server, which logs it. */
		masix_exception_reply(in.header.msgh_remote_port, result);
	}
}

static kern_return_t start_thread(mach_port_t thread)
{
	/* The stubs of thread states have messages of more than 4 KiB. */
	static char stack[0x8000] __attribute__((aligned(16)));
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
	kern_return_t kr =
		thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, &count);

	if (kr != KERN_SUCCESS)
		return kr;
	state.eip = (uint32_t)guard;
	state.uesp = (uint32_t)(stack + sizeof(stack) - 16);
	kr = thread_set_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, count);
	return kr == KERN_SUCCESS ? thread_resume(thread) : kr;
}

kern_return_t guard_start(void)
{
	mach_port_t thread;
	kern_return_t kr;

	if (is_there)
		return KERN_SUCCESS;
	kr = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);
	if (kr == KERN_SUCCESS)
		kr = mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
	if (kr == KERN_SUCCESS)
		kr = thread_create(mach_task_self(), &thread);
	if (kr == KERN_SUCCESS)
		kr = start_thread(thread);
	if (kr == KERN_SUCCESS)
		kr = thread_set_special_port(MACHINE_PORT_THREAD, THREAD_EXCEPTION_PORT, port);
	is_there = kr == KERN_SUCCESS;
	return kr;
}
