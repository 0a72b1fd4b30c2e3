#include "machines.h"

#include <mach.h>
#include <mach/exception.h>
#include <mach/task_special_ports.h>
#include <mach_port.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "dos_machine_server.h"
#include "exc_server.h"
#include "foreign_program_server.h"
#include "image.h"
#include "machine_table.h"
#include "screen.h"

#define MACHINES_MAX 32
#define LINES_MAX                                                                                  \
	64 /* of the log, from one machine: what a broken one says again and again is enough */

static atomic_int running, last_number;

static void destroy(struct masix_object *object)
{
	struct machine *m = (struct machine *)object;

	machine_drop_shares(m);
	if (m->has_screen)
		screen_put_back();
	free(m);
	atomic_fetch_sub(&running, 1);
}

static const struct masix_class face_class = { .name = "face" };
static const struct masix_class machine_class = { .name = "machine", .destroy = destroy };
static struct masix_object face_object, screen_object;
static mach_port_t acs; /* the client face: every program may have it */

struct machine *machine_get(mach_port_t port)
{
	return (struct machine *)masix_object_get(port, &machine_class);
}

void machine_put(struct machine *machine)
{
	masix_object_put(&machine->object);
}

kern_return_t machines_init(mach_port_t *face, mach_port_t *screen)
{
	kern_return_t kr = masix_right(MASIX_RIGHT_CLIENT, 0, &acs);

	if (kr == KERN_SUCCESS)
		kr = masix_object_init(&face_object, &face_class);
	if (kr == KERN_SUCCESS)
		kr = masix_object_init(&screen_object, &face_class);
	*face = face_object.port;
	*screen = screen_object.port;
	return kr;
}

/* --- What a caller says: counts and strings that fit together --- */

static bool fill_boot(struct machine_boot *boot, mach_msg_type_number_t directories,
	const uint32_t *mounts, mach_msg_type_number_t mount_count, const uint32_t *numbers,
	mach_msg_type_number_t number_count, const char *strings, mach_msg_type_number_t size)
{
	uint64_t wanted = (uint64_t)directories + 2;
	uint64_t found = 0;

	if (directories < 1 || directories > MASIX_DIRECTORIES_MAX || mount_count != directories ||
		number_count != MASIX_PROGRAM_NUMBERS || size < 1 || size > sizeof(boot->strings) ||
		strings[size - 1] != '\0')
		return false;
	wanted += numbers[MASIX_PROGRAM_ARGUMENTS];
	wanted += numbers[MASIX_PROGRAM_VARIABLES];
	for (mach_msg_type_number_t i = 0; i < size; i++)
		found += strings[i] == '\0';
	if (found != wanted)
		return false;
	memset(boot, 0, sizeof(*boot));
	boot->start = *masix_start_info();
	boot->directory_count = directories;
	memcpy(boot->mounts, mounts, directories * sizeof(*mounts));
	memcpy(boot->numbers, numbers, sizeof(boot->numbers));
	boot->strings_size = size;
	memcpy(boot->strings, strings, size);
	return true;
}

/* --- A new machine --- */

struct making {
	struct machine *machine;
	mach_port_t task, thread, control, control_right;
};

