#ifndef FAKE_MESSAGE_H
#define FAKE_MESSAGE_H

#include <mach/mach_types.h>

typedef struct mach_msg_header {
	uint32_t words[6];
} mach_msg_header_t;

typedef int mach_msg_option_t, mach_msg_return_t;
typedef uint32_t mach_msg_size_t, mach_msg_timeout_t;

#endif
