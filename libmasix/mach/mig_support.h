/* What the stubs that MIG generates expect of their environment.  No package of GNU Mach has
 * this header; the functions are libmasix's (and, with the same contracts, the Unix
 * emulation library's). */
#ifndef MASIX_MACH_MIG_SUPPORT_H
#define MASIX_MACH_MIG_SUPPORT_H

#include <mach/kern_return.h>
#include <mach/message.h>
#include <mach/port.h>
#include <mach/std_types.h>
/* The stubs call memcpy, strlen and the like without including it. */
#include <string.h>

/* The calling thread's reply port, made on first use.  Each thread has its own: one that is
 * shared mixes up the replies of concurrent calls. */
mach_port_t mig_get_reply_port(void);

/* The call with this reply port failed so that a late reply may still come: the port must
 * not be used again. */
void mig_dealloc_reply_port(mach_port_t port);

/* The call with this reply port is over; the thread may use the port again. */
void mig_put_reply_port(mach_port_t port);

/* Copies the string `source` into `destination` of `size` bytes, always terminated, cut if
 * too long.  Returns the length copied, without the terminator. */
vm_size_t mig_strncpy(char *destination, const char *source, vm_size_t size);

/* Memory for a variable array larger than the buffer that the caller offered; whole pages. */
void mig_allocate(vm_address_t *address, vm_size_t size);
void mig_deallocate(vm_address_t address, vm_size_t size);

mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify);

/*
 * Stubs run inside the vector, also before glibc has relocated itself and where vector registers must stay
 * untouched: they copy with our own code.
 */
void *vector_copy(void *to, const void *from, size_t size);
void *vector_fill(void *to, int byte, size_t size);
#define memcpy vector_copy
#define memset vector_fill

#endif
