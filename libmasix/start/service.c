/* The service thread of a server: it turns `int $0x80` into a call of the vector, and reports
 * everything else as the fault that ends the server. */
#include <mach/exception.h>
#include <mach/mig_errors.h>
#include <mach/task_special_ports.h>
#include <mach/thread_special_ports.h>
#include <mach/thread_status.h>
#include <masix/error.h>
#include <masix/mach.h>

#include "mach.h"
#include "mach_port.h"
#include "start/exception_server.h"
#include "start/start.h"

#define SERVICE_STACK 16384
#define INT80_SUBCODE (0x80 << 3 | 2) /* error code of a protection fault by that gate */

/* mach/copy.S */
extern const char copy_begin[], copy_end[], copy_failed[];
extern const int copy_error;
const int copy_error = MASIX_E_IO;

static mach_port_t exception_port;

static void log_fault(
	const struct i386_thread_state *state, int exception, int code, uint32_t subcode)
{
	struct text line = { .length = 0 };

	output_add(&line, start.program);
	output_add(&line, ": fault ");
	text_decimal(&line, (uint32_t)exception);
	output_add(&line, "/");
	text_decimal(&line, (uint32_t)code);
	output_add(&line, " address ");
	text_hex(&line, subcode);
	output_add(&line, " eip ");
	text_hex(&line, state->eip);
	output_add(&line, " esp ");
	text_hex(&line, state->uesp);
	output_add(&line, " ebp ");
	text_hex(&line, state->ebp);
	text_log(&line);
	line.length = 0;
	output_add(&line, start.program);
	output_add(&line, ": eax ");
	text_hex(&line, state->eax);
	output_add(&line, " ebx ");
	text_hex(&line, state->ebx);
	output_add(&line, " ecx ");
	text_hex(&line, state->ecx);
	output_add(&line, " edx ");
	text_hex(&line, state->edx);
	output_add(&line, " esi ");
	text_hex(&line, state->esi);
	output_add(&line, " edi ");
	text_hex(&line, state->edi);
	text_log(&line);
	log_callers(state->uesp);
}

/* A word of another thread's stack: looked up first, since a fault of this thread would be
 * reported to itself. */
static int push(uint32_t address, uint32_t word)
{
	struct region_entry entry;

	if (address % sizeof word != 0 || !region_find(address, &entry) ||
		entry.address > address || !(entry.protection & VM_PROT_WRITE))
		return 0;
	*(uint32_t *)address = word;
	return 1;
}

/* As if the instruction had been a call of the vector. */
static int redirect(mach_port_t thread, struct i386_thread_state *state)
{
	const uint32_t instruction_size = 2;

	if (!push(state->uesp - sizeof(uint32_t), state->eip + instruction_size))
		return 0;
	state->uesp -= sizeof(uint32_t);
	state->eip = (uint32_t)masix_vector;
	return thread_set_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)state,
		       i386_THREAD_STATE_COUNT) == KERN_SUCCESS;
}

/* masix_copy met a page that cannot be had: let it return its error. */
static int fix_copy(mach_port_t thread, struct i386_thread_state *state)
{
	if (state->eip < (uint32_t)copy_begin || state->eip >= (uint32_t)copy_end)
		return 0;
	state->eip = (uint32_t)copy_failed;
	return thread_set_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)state,
		       i386_THREAD_STATE_COUNT) == KERN_SUCCESS;
}

static int handle(mach_port_t thread, struct i386_thread_state *state, int exception, int code,
	uint32_t subcode)
{
	if (exception == EXC_BAD_ACCESS)
		return fix_copy(thread, state);
	return exception == EXC_BAD_INSTRUCTION && code == EXC_I386_GPFLT &&
	       subcode == INT80_SUBCODE && redirect(thread, state);
}

kern_return_t vector_exception_raise(mach_port_t port, mach_port_t thread, mach_port_t task,
	int exception, int code, rpc_long_integer_t subcode)
{
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

	(void)port;
	if (thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, &count) !=
		KERN_SUCCESS)
		vector_exit_task();
	if (!handle(thread, &state, exception, code, (uint32_t)subcode)) {
		log_fault(&state, exception, code, (uint32_t)subcode);
		vector_exit_task();
	}
	(void)mach_port_deallocate(vector_task.task, thread);
	(void)mach_port_deallocate(vector_task.task, task);
	return KERN_SUCCESS;
}

static void serve(void)
{
	static union {
		mach_msg_header_t header;
		char bytes[256];
	} in, out;

	for (;;) {
		if (mach_msg(&in.header, MACH_RCV_MSG, 0, sizeof in, exception_port, 0,
			    MACH_PORT_NULL) != MACH_MSG_SUCCESS)
			continue;
		/* Only the kernel has a right to this port; anything else gets no answer. */
		if (!vector_exc_server(&in.header, &out.header))
			continue;
		(void)mach_msg(&out.header, MACH_SEND_MSG, out.header.msgh_size, 0, MACH_PORT_NULL,
			0, MACH_PORT_NULL);
	}
}

static kern_return_t start_thread(mach_port_t thread)
{
	static struct vector_thread block;
	static char stack[SERVICE_STACK] __attribute__((aligned(16)));
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
	kern_return_t result;

	block.self = &block;
	block.port = thread;
	block.send_bound = VECTOR_SEND_UNBOUND;
	result = vector_set_segment(
		thread, VECTOR_FS_SELECTOR, (uint32_t)&block, sizeof block - 1, 0);
	if (result != KERN_SUCCESS)
		return result;
	result = thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, &count);
	if (result != KERN_SUCCESS)
		return result;
	state.eip = (uint32_t)serve;
	state.uesp = (uint32_t)(stack + sizeof stack - 16);
	state.fs = VECTOR_FS_SELECTOR;
	result = thread_set_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, count);
	if (result != KERN_SUCCESS)
		return result;
	return thread_resume(thread);
}

kern_return_t service_start(void)
{
	mach_port_t thread;
	kern_return_t result;

	result = mach_port_allocate(vector_task.task, MACH_PORT_RIGHT_RECEIVE, &exception_port);
	if (result != KERN_SUCCESS)
		return result;
	result = mach_port_insert_right(
		vector_task.task, exception_port, exception_port, MACH_MSG_TYPE_MAKE_SEND);
	if (result != KERN_SUCCESS)
		return result;
	result = thread_create(vector_task.task, &thread);
	if (result != KERN_SUCCESS)
		return result;
	/* It cannot serve its own faults. */
	if (MACH_PORT_VALID(start.session)) {
		result = thread_set_special_port(thread, THREAD_EXCEPTION_PORT, start.session);
		if (result != KERN_SUCCESS)
			return result;
	}
	result = start_thread(thread);
	if (result != KERN_SUCCESS)
		return result;
	return task_set_special_port(vector_task.task, TASK_EXCEPTION_PORT, exception_port);
}
