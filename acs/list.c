/* The table of acs_list. */
#include <mach/task_info.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdio.h>
#include <string.h>

#include "list.h"
#include "mach.h"
#include "mach_port.h"
#include "server.h"

#define ROWS_MAX 80

/* What the table says about one server, taken under the lock. */
struct row {
	char name[MANIFEST_NAME_SIZE];
	enum server_state state;
	uint32_t session;
	unsigned starts;
	mach_port_t task; /* an own reference, or null */
	bool offers_server, offers_client;
	char names[200]; /* what it has registered, divided by commas */
};

static const char *const state_names[] = {
	[SERVER_DECLARED] = "declared",
	[SERVER_WANTED] = "wanted",
	[SERVER_ENDING] = "ending",
	[SERVER_LAUNCHING] = "starting",
	[SERVER_STARTING] = "starting",
	[SERVER_UP] = "up",
	[SERVER_DRAINING] = "draining",
	[SERVER_WAITING] = "waiting",
	[SERVER_FAILED] = "failed",
};

/* Names that do not fit are left out; the table is for people. */
static void collect_names(
	const struct registry *registry, uint32_t owner, uint32_t interface, struct row *row)
{
	const struct registry_entry *entry;
	unsigned cursor = 0;
	size_t used = 0;

	while ((entry = registry_list(registry, "", &cursor)) != NULL) {
		size_t length = strlen(entry->name);

		if (entry->owner != owner || (interface != 0 && !registry_speaks(entry, interface)))
			continue;
		if (entry->role == MASIX_ROLE_CLIENT)
			row->offers_client = true;
		else
			row->offers_server = true;
		if (used + length + 2 > sizeof row->names)
			continue;
		used += sprintf(row->names + used, "%s%s", used != 0 ? "," : "", entry->name);
	}
}

static void fill_row(
	const struct acs *acs, const struct server *server, uint32_t interface, struct row *row)
{
	*row = (struct row){ .state = server->state, .starts = server->starts };
	memcpy(row->name, server->manifest.name, sizeof row->name);
	if (server->session != NULL) {
		row->session = server->session->owner;
		collect_names(&acs->registry, row->session, interface, row);
		if (mach_port_mod_refs(mach_task_self(), server->task, MACH_PORT_RIGHT_SEND, 1) ==
			KERN_SUCCESS)
			row->task = server->task;
	}
}

static unsigned count_threads(mach_port_t task)
{
	mach_port_t *threads;
	mach_msg_type_number_t count, i;

	if (task_threads(task, &threads, &count) != KERN_SUCCESS)
		return 0;
	for (i = 0; i < count; i++)
		(void)mach_port_deallocate(mach_task_self(), threads[i]);
	(void)vm_deallocate(mach_task_self(), (vm_address_t)threads, count * sizeof *threads);
	return count;
}

/* What the kernel counts for a task; zeros for none. */
struct usage {
	unsigned kib, threads;
	unsigned long long messages; /* sent and received, since its start */
	unsigned long long cpu_ms;
};

static unsigned long long ms(rpc_time_value_t time)
{
	return time.seconds * 1000ull + time.microseconds / 1000;
}

static struct usage usage_of(mach_port_t task)
{
	struct task_basic_info basic = { 0 };
	struct task_events_info events = { 0 };
	struct task_thread_times_info times = { 0 };
	mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

	/* What cannot be told is 0: the task is just dying. */
	if (task == MACH_PORT_NULL)
		return (struct usage){ .kib = 0 };
	(void)task_info(task, TASK_BASIC_INFO, (task_info_t)&basic, &count);
	count = TASK_EVENTS_INFO_COUNT;
	(void)task_info(task, TASK_EVENTS_INFO, (task_info_t)&events, &count);
	count = TASK_THREAD_TIMES_INFO_COUNT;
	(void)task_info(task, TASK_THREAD_TIMES_INFO, (task_info_t)&times, &count);
	return (struct usage){
		.kib = basic.resident_size / 1024,
		.threads = count_threads(task),
		.messages = (unsigned long long)events.messages_sent + events.messages_received,
		/* The time of threads that ended, and of those that live. */
		.cpu_ms = ms(basic.user_time) + ms(basic.system_time) + ms(times.user_time) +
			  ms(times.system_time),
	};
}

/* One line; 0 if it does not fit. */
static size_t write_row(const struct row *row, char *text, size_t room)
{
	const char *role = row->offers_client && row->offers_server ? "both"
			   : row->offers_client			    ? "client"
			   : row->offers_server			    ? "server"
								    : "-";
	const struct usage usage = usage_of(row->task);
	int length = snprintf(text, room, "%s %s %u %u %s %u %u %llu %llu %s\n", row->name,
		state_names[row->state], row->session, row->starts, role, usage.kib, usage.threads,
		usage.messages, usage.cpu_ms, row->names[0] != '\0' ? row->names : "-");

	return length > 0 && (size_t)length < room ? (size_t)length : 0;
}

static bool is_wanted(const struct list_wanted *wanted, const struct row *row)
{
	return strncmp(row->name, wanted->prefix, strlen(wanted->prefix)) == 0 &&
	       (wanted->interface == 0 || row->names[0] != '\0');
}

size_t list_servers(struct acs *acs, const void *argument, char *text, size_t room)
{
	const struct list_wanted *wanted = argument;
	struct row own = {
		.name = "acs", .state = SERVER_UP, .starts = 1, .task = mach_task_self()
	};
	const struct server *server;
	size_t used = 0;
	unsigned at = 0;

	if (is_wanted(wanted, &own))
		used = write_row(&own, text, room);
	/* One server at a time, since looking at a task is a message: the n-th of the list. */
	for (;; at++) {
		struct row row;
		unsigned i = 0;

		pthread_mutex_lock(&acs->lock);
		for (server = acs->servers; server != NULL && i < at; server = server->next)
			i++;
		if (server != NULL)
			fill_row(acs, server, wanted->interface, &row);
		pthread_mutex_unlock(&acs->lock);
		if (server == NULL || at == ROWS_MAX)
			return used;
		if (is_wanted(wanted, &row))
			used += write_row(&row, text + used, room - used);
		if (row.task != MACH_PORT_NULL)
			(void)mach_port_deallocate(mach_task_self(), row.task);
	}
}
