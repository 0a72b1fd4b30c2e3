/* Texts of error codes. */
#include <mach/kern_return.h>
#include <mach/message.h>
#include <mach/mig_errors.h>
#include <masix/error.h>

#include <stddef.h>

static const struct {
	int code;
	const char *text;
} texts[] = {
#define MASIX_ERROR_TEXT(name, number, text) { MASIX_E_##name, text },
	MASIX_ERRORS(MASIX_ERROR_TEXT)
#undef MASIX_ERROR_TEXT
		{ KERN_SUCCESS, "success" },
	{ KERN_INVALID_ADDRESS, "invalid address" },
	{ KERN_PROTECTION_FAILURE, "protection failure" },
	{ KERN_NO_SPACE, "no address space" },
	{ KERN_INVALID_ARGUMENT, "invalid argument of a kernel call" },
	{ KERN_FAILURE, "failure" },
	{ KERN_RESOURCE_SHORTAGE, "resource shortage" },
	{ KERN_NOT_RECEIVER, "not the receiver" },
	{ KERN_NO_ACCESS, "no access" },
	{ KERN_MEMORY_FAILURE, "memory failure" },
	{ KERN_MEMORY_ERROR, "memory error" },
	{ KERN_NAME_EXISTS, "port name exists" },
	{ KERN_ABORTED, "aborted" },
	{ KERN_INVALID_NAME, "invalid port name" },
	{ KERN_INVALID_TASK, "invalid task" },
	{ KERN_INVALID_RIGHT, "invalid right" },
	{ KERN_INVALID_VALUE, "invalid value" },
	{ KERN_UREFS_OVERFLOW, "too many references to a port name" },
	{ KERN_INVALID_CAPABILITY, "invalid capability" },
	{ KERN_RIGHT_EXISTS, "right exists under another name" },
	{ KERN_INVALID_HOST, "invalid host port" },
	{ KERN_TERMINATED, "terminated" },
	{ KERN_TIMEDOUT, "timed out in the kernel" },
	{ KERN_INTERRUPTED, "interrupted in the kernel" },
	{ MIG_TYPE_ERROR, "reply of the wrong type" },
	{ MIG_REPLY_MISMATCH, "reply to something else" },
	{ MIG_REMOTE_ERROR, "error at the server" },
	{ MIG_BAD_ID, "unknown request" },
	{ MIG_BAD_ARGUMENTS, "malformed request" },
	{ MIG_NO_REPLY, "no reply" },
	{ MIG_ARRAY_TOO_LARGE, "array too large" },
	{ MIG_SERVER_DIED, "the server died or dropped the request" },
	{ MACH_SEND_INVALID_DEST, "no such port to send to" },
	{ MACH_SEND_TIMED_OUT, "send timed out" },
	{ MACH_SEND_INTERRUPTED, "send interrupted" },
	{ MACH_SEND_INVALID_REPLY, "invalid reply port" },
	{ MACH_SEND_INVALID_RIGHT, "invalid right in a message" },
	{ MACH_SEND_INVALID_MEMORY, "invalid memory in a message" },
	{ MACH_RCV_INVALID_NAME, "no such port to receive from" },
	{ MACH_RCV_TIMED_OUT, "receive timed out" },
	{ MACH_RCV_TOO_LARGE, "message too large" },
	{ MACH_RCV_INTERRUPTED, "receive interrupted" },
	{ MACH_RCV_PORT_DIED, "receive port died" },
};

const char *masix_strerror(int code)
{
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].code == code)
			return texts[i].text;
	return "unknown error";
}
