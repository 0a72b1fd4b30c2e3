/* Extended attributes: the file systems keep none, and say so. */
#include <asm/errno.h>

#include "calls.h"

#define NOT_SUPPORTED(name)                                                                        \
	long sys_##name(const uint32_t *a)                                                         \
	{                                                                                          \
		(void)a;                                                                           \
		return -EOPNOTSUPP;                                                                \
	}

NOT_SUPPORTED(setxattr)
NOT_SUPPORTED(lsetxattr)
NOT_SUPPORTED(fsetxattr)
NOT_SUPPORTED(getxattr)
NOT_SUPPORTED(lgetxattr)
NOT_SUPPORTED(fgetxattr)
NOT_SUPPORTED(listxattr)
NOT_SUPPORTED(llistxattr)
NOT_SUPPORTED(flistxattr)
NOT_SUPPORTED(removexattr)
NOT_SUPPORTED(lremovexattr)
NOT_SUPPORTED(fremovexattr)
