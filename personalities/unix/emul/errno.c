/* Errors of Masix, of the kernel and of MIG as Linux error numbers. */
#include <asm/errno.h>
#include <mach/kern_return.h>
#include <mach/message.h>
#include <mach/mig_errors.h>

#include <masix/error.h>

#include "emul.h"
#include "results.h"

/* By the low byte of MASIX_E_*. */
static const uint8_t of_masix[] = {
	[MASIX_E_NOT_FOUND & 0xff] = ENOENT,
	[MASIX_E_ACCESS & 0xff] = EACCES,
	[MASIX_E_EXISTS & 0xff] = EEXIST,
	[MASIX_E_NOT_DIRECTORY & 0xff] = ENOTDIR,
	[MASIX_E_IS_DIRECTORY & 0xff] = EISDIR,
	[MASIX_E_NOT_EMPTY & 0xff] = ENOTEMPTY,
	[MASIX_E_NO_SPACE & 0xff] = ENOSPC,
	[MASIX_E_READ_ONLY & 0xff] = EROFS,
	[MASIX_E_IO & 0xff] = EIO,
	[MASIX_E_LOOP & 0xff] = ELOOP,
	[MASIX_E_NAME_TOO_LONG & 0xff] = ENAMETOOLONG,
	[MASIX_E_CROSS & 0xff] = EBUSY, /* what is left after crossing: a mount point */
	[MASIX_E_OTHER_SYSTEM & 0xff] = EXDEV,
	[MASIX_E_INTERRUPTED & 0xff] = EINTR,
	[MASIX_E_WOULD_BLOCK & 0xff] = EAGAIN,
	[MASIX_E_PIPE & 0xff] = EPIPE,
	[MASIX_E_NO_DEVICE & 0xff] = ENXIO,
	[MASIX_E_BUSY & 0xff] = EBUSY,
	[MASIX_E_LIMIT & 0xff] = EAGAIN,
	[MASIX_E_NO_CHILD & 0xff] = ECHILD,
	[MASIX_E_NO_PROCESS & 0xff] = ESRCH,
	[MASIX_E_NOT_TTY & 0xff] = ENOTTY,
	[MASIX_E_DENIED & 0xff] = EACCES,
	[MASIX_E_PERMISSION & 0xff] = EPERM,
	[MASIX_E_TOO_BIG & 0xff] = EFBIG,
	[MASIX_E_SEEK & 0xff] = ESPIPE,
	[MASIX_E_TIMEOUT & 0xff] = ETIMEDOUT,
	[MASIX_E_DEAD & 0xff] = EIO,
	[MASIX_E_BAD_FORMAT & 0xff] = ENOEXEC,
	[MASIX_E_INVALID & 0xff] = EINVAL,
	[MASIX_E_NOT_SUPPORTED & 0xff] = EOPNOTSUPP,
	[MASIX_E_TEXT_BUSY & 0xff] = ETXTBSY,
	[MASIX_E_DEADLOCK & 0xff] = EDEADLK,
	[MASIX_E_STALE & 0xff] = EIO,
	[MASIX_E_RESET & 0xff] = ECONNRESET,
	[MASIX_E_REFUSED & 0xff] = ECONNREFUSED,
	[MASIX_E_NOT_CONNECTED & 0xff] = ENOTCONN,
	[MASIX_E_CONNECTED & 0xff] = EISCONN,
	[MASIX_E_IN_USE & 0xff] = EADDRINUSE,
	[MASIX_E_PROTOTYPE & 0xff] = EPROTOTYPE,
	[MASIX_E_MESSAGE_SIZE & 0xff] = EMSGSIZE,
	[MASIX_E_IN_PROGRESS & 0xff] = EINPROGRESS,
	[MASIX_E_ALREADY & 0xff] = EALREADY,
	[MASIX_E_ADDRESS & 0xff] = EADDRNOTAVAIL,
	[MASIX_E_UNREACHABLE & 0xff] = ENETUNREACH,
	[MASIX_E_HOST_UNREACHABLE & 0xff] = EHOSTUNREACH,
	[MASIX_E_DESTINATION & 0xff] = EDESTADDRREQ,
	[MASIX_E_FAMILY & 0xff] = EAFNOSUPPORT,
};

static int of_kernel(int kr)
{
	switch (kr) {
	case KERN_SUCCESS:
		return 0;
	case KERN_INVALID_ADDRESS:
	case KERN_PROTECTION_FAILURE:
		return EFAULT;
	case KERN_NO_SPACE:
	case KERN_RESOURCE_SHORTAGE:
	case MIG_ARRAY_TOO_LARGE:
		return ENOMEM;
	case KERN_INVALID_ARGUMENT:
	case KERN_INVALID_VALUE:
		return EINVAL;
	case KERN_NO_ACCESS:
		return EACCES;
	case MIG_BAD_ID: /* the object has no such routine */
		return EOPNOTSUPP;
	case MACH_SEND_INTERRUPTED:
	case MACH_RCV_INTERRUPTED:
		return EINTR;
	case MACH_SEND_TIMED_OUT:
	case MACH_RCV_TIMED_OUT:
		return ETIMEDOUT;
	case MACH_SEND_NO_BUFFER:
		return ENOMEM;
	default: /* a server that is gone or talks nonsense */
		return EIO;
	}
}

int emul_errno(int kr)
{
	unsigned index = (unsigned)kr & 0xff;

	if ((unsigned)kr >> 8 != MASIX_ERROR_BASE)
		return of_kernel(kr);
	return index < sizeof of_masix && of_masix[index] != 0 ? of_masix[index] : EIO;
}

long errno_result(int kr, long interrupted)
{
	int error = emul_errno(kr);

	return error == EINTR ? interrupted : -error;
}

long emul_result(int kr)
{
	return errno_result(kr, -EMUL_RESTART);
}