static kern_return_t give_rights(struct making *m, const uint32_t *directories, uint32_t count)
{
	mach_port_t server;
	kern_return_t kr = mach_port_insert_right(
		m->task, MACHINE_PORT_TASK, m->task, MACH_MSG_TYPE_COPY_SEND);

	if (kr == KERN_SUCCESS)
		kr = mach_port_insert_right(
			m->task, MACHINE_PORT_THREAD, m->thread, MACH_MSG_TYPE_COPY_SEND);
	if (kr == KERN_SUCCESS)
		kr = mach_port_insert_right(
			m->task, MACHINE_PORT_ACS, acs, MACH_MSG_TYPE_COPY_SEND);
	for (uint32_t i = 0; i < count && kr == KERN_SUCCESS; i++) {
		/* A right that is dead by now is no directory. */
		kr = mach_port_insert_right(m->task, MACHINE_PORT_DIRECTORY + i, directories[i],
			MACH_MSG_TYPE_COPY_SEND);
		if (kr ==
			KERN_RIGHT_EXISTS) /* the same port twice: once is enough, the paths in front are its own */
			kr = MASIX_E_INVALID;
	}
	if (kr == KERN_SUCCESS)
		kr = masix_object_send_right(&m->machine->object, &server);
	if (kr != KERN_SUCCESS)
		return kr;
	kr = task_set_special_port(m->task, TASK_EXCEPTION_PORT, server);
	if (kr == KERN_SUCCESS)
		kr = mach_port_insert_right(
			m->task, MACHINE_PORT_SERVER, server, MACH_MSG_TYPE_COPY_SEND);
	mach_port_deallocate(mach_task_self(), server);
	return kr;
}

/* The receive right goes to the machine, the send right to its caller. */
static kern_return_t give_control(struct making *m)
{
	kern_return_t kr =
		mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &m->control);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = mach_port_insert_right(
		mach_task_self(), m->control, m->control, MACH_MSG_TYPE_MAKE_SEND);
	if (kr != KERN_SUCCESS)
		return kr;
	m->control_right = m->control;
	kr = mach_port_insert_right(
		m->task, MACHINE_PORT_CONTROL, m->control, MACH_MSG_TYPE_MOVE_RECEIVE);
	if (kr == KERN_SUCCESS)
		m->control = MACH_PORT_NULL;
	return kr;
}

static kern_return_t make_object(struct making *m)
{
	kern_return_t kr;

	m->machine = calloc(1, sizeof(*m->machine));
	if (m->machine == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kr = masix_object_init(&m->machine->object, &machine_class);
	if (kr != KERN_SUCCESS) {
		free(m->machine);
		m->machine = NULL;
		return kr;
	}
	atomic_fetch_add(&running, 1);
	m->machine->number = atomic_fetch_add(&last_number, 1) + 1;
	return KERN_SUCCESS;
}

static kern_return_t make(
	struct making *m, struct machine_boot *boot, const uint32_t *directories, bool with_screen)
{
	kern_return_t kr = make_object(m);

	if (kr == KERN_SUCCESS && with_screen) {
		kr = screen_take();
		m->machine->has_screen = kr == KERN_SUCCESS;
	}
	if (kr == KERN_SUCCESS)
		kr = task_create(mach_task_self(), FALSE, &m->task);
	if (kr == KERN_SUCCESS)
		kr = task_set_special_port(
			m->task, TASK_BOOTSTRAP_PORT, MACH_PORT_NULL); /* ours with ACS */
	if (kr == KERN_SUCCESS && with_screen)
		kr = screen_give(m->task, boot);
	if (kr == KERN_SUCCESS)
		kr = thread_create(m->task, &m->thread);
	if (kr == KERN_SUCCESS)
		kr = image_load(m->task, m->thread, boot);
	if (kr == KERN_SUCCESS)
		kr = give_rights(m, directories, boot->directory_count);
	if (kr == KERN_SUCCESS)
		kr = give_control(m);
	if (kr == KERN_SUCCESS)
		kr = thread_resume(m->thread);
	return kr;
}

static void give_up(struct making *m)
{
	if (m->task != MACH_PORT_NULL) {
		kern_return_t ignored = task_terminate(m->task); /* it has never run */

		(void)ignored;
	}
	if (m->control_right != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), m->control_right);
	if (m->control != MACH_PORT_NULL)
		mach_port_mod_refs(mach_task_self(), m->control, MACH_PORT_RIGHT_RECEIVE, -1);
	if (m->machine != NULL)
		masix_object_kill(&m->machine->object);
}

