/* Named pipes: all openers of one inode share a channel, and an opener may have to wait for one of
 * the other kind.  fifo(7). */
#ifndef UNIX_FIFO_H
#define UNIX_FIFO_H

#include <mach/mach_types.h>
#include <stdbool.h>
#include <stdint.h>

struct fifo_request {
	int pid;
	uint32_t uid, gid;
	uint32_t dev;
	uint64_t ino;
	bool reader, writer, nonblock;
	uint32_t token;
	mach_port_t reply; /* send-once; taken over with MIG_NO_REPLY */
};

/* Open the fifo.  MASIX_E_NO_DEVICE: a writer that would not wait and no reader is there. */
kern_return_t fifo_open(const struct fifo_request *request, mach_port_t *object)
	__attribute__((warn_unused_result));

/* End the waiting open of a process.  False: there is none. */
bool fifo_cancel(int pid, uint32_t token);

/* The process is gone: its waiting opens too. */
void fifo_forget(int pid);

#endif
