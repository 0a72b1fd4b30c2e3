/* ICMP's errors, which lwIP does not pass on: sockets hear that nobody takes what they send. */
#ifndef NET_UNREACHABLE_H
#define NET_UNREACHABLE_H

#include <mach/kern_return.h>

/* Core lock held. */
kern_return_t unreachable_start(void) __attribute__((warn_unused_result));

#endif