kern_return_t S_program_start(mach_port_t personality, masix_rights_t directories,
	mach_msg_type_number_t directory_count, const masix_ids_t mounts,
	mach_msg_type_number_t mount_count, const masix_ids_t numbers,
	mach_msg_type_number_t number_count, const masix_inline_t strings,
	mach_msg_type_number_t size, mach_port_t *program)
{
	struct masix_object *object = masix_object_get(personality, &face_class);
	struct making m = { 0 };
	vm_address_t boot;
	bool with_screen = object == &screen_object;
	kern_return_t kr;

	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	masix_object_put(object);
	if (atomic_load(&running) >= MACHINES_MAX)
		return MASIX_E_LIMIT;
	kr = vm_allocate(mach_task_self(), &boot, sizeof(struct machine_boot), TRUE);
	if (kr != KERN_SUCCESS)
		return kr;
	if (fill_boot((struct machine_boot *)boot, directory_count, mounts, mount_count, numbers,
		    number_count, strings, size))
		kr = make(&m, (struct machine_boot *)boot, directories, with_screen);
	else
		kr = MASIX_E_INVALID;
	vm_deallocate(mach_task_self(), boot, sizeof(struct machine_boot));
	if (m.thread != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), m.thread);
	if (kr != KERN_SUCCESS) {
		give_up(&m);
	} else {
		for (mach_msg_type_number_t i = 0; i < directory_count; i++)
			mach_port_deallocate(mach_task_self(), directories[i]);
		vm_deallocate(mach_task_self(), (vm_address_t)directories,
			directory_count * sizeof(*directories));
		*program = m.control_right;
	}
	if (m.task != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), m.task);
	if (m.machine != NULL)
		masix_object_put(&m.machine->object);
	return kr;
}

/* Those are the machine's own. */
kern_return_t S_program_step(mach_port_t program, mach_port_t reply,
	mach_msg_type_name_t reply_type, int result, const masix_inline_t input,
	mach_msg_type_number_t size, int *event, int *stream, uint32_t *amount, masix_inline_t data,
	mach_msg_type_number_t *data_size)
{
	(void)program;
	(void)reply;
	(void)reply_type;
	(void)result;
	(void)input;
	(void)size;
	(void)event;
	(void)stream;
	(void)amount;
	(void)data;
	(void)data_size;
	return KERN_INVALID_ARGUMENT;
}

kern_return_t S_program_keys(
	mach_port_t program, const masix_inline_t keys, mach_msg_type_number_t size)
{
	(void)program;
	(void)keys;
	(void)size;
	return KERN_INVALID_ARGUMENT;
}

/* --- What a machine says --- */

kern_return_t S_machine_log(
	mach_port_t server, const masix_name_t line, mach_msg_type_number_t size)
{
	struct machine *m = machine_get(server);
	char text[256];

	if (m == NULL)
		return KERN_INVALID_ARGUMENT;
	for (mach_msg_type_number_t i = 0; i < size && i < sizeof(text); i++)
		text[i] = line[i] >= ' ' && line[i] < 0x7f ? line[i] : '?';
	if (atomic_fetch_add(&m->lines, 1) < LINES_MAX)
		masix_log("machine %d: %.*s", m->number,
			(int)(size < sizeof(text) ? size : sizeof(text)), text);
	machine_put(m);
	return KERN_SUCCESS;
}

/* The machine's own code has failed, not its program.  The failure that we answer makes the kernel end the task. */
kern_return_t catch_exception_raise(mach_port_t port, mach_port_t thread, mach_port_t task,
	integer_t kind, integer_t code, rpc_long_integer_t subcode)
{
	struct machine *m = machine_get(port);

	(void)thread;
	(void)task;
	if (m == NULL)
		return KERN_INVALID_ARGUMENT;
	masix_log("machine %d: exception %d, code %d, at %#lx in its own code", m->number, kind,
		code, (unsigned long)subcode);
	machine_put(m);
	return KERN_FAILURE;
}
