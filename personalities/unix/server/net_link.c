#include "net_link.h"

#include <mach.h>
#include <mach/mig_errors.h>
#include <mach_port.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <network.h>
#include <process_server.h>

#include "answer.h"
#include "server.h"
#include "task.h"

#define WAIT_MS 10000 /* for a network server that is being started */
#define WAITING_MAX 256

/* A request that waits for the network server. */
struct waiting {
	struct waiting *next;
	struct net_request request;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static mach_port_t network;		       /* lock; null: not known, or dead */
static struct waiting *first, **last = &first; /* lock */
static unsigned waiting_count;		       /* lock */
static bool is_searching;		       /* lock: a thread looks for it */
static pthread_cond_t search_ended = PTHREAD_COND_INITIALIZER;

mach_port_t net_link_port(void)
{
	mach_port_t port;

	pthread_mutex_lock(&lock);
	port = network;
	pthread_mutex_unlock(&lock);
	return port;
}

/* Calls on a port that was found dead failed before anything happened. */
static bool is_dead(kern_return_t kr)
{
	return kr == MACH_SEND_INVALID_DEST || kr == MIG_SERVER_DIED;
}

static void forget(mach_port_t port)
{
	pthread_mutex_lock(&lock);
	if (network == port) {
		network = MACH_PORT_NULL;
		mach_port_deallocate(mach_task_self(), port);
	}
	pthread_mutex_unlock(&lock);
}

/* False: it is not there; nothing happened. */
static bool ask_now(const struct net_request *r)
{
	mach_port_t port = net_link_port(), socket = MACH_PORT_NULL;
	kern_return_t kr = MACH_SEND_INVALID_DEST;

	if (port != MACH_PORT_NULL)
		kr = network_socket(
			port, r->family, r->kind, r->protocol, r->rights, r->owner, &socket);
	if (is_dead(kr)) {
		forget(port);
		return false;
	}
	answer_network_socket(r->reply, kr, socket);
	return true;
}

/* --- Searching --- */

static kern_return_t find(mach_port_t *port)
{
	kern_return_t kr = masix_lookup("net", 0, port);

	if (kr == KERN_SUCCESS)
		return kr;
	kr = net_start();
	if (kr != KERN_SUCCESS && kr != MASIX_E_EXISTS)
		return kr;
	return masix_lookup("net", WAIT_MS, port);
}

static void get_to_know(void)
{
	mach_port_t port;
	kern_return_t kr = find(&port);

	if (kr != KERN_SUCCESS) {
		masix_log("no network server: %s", masix_strerror(kr));
		return;
	}
	pthread_mutex_lock(&lock);
	network = port;
	pthread_mutex_unlock(&lock);
}

/* All that wait, or NULL: then nobody searches any more. */
static struct waiting *take_all(void)
{
	pthread_mutex_lock(&lock);
	struct waiting *all = first;

	first = NULL;
	last = &first;
	waiting_count = 0;
	is_searching = all != NULL;
	if (!is_searching)
		pthread_cond_broadcast(&search_ended);
	pthread_mutex_unlock(&lock);
	return all;
}

/* What the network server says now, or `error` if that is not success. */
static void answer_all(struct waiting *all, kern_return_t error)
{
	for (struct waiting *w = all, *next; w != NULL; w = next) {
		next = w->next;
		if (error != KERN_SUCCESS || !ask_now(&w->request))
			answer_network_socket(w->request.reply,
				error != KERN_SUCCESS ? error : MASIX_E_FAMILY, MACH_PORT_NULL);
		plain_free(w);
	}
}

static void *search(void *unused)
{
	struct waiting *all;

	(void)unused;
	do {
		if (net_link_port() == MACH_PORT_NULL)
			get_to_know();
		all = take_all();
		answer_all(all, KERN_SUCCESS);
	} while (all != NULL);
	return NULL;
}

/* For whoever set is_searching.  Without a thread nobody waits. */
static void begin_search(void)
{
	if (thread_detached(search, NULL))
		return;
	for (struct waiting *all; (all = take_all()) != NULL;)
		answer_all(all, KERN_RESOURCE_SHORTAGE);
}

mach_port_t net_link_need(void)
{
	mach_port_t port;
	bool begin;

	pthread_mutex_lock(&lock);
	begin = network == MACH_PORT_NULL && !is_searching;
	is_searching |= begin;
	pthread_mutex_unlock(&lock);
	if (begin)
		begin_search();
	pthread_mutex_lock(&lock);
	while (is_searching)
		pthread_cond_wait(&search_ended, &lock);
	port = network;
	pthread_mutex_unlock(&lock);
	return port;
}

static kern_return_t wait_for_it(const struct net_request *request)
{
	struct waiting *w = plain_malloc(sizeof(*w));
	bool begin;

	if (w == NULL)
		return KERN_RESOURCE_SHORTAGE;
	*w = (struct waiting){ .request = *request };
	pthread_mutex_lock(&lock);
	if (waiting_count == WAITING_MAX) {
		pthread_mutex_unlock(&lock);
		plain_free(w);
		return MASIX_E_LIMIT;
	}
	*last = w;
	last = &w->next;
	waiting_count++;
	begin = !is_searching;
	is_searching = true;
	pthread_mutex_unlock(&lock);
	if (begin)
		begin_search();
	return KERN_SUCCESS;
}

kern_return_t net_link_ask(const struct net_request *request)
{
	return ask_now(request) ? KERN_SUCCESS : wait_for_it(request);
}

kern_return_t net_link_identify(mach_port_t right, masix_stat_t *stat)
{
	mach_port_t port = net_link_port();

	memset(stat, 0, sizeof(*stat));
	return port != MACH_PORT_NULL ? network_identify(port, right, stat) : MASIX_E_NOT_FOUND;
}

/* --- process.defs --- */

kern_return_t S_process_network_socket(mach_port_t proc, mach_port_t reply,
	mach_msg_type_name_t reply_type, int family, int kind, int protocol, mach_port_t *socket)
{
	struct net_request request = {
		.family = family, .kind = kind, .protocol = protocol, .reply = reply
	};
	struct who who;
	kern_return_t kr = reply_check(reply, reply_type);

	*socket = MACH_PORT_NULL;
	if (kr == KERN_SUCCESS)
		kr = caller_identify(proc, &who);
	if (kr != KERN_SUCCESS)
		return kr;
	request.owner = who.credentials.euid;
	if (who.credentials.euid == 0)
		request.rights =
			MASIX_NETWORK_LOW_PORTS | MASIX_NETWORK_RAW | MASIX_NETWORK_CONFIGURE;
	kr = net_link_ask(&request);
	return kr == KERN_SUCCESS ? MIG_NO_REPLY : kr;
}
