/* gns [node=NAME] [join=SERVER]... [at=ADDRESS] [seed=ADDRESS]...: the network server.  The servers of the same machine that are named are
 * joined as other nodes.  A machine that was made a node of a cluster (masix-sign node), under the name in its certificate, is at
 * ADDRESS and looks for the others at the seeds'. */
#include <arpa/inet.h>
#include <sodium/core.h>
#include <sodium/crypto_generichash.h>
#include <string.h>

#include <masix/error.h>
#include <masix/identity.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "cluster.h"
#include "gns_link_server.h"
#include "gns_server.h"
#include "introduce.h"
#include "neighbour.h"
#include "state.h"
#include "udp.h"

#define GNS_INTERFACE 503000
#define LINK_INTERFACE 503200

struct gns gns = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const struct masix_class face_class = { .name = "face" };
static const struct masix_class door_class = { .name = "door" };
static struct masix_object face, door;

static masix_routine_t face_demux(const mach_msg_header_t *in)
{
	return in->msgh_local_port == face.port ? (masix_routine_t)gns_server_routine(in) : NULL;
}

static masix_routine_t door_demux(const mach_msg_header_t *in)
{
	return in->msgh_local_port == door.port ? (masix_routine_t)gns_link_server_routine(in)
						: NULL;
}

static bool has_certificate(void)
{
	return masix_identity.node.certificate.name[0] != '\0';
}

/* Who we are: the owner of a certified key, or the machine's identity with the node's name; and a life that is younger than all before. */
static void make_self(const char *name)
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, sizeof gns.self.id);
	(void)crypto_generichash_update(
		&state, (const uint8_t *)masix_start_info()->node, sizeof masix_start_info()->node);
	(void)crypto_generichash_update(&state, (const uint8_t *)name, strlen(name));
	(void)crypto_generichash_final(&state, gns.self.id, sizeof gns.self.id);
	if (has_certificate())
		introduce_id(masix_identity.node.certificate.public_key, gns.self.id);
	gns.self.incarnation = (uint64_t)masix_realtime_ns();
	strncpy(gns.name, name, sizeof gns.name - 1);
}

static kern_return_t register_faces(void)
{
	static const uint32_t face_interfaces[] = { GNS_INTERFACE };
	static const uint32_t door_interfaces[] = { LINK_INTERFACE };
	kern_return_t kr = masix_object_init(&face, &face_class);

	if (kr == KERN_SUCCESS)
		kr = masix_object_init(&door, &door_class);
	if (kr == KERN_SUCCESS)
		kr = masix_register(NULL, MASIX_ROLE_CLIENT, face_interfaces, 1, face.port);
	if (kr == KERN_SUCCESS)
		kr = masix_register("link", MASIX_ROLE_SERVER, door_interfaces, 1, door.port);
	return kr;
}

static void join(const char *server)
{
	kern_return_t kr = peer_join(server);

	if (kr != KERN_SUCCESS)
		masix_log("cannot join %s: %s", server, masix_strerror(kr));
}

static uint32_t address_of(const char *text)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		masix_fatal("%s: no address", text);
	return address.s_addr;
}

static void enter_cluster(int argc, char **argv)
{
	int i;

	pthread_mutex_lock(&gns.lock);
	neighbour_start();
	for (i = 1; i < argc; i++)
		if (strncmp(argv[i], "at=", 3) == 0)
			cluster_start(address_of(argv[i] + 3));
		else if (strncmp(argv[i], "seed=", 5) == 0)
			neighbour_add(address_of(argv[i] + 5));
	pthread_mutex_unlock(&gns.lock);
	udp_start();
}

int main(int argc, char **argv)
{
	static const masix_demux_t demuxers[] = { face_demux, door_demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 2,
		.name = "gns",
	};
	const char *name = "here";
	kern_return_t kr;
	int i;

	if (sodium_init() < 0)
		masix_fatal("no cryptography");
	for (i = 1; i < argc; i++)
		if (strncmp(argv[i], "node=", 5) == 0)
			name = argv[i] + 5;
	if (has_certificate())
		name = masix_identity.node.certificate.name;
	make_self(name);
	engine_start();
	if (has_certificate())
		enter_cluster(argc, argv);
	kr = masix_right(MASIX_RIGHT_CLIENT, 0, &gns.acs);
	if (kr == KERN_SUCCESS)
		kr = register_faces();
	for (i = 1; i < argc && kr == KERN_SUCCESS; i++)
		if (strncmp(argv[i], "join=", 5) == 0)
			join(argv[i] + 5);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot begin: %s", masix_strerror(kr));
	masix_pool_run(&options);
}
