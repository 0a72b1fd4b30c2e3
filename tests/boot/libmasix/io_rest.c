/* The routines of io that this test does not use. */
#include <mach/kern_return.h>
#include <masix/error.h>

/* Arguments are the caller's to pop: none is needed to refuse. */
#define REFUSED(name)                                                                              \
	kern_return_t name(void);                                                                  \
	kern_return_t name(void)                                                                   \
	{                                                                                          \
		return MASIX_E_NOT_SUPPORTED;                                                      \
	}

REFUSED(S_io_read_large)
REFUSED(S_io_write_large)
REFUSED(S_io_poll)
REFUSED(S_io_cancel)
REFUSED(S_io_stat)
REFUSED(S_io_map)
REFUSED(S_io_set_size)
REFUSED(S_io_set_mode)
REFUSED(S_io_set_owner)
REFUSED(S_io_set_times)
REFUSED(S_io_lock)
