/* The operations behind io.defs, per class of object.  NULL: the object cannot do that. */
#ifndef UNIX_SERVE_IO_H
#define UNIX_SERVE_IO_H

#include <mach/mach_types.h>
#include <stdbool.h>
#include <stdint.h>

#include <masix/object.h>
#include <masix/types.h>

/* What every io call that may wait brings along.  `reply` is a send-once right: whoever parks the call
 * takes it over and answers MIG_NO_REPLY. */
struct io_call {
	mach_port_t reply;
	uint32_t token;
	bool nonblock;
};

struct io_operations {
	/* Into `data`, which has room for `amount` bytes. */
	kern_return_t (*read)(struct masix_object *object, const struct io_call *call,
		int64_t offset, uint32_t amount, char *data, uint32_t *count);
	/* Pages, which the caller of the operation hands to the client. */
	kern_return_t (*read_large)(struct masix_object *object, const struct io_call *call,
		int64_t offset, uint32_t amount, char **data, uint32_t *count);
	kern_return_t (*write)(struct masix_object *object, const struct io_call *call,
		const char *data, uint32_t length, uint32_t *written);
	/* Pages of our own, whoever sent them; consumed on success and with MIG_NO_REPLY. */
	kern_return_t (*write_large)(struct masix_object *object, const struct io_call *call,
		char *data, uint32_t length, uint32_t *written);
	kern_return_t (*poll)(
		struct masix_object *object, const struct io_call *call, int events, int *ready);
	kern_return_t (*cancel)(struct masix_object *object, uint32_t token);
	kern_return_t (*stat)(struct masix_object *object, masix_stat_t *stat);
};

#endif
