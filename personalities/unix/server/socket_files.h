/* Files that travel in messages (SCM_RIGHTS): what they are is asked of their makers. */
#ifndef UNIX_SOCKET_FILES_H
#define UNIX_SOCKET_FILES_H

#include <mach/mach_types.h>

#include <masix/types.h>

#include "credentials.h"
#include "unix_socket.h"

/* The files of a request, as they go into a record: `count` rights and what the sender says of them.  The rights stay the
 * message's until socket_files_keep.  MASIX_E_PERMISSION: one of them cannot be sent.  Blocks for file servers. */
kern_return_t socket_files_collect(const char *files, uint32_t size, const mach_port_t *rights,
	uint32_t count, struct socket_record *record) __attribute__((warn_unused_result));
/* The request succeeds, or not: the rights are the record's, or stay the message's. */
void socket_files_keep(const mach_port_t *rights, uint32_t count, const struct socket_right *kept);
void socket_files_leave(struct socket_record *record);

/* What a message brings to its receiver: `files` and `rights` are pages that go with the message. */
struct socket_delivery {
	masix_socket_info_t info;
	char *files;
	mach_port_t *rights;
	uint32_t count;
};
/* Make the files those of a receiver with these credentials.  Frees received->rights; a file that cannot be had is left out.
 * Blocks for file servers. */
void socket_files_deliver(struct socket_received *received, const struct credentials *who,
	struct socket_delivery *to);
/* The message could not be sent. */
void socket_delivery_free(const struct socket_delivery *delivery);
/* Nobody wants them.  No lock held. */
void socket_files_drop(struct socket_received *received);

#endif
