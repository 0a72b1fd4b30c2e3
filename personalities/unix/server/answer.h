/* Answering calls that were parked.  Every function here consumes `reply`, a send-once right; none
 * waits, since a send-once right always has room. */
#ifndef UNIX_ANSWER_H
#define UNIX_ANSWER_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <stdbool.h>
#include <stdint.h>

struct waiter;
struct pipe_call;
struct pipe_memory;
struct socket_delivery;

/* May a call with this reply right be parked?  A client could name a port whose queue is full
 * instead of giving a send-once right: such calls are refused. */
kern_return_t reply_check(mach_port_t reply, mach_msg_type_name_t type)
	__attribute__((warn_unused_result));

/* Is the caller still there to be answered?  Else its right is a dead name. */
bool answer_is_wanted(mach_port_t reply);

void answer_waiter(const struct waiter *w);
void answer_fifo(mach_port_t reply, kern_return_t result, mach_port_t object);
/* The right is consumed. */
void answer_network_socket(mach_port_t reply, kern_return_t result, mach_port_t socket);
void answer_records(mach_port_t reply, kern_return_t result);

/* False: the caller is gone, nobody has the data. */
bool answer_read(mach_port_t reply, kern_return_t result, const char *data, uint32_t count);
/* `data` is pages, which are consumed. */
void answer_read_large(mach_port_t reply, kern_return_t result, char *data, uint32_t count);
void answer_write(mach_port_t reply, kern_return_t result, uint32_t count);
void answer_write_large(mach_port_t reply, kern_return_t result, uint32_t count);
void answer_poll(mach_port_t reply, kern_return_t result, int ready);

void answer_socket_accept(mach_port_t reply, kern_return_t result, mach_port_t accepted);
void answer_socket_connect(mach_port_t reply, kern_return_t result);
void answer_socket_send(mach_port_t reply, kern_return_t result, bool is_large, uint32_t count);
/* The delivery is consumed. */
void answer_socket_receive(mach_port_t reply, kern_return_t result, bool is_large,
	const struct socket_delivery *delivery, const char *data, uint32_t count);

void answer_tty_read(mach_port_t reply, kern_return_t result, const char *data, uint32_t count);
void answer_tty_write(mach_port_t reply, kern_return_t result, uint32_t count);
void answer_tty_control(mach_port_t reply, kern_return_t result);

#endif
