/* What ACS stands on, played. */
#include "acs_world.h"

#include <masix/clock.h>
#include <masix/error.h>
#include <masix/server.h>
#include <sodium.h>
#include <stdarg.h>
#include <unistd.h>

#include "launcher.h"
#include "life.h"
#include "log.h"
#include "machine.h"
#include "names.h"
#include "serve_client.h"
#include "server.h"
#include "site_key.h"

#define OBJECTS 512
#define FILE_MAX (256u << 10)

struct signed_image images[IMAGES];
struct acs acs;

static struct masix_object *objects[OBJECTS];
static unsigned object_count;

/* --- libmasix --- */

kern_return_t masix_object_init_in(
	struct masix_object *object, const struct masix_class *class, struct masix_set *set)
{
	(void)set;
	REQUIRE(object_count < OBJECTS);
	object->class = class;
	object->port = kernel_name();
	atomic_store(&object->references, 2);
	objects[object_count++] = object;
	return KERN_SUCCESS;
}

kern_return_t masix_object_init(struct masix_object *object, const struct masix_class *class)
{
	return masix_object_init_in(object, class, NULL);
}

struct masix_object *masix_object_get(mach_port_t port, const struct masix_class *class)
{
	for (unsigned i = 0; i < object_count; i++)
		if (objects[i]->port == port && (class == NULL || objects[i]->class == class)) {
			masix_object_ref(objects[i]);
			return objects[i];
		}
	return NULL;
}

void masix_object_ref(struct masix_object *object)
{
	REQUIRE(atomic_fetch_add(&object->references, 1) > 0);
}

void masix_object_put(struct masix_object *object)
{
	int before = atomic_fetch_sub(&object->references, 1);

	REQUIRE(before > 0);
	if (before == 1 && object->class->destroy != NULL)
		object->class->destroy(object);
}

void masix_object_kill(struct masix_object *object)
{
	for (unsigned i = 0; i < object_count; i++)
		if (objects[i] == object) {
			memmove(&objects[i], &objects[i + 1],
				(--object_count - i) * sizeof objects[0]);
			masix_object_put(object);
			return;
		}
}

kern_return_t masix_object_send_right(struct masix_object *object, mach_port_t *right)
{
	*right = object->port;
	kernel_make(object->port);
	return KERN_SUCCESS;
}

kern_return_t masix_watch_dead(mach_port_t name)
{
	(void)name;
	return kernel_fails(64) ? KERN_INVALID_ARGUMENT : KERN_SUCCESS;
}

uint64_t masix_monotonic_ns(void)
{
	return kernel_now;
}

/* Memory of a pager that fails. */
int masix_copy(void *to, const void *from, size_t size);
int masix_copy(void *to, const void *from, size_t size)
{
	if (kernel_fails(64))
		return -1;
	if (size != 0)
		memcpy(to, from, size);
	return 0;
}

void masix_log(const char *format, ...)
{
	(void)format;
}

/* Sessions are heard for the last time: nothing waits. */
int usleep(useconds_t microseconds)
{
	(void)microseconds;
	return 0;
}

/* --- Replies and events: an answer takes the right with it, unless it cannot be sent --- */

static kern_return_t answer(mach_port_t reply, mach_port_t port)
{
	if (kernel_fails(16))
		return MACH_SEND_INVALID_DEST;
	kernel_move(reply);
	kernel_move(port);
	return KERN_SUCCESS;
}

#define LOOKUP_REPLY(name)                                                                         \
	kern_return_t name(mach_port_t reply, mach_msg_type_name_t type, kern_return_t result,     \
		mach_port_t port);                                                                 \
	kern_return_t name(mach_port_t reply, mach_msg_type_name_t type, kern_return_t result,     \
		mach_port_t port)                                                                  \
	{                                                                                          \
		(void)type;                                                                        \
		REQUIRE((result == KERN_SUCCESS) == (port != MACH_PORT_NULL));                     \
		return answer(reply, port);                                                        \
	}
LOOKUP_REPLY(acs_lookup_reply)
LOOKUP_REPLY(acs_resolve_reply)

#define START_REPLY(name)                                                                          \
	kern_return_t name(mach_port_t reply, mach_msg_type_name_t type, kern_return_t result,     \
		kern_return_t status, const char *reason, unsigned size);                          \
	kern_return_t name(mach_port_t reply, mach_msg_type_name_t type, kern_return_t result,     \
		kern_return_t status, const char *reason, unsigned size)                           \
	{                                                                                          \
		(void)type;                                                                        \
		(void)status;                                                                      \
		REQUIRE(result == KERN_SUCCESS && size < 256 && strlen(reason) == size);           \
		return answer(reply, MACH_PORT_NULL);                                              \
	}
START_REPLY(acs_start_reply)
START_REPLY(acs_restart_reply)

kern_return_t acs_event(mach_port_t port, int option, const char *name, unsigned size, int what,
	unsigned generation);
kern_return_t acs_event(mach_port_t port, int option, const char *name, unsigned size, int what,
	unsigned generation)
{
	(void)generation;
	kernel_make(port);
	kernel_move(port); /* it must be one that we hold */
	REQUIRE(option == MACH_SEND_TIMEOUT && size < 64 && memchr(name, '\0', size) == NULL);
	REQUIRE(what >= MASIX_EVENT_CAME && what <= MASIX_EVENT_REPLACED);
	return KERN_SUCCESS;
}

/* --- The rest of ACS --- */

void log_line(struct log *log, const char *format, ...)
{
	char line[512];
	va_list arguments;

	(void)log;
	va_start(arguments, format);
	(void)vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
}

