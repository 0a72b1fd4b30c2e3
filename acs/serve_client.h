/* The class of the client and the admin port. */
#ifndef ACS_SERVE_CLIENT_H
#define ACS_SERVE_CLIENT_H

#include "acs.h"

extern const struct masix_class face_class;

static inline struct face *face_get(mach_port_t port)
{
	return (struct face *)masix_object_get(port, &face_class);
}

static inline void face_put(struct face *face)
{
	masix_object_put(&face->object);
}

/* Writes what is `wanted` (NULL: all) as text of up to `room` bytes, and says how many it has written. */
typedef size_t (*table_writer_t)(struct acs *acs, const void *wanted, char *text, size_t room);

/* All of it for the administrator, as the out-of-line data of a reply, which frees it.  MASIX_E_DENIED: not the admin
 * port. */
kern_return_t admin_table(mach_port_t port, size_t room, table_writer_t write, masix_bulk_t *table,
	mach_msg_type_number_t *size) __attribute__((warn_unused_result));

/* What the administrator asks to be done to the server `name`.  MASIX_E_DENIED: not the admin port. */
kern_return_t admin_apply(mach_port_t port, const char *name, size_t length,
	kern_return_t (*operation)(struct acs *acs, const char *name, size_t length))
	__attribute__((warn_unused_result));

#endif
