#ifndef FAKE_MESSAGE_H
#define FAKE_MESSAGE_H

#include <mach/mach_types.h>

typedef struct mach_msg_header {
	uint32_t words[6];
} mach_msg_header_t;

typedef int mach_msg_option_t, mach_msg_return_t;
typedef uint32_t mach_msg_size_t, mach_msg_timeout_t;

#define MACH_MSG_SUCCESS 0
#define MACH_RCV_MSG 2
#define MACH_RCV_TIMEOUT 0x100
#define MACH_RCV_TIMED_OUT 0x10004003
#define MACH_SEND_INVALID_DEST 0x10000003
#define MACH_MSG_TYPE_MAKE_SEND_ONCE 21

#endif
