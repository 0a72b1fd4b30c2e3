/* ACS: acquire, wire, run. */
#include <masix/clock.h>
#include <masix/error.h>
#include <masix/identity.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acs_client_server.h"
#include "acs_session_server.h"
#include "boot.h"
#include "launcher.h"
#include "mach_port.h"
#include "machine.h"
#include "names.h"
#include "serve_client.h"
#include "server.h"
#include "site_key.h"

#define WORKERS 3 /* starting a server takes one for a while */

static struct acs acs = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

void acs_record(struct acs *self, enum audit_event event, const char *name, const char *format, ...)
{
	char detail[AUDIT_DETAIL_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(detail, sizeof detail, format, arguments);
	va_end(arguments);
	pthread_mutex_lock(&self->lock);
	audit_append(&self->audit, masix_monotonic_ns(), event, name, detail);
	pthread_mutex_unlock(&self->lock);
	if (event == AUDIT_REFUSE)
		log_line(&self->log, "%s: refused: %s", name, detail);
	else if (event == AUDIT_DIE || event == AUDIT_STOP)
		log_line(&self->log, "%s: %s", name, detail);
}

/* A notification is a hint: only a name that is dead in our space counts. */
static void dead_name(mach_port_t name)
{
	mach_port_type_t type;

	if (mach_port_type(mach_task_self(), name, &type) != KERN_SUCCESS ||
		!(type & MACH_PORT_TYPE_DEAD_NAME))
		return;
	server_task_died(&acs, name);
	names_remove_port(&acs, name);
}

/* Time-outs of waiting calls and of servers that start. */
static void *watch_deadlines(void *unused)
{
	(void)unused;
	for (;;) {
		uint64_t now = masix_monotonic_ns(), deadline, other;

		names_expire(&acs, now);
		launcher_run(&acs, now);
		pthread_mutex_lock(&acs.lock);
		deadline = registry_deadline(&acs.registry);
		other = launcher_deadline(&acs, now);
		if (other < deadline)
			deadline = other;
		if (deadline == UINT64_MAX) {
			pthread_cond_wait(&acs.changed, &acs.lock);
		} else if (deadline > now) {
			const struct timespec when = {
				.tv_sec = deadline / 1000000000,
				.tv_nsec = deadline % 1000000000,
			};

			(void)pthread_cond_timedwait(&acs.changed, &acs.lock, &when);
		}
		pthread_mutex_unlock(&acs.lock);
	}
	return NULL;
}

static void *run_boot(void *boot)
{
	boot_servers(boot);
	return NULL;
}

/* "--WHAT=N" and "NAME=N": ports that the kernel's boot script put into our space. */
static void read_arguments(struct boot *boot, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		mach_port_t port;

		if (value == NULL)
			continue;
		*value++ = '\0';
		port = strtoul(value, NULL, 10);
		if (strcmp(argv[i], "--host-port") == 0)
			acs.host_priv = port;
		else if (strcmp(argv[i], "--device-port") == 0)
			acs.device_master = port;
		else if (strcmp(argv[i], "--manifests") == 0)
			boot->manifests = port;
		else if (boot->module_count < BOOT_MODULES)
			boot->modules[boot->module_count++] = (struct boot_module){ argv[i], port };
	}
}

static void make_identity(void)
{
	uint8_t first[MASIX_HASH_SIZE];

	randombytes_buf(&acs.start.incarnation, sizeof acs.start.incarnation);
	randombytes_buf(acs.start.node, sizeof acs.start.node);
	memcpy(acs.site.public_key, acs_site_key, sizeof acs.site.public_key);
	memcpy(acs.site.node, acs.start.node, sizeof acs.site.node);
	acs.site.incarnation = acs.start.incarnation;
	revoked_key(masix_identity.seed, acs.revoked_key);
	crypto_generichash(first, sizeof first, (const uint8_t *)&acs.start.incarnation,
		sizeof acs.start.incarnation, NULL, 0);
	audit_begin(&acs.audit, first);
}

/* A face outlives its callers: ACS itself always holds a right to it. */
static kern_return_t make_face(struct face *face)
{
	mach_port_t kept;
	kern_return_t kr = masix_object_init(&face->object, &face_class);

	if (kr == KERN_SUCCESS)
		kr = masix_object_send_right(&face->object, &kept);
	return kr;
}

static kern_return_t acquire(void)
{
	pthread_condattr_t monotonic;
	kern_return_t kr = log_open(&acs.log, acs.device_master);

	if (kr != KERN_SUCCESS)
		return kr;
	log_take_over(&acs.log);
	kr = masix_clock_calibrate(acs.device_master, &acs.start);
	if (kr != KERN_SUCCESS)
		return kr;
	masix_clock_install(&acs.start);
	/* Keys and challenges that can be guessed are worse than no system. */
	if (!masix_random_available() || sodium_init() < 0)
		machine_fail(&acs, "acs: the processor has no random generator");
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&acs.changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	make_identity();
	acs.client.acs = acs.admin.acs = &acs;
	acs.admin.admin = true;
	acs.sessions = masix_set_create();
	if (acs.sessions == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kr = make_face(&acs.client);
	if (kr == KERN_SUCCESS)
		kr = make_face(&acs.admin);
	return kr;
}

static masix_routine_t session_demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)acs_session_server_routine(in);
}

static masix_routine_t client_demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)acs_client_server_routine(in);
}

int main(int argc, char **argv)
{
	static const masix_demux_t session_demuxers[] = { session_demux, session_exception_routine,
		NULL };
	static const masix_demux_t client_demuxers[] = { client_demux, NULL };
	static const struct masix_pool_options session_options = {
		.demux = session_demuxers,
		.workers = 1,
		.name = "sessions",
	};
	static const struct masix_pool_options options = {
		.demux = client_demuxers,
		.workers = WORKERS,
		.name = "acs",
		.dead_name = dead_name,
	};
	static struct boot boot = { .acs = &acs };
	pthread_t thread;
	kern_return_t kr;

	read_arguments(&boot, argc, argv);
	kr = acquire();
	if (kr != KERN_SUCCESS)
		machine_fail(&acs, "acs: cannot begin: %s", masix_strerror(kr));
	boot.begun = masix_monotonic_ns();
	if (masix_set_start(acs.sessions, &session_options) != KERN_SUCCESS ||
		pthread_create(&thread, NULL, watch_deadlines, NULL) != 0 ||
		pthread_create(&thread, NULL, run_boot, &boot) != 0)
		machine_fail(&acs, "acs: cannot begin: no threads");
	masix_pool_run(&options);
}