void log_text(struct log *log, const char *who, const char *text, size_t length)
{
	char copy[512];

	(void)log;
	(void)who;
	REQUIRE(length <= 256);
	memcpy(copy, text, length);
}

/* No manifest here lets a server stop the machine. */
void machine_stop(struct acs *self, int how)
{
	(void)self;
	(void)how;
	REQUIRE(!"the machine is stopped");
	abort();
}

void machine_fail(struct acs *self, const char *format, ...)
{
	(void)self;
	REQUIRE(!format);
	abort();
}

void acs_record(struct acs *self, enum audit_event event, const char *name, const char *format, ...)
{
	char detail[AUDIT_DETAIL_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(detail, sizeof detail, format, arguments);
	va_end(arguments);
	REQUIRE(pthread_mutex_trylock(&self->lock) == 0); /* nobody calls this with the lock */
	audit_append(&self->audit, kernel_now, event, name, detail);
	pthread_mutex_unlock(&self->lock);
}

/* --- The world --- */

static uint8_t *read_file(const char *name, const char *ending, size_t *size)
{
	char path[256];
	uint8_t *bytes = malloc(FILE_MAX);
	FILE *file;

	snprintf(path, sizeof path, "build/fuzz/servers/%s%s", name, ending);
	file = fopen(path, "rb");
	if (file == NULL || bytes == NULL) {
		perror(path);
		exit(2);
	}
	*size = fread(bytes, 1, FILE_MAX, file);
	fclose(file);
	return bytes;
}

static void load(struct signed_image *image, const char *name)
{
	struct masix_elf elf;
	struct masix_identity identity;
	uint8_t hash[MASIX_HASH_SIZE], public_key[32];
	const char *why;
	uint32_t address;

	image->bytes = read_file(name, "", &image->size);
	image->manifest_bytes = read_file(name, ".manifest", &image->manifest_size);
	REQUIRE(manifest_open(image->manifest_bytes, image->manifest_size, acs_site_key,
			&image->manifest, &why) == 0);
	REQUIRE(masix_elf_parse(image->bytes, image->size, image->size, &elf, &why) == 0);

	struct masix_image_file file = { &elf, image->bytes, image->size };

	REQUIRE(masix_measure_image(&elf, masix_image_file_read, &file, hash, &address, &why) == 0);
	memcpy(&identity, image->bytes + masix_image_file_offset(&elf, address), sizeof identity);
	REQUIRE(crypto_sign_seed_keypair(public_key, image->secret_key, identity.seed) == 0);
}

void world_load(void)
{
	static const char *const names[IMAGES] = { "lamp", "bell", "nest", "herd", "heir" };

	REQUIRE(sodium_init() >= 0);
	for (unsigned i = 0; i < IMAGES; i++)
		load(&images[i], names[i]);
}

void world_begin(void)
{
	static const uint8_t first[MASIX_HASH_SIZE];

	kernel_begin();
	object_count = 0;
	memset(&acs, 0, sizeof acs);
	pthread_mutex_init(&acs.lock, NULL);
	pthread_cond_init(&acs.changed, NULL);
	audit_begin(&acs.audit, first);
	memcpy(acs.site.public_key, acs_site_key, sizeof acs.site.public_key);
	acs.site.incarnation = acs.start.incarnation = 77;
	acs.host_priv = kernel_right(false);
	acs.device_master = kernel_right(false);
	acs.client.acs = acs.admin.acs = &acs;
	acs.admin.admin = true;
	REQUIRE(masix_object_init(&acs.client.object, &face_class) == 0);
	REQUIRE(masix_object_init(&acs.admin.object, &face_class) == 0);
}

mach_port_t world_port(unsigned n)
{
	return objects[n % object_count]->port;
}

struct session *world_session(unsigned n, const struct signed_image **image)
{
	const unsigned sessions = object_count - 2;
	struct session *session;

	if (sessions == 0)
		return NULL;
	session = (struct session *)objects[2 + n % sessions];
	for (unsigned i = 0; i < IMAGES; i++)
		if (strcmp(images[i].manifest.name, session->manifest.name) == 0)
			*image = &images[i];
	return session;
}

void world_run(void)
{
	names_expire(&acs, kernel_now);
	launcher_run(&acs, kernel_now);
	(void)launcher_deadline(&acs, kernel_now);
}

static void end_servers(void)
{
	acs.stopping = true; /* nobody comes back */
	while (acs.servers != NULL) {
		struct server *server = acs.servers;
		struct start_waiter waiter = server->waiter;
		struct estate estate;

		if (server->session != NULL) {
			kernel_kill(server->task);
			server_task_died(&acs, server->task);
			continue;
		}
		estate = estate_take(&server->estate);
		life_discard(&acs, server);
		estate_drop(&acs, &estate);
		life_answer(&waiter, MASIX_E_DEAD, "");
	}
}

void world_end(void)
{
	kernel_chances = 0;
	REQUIRE(audit_intact(&acs.audit));
	end_servers();
	names_expire(&acs, UINT64_MAX);
	while (acs.registry.watcher_count != 0) {
		mach_port_t port = acs.registry.watchers[0].port;

		kernel_kill(port);
		names_remove_port(&acs, port);
	}
	REQUIRE(acs.registry.entry_count == 0 && acs.registry.waiter_count == 0);
	REQUIRE(object_count == 2);
	kernel_move(acs.host_priv);
	kernel_move(acs.device_master);
	REQUIRE(kernel_rights() == 0);
	REQUIRE(kernel_pages() == 0);
	pthread_cond_destroy(&acs.changed);
	pthread_mutex_destroy(&acs.lock);
}
