#ifndef SHIM_MACH_MESSAGE_H
#define SHIM_MACH_MESSAGE_H

typedef struct {
	int id;
} mach_msg_header_t;
typedef int mach_msg_return_t;
typedef int mach_msg_option_t;
typedef unsigned mach_msg_size_t;
typedef unsigned mach_msg_timeout_t;

#endif
