/* The kernel's traps, for servers and for plain programs that are Mach tasks.  The rest of
 * the kernel's interface is MIG's headers: "mach.h", "mach_port.h", "gnumach.h", ... */
#ifndef MASIX_MACH_H
#define MASIX_MACH_H

#include <mach/mach_types.h>
#include <mach/message.h>

/* The caller's own task and host: one send right, not to be deallocated. */
mach_port_t mach_task_self(void);
mach_port_t mach_host_self(void);

/* Each call adds a reference to the send right of the calling thread. */
mach_port_t mach_thread_self(void);

/* A new receive right. */
mach_port_t mach_reply_port(void);

/* As in Mach, except that an interrupted send or receive goes on unless option has
 * MACH_SEND_INTERRUPT or MACH_RCV_INTERRUPT, and that a call (a request and the wait for its reply) whose server died before it
 * answered is made again if the request moved no rights and no memory; up to three times if the server died by itself. */
mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify);

/* The id of the message, a header only, by which the successor of a server asks for a call again that had lain with its
 * predecessor: such a call is made again without end. */
#define MASIX_CALL_AGAIN 502800

#endif
