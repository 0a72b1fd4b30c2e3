/* The whole of ACS: one struct, passed in. */
#ifndef ACS_ACS_H
#define ACS_ACS_H

#include <mach/mach_types.h>
#include <masix/object.h>
#include <masix/types.h>
#include <pthread.h>

#include "audit.h"
#include "log.h"
#include "registry.h"
#include "revoked.h"
#include "trust.h"

struct server;

/* The client face; the admin port is the same class with `admin` set. */
struct face {
	struct masix_object object; /* first */
	struct acs *acs;
	bool admin;
};

struct acs {
	/* Constant once the pool runs. */
	mach_port_t host_priv, device_master;
	struct masix_start start; /* what every server is told; its session is 0 */
	struct trust_site site;
	uint8_t revoked_key[REVOKED_KEY_SIZE];
	struct log log;
	struct face client, admin;
	struct masix_set *sessions; /* one worker: each server's requests keep their order */

	pthread_mutex_t lock;	/* all below; never held across a message to another task */
	pthread_cond_t changed; /* a server's state, or an earlier deadline */
	struct registry registry;
	struct trust_revoked revoked;
	struct audit audit;
	struct server *servers;
	uint32_t last_session;
	bool stopping; /* the machine is being stopped: deaths are expected */
};

/* One audit record, and the same as a line of the log. */
void acs_record(struct acs *acs, enum audit_event event, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
