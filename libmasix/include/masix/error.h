/* Masix's own error codes.  Kernel (KERN_*), MIG and device codes pass through
 * unchanged beside them. */
#ifndef MASIX_ERROR_H
#define MASIX_ERROR_H

/* 0x4d5800nn in the user subsystem range of <mach/error.h> codes. */
#define MASIX_ERROR_BASE 0x4d5800

#define MASIX_ERRORS(X)                                                                            \
	X(NOT_FOUND, 1, "no such name")                                                            \
	X(ACCESS, 2, "permission denied")                                                          \
	X(EXISTS, 3, "already exists")                                                             \
	X(NOT_DIRECTORY, 4, "not a directory")                                                     \
	X(IS_DIRECTORY, 5, "is a directory")                                                       \
	X(NOT_EMPTY, 6, "directory not empty")                                                     \
	X(NO_SPACE, 7, "no space left")                                                            \
	X(READ_ONLY, 8, "read-only file system")                                                   \
	X(IO, 9, "input/output error")                                                             \
	X(LOOP, 10, "too many symbolic links")                                                     \
	X(NAME_TOO_LONG, 11, "name too long")                                                      \
	X(CROSS, 12, "the path leaves this file system")                                           \
	X(OTHER_SYSTEM, 13, "objects of different file systems")                                   \
	X(INTERRUPTED, 14, "interrupted")                                                          \
	X(WOULD_BLOCK, 15, "would block")                                                          \
	X(PIPE, 16, "no reader")                                                                   \
	X(NO_DEVICE, 17, "no such device or operation on it")                                      \
	X(BUSY, 18, "busy")                                                                        \
	X(LIMIT, 19, "limit reached")                                                              \
	X(NO_CHILD, 20, "no child process")                                                        \
	X(NO_PROCESS, 21, "no such process")                                                       \
	X(NOT_TTY, 22, "not a terminal")                                                           \
	X(DENIED, 23, "denied by ACS")                                                             \
	X(PERMISSION, 24, "operation not permitted")                                               \
	X(TOO_BIG, 25, "too big")                                                                  \
	X(SEEK, 26, "object has no positions")                                                     \
	X(TIMEOUT, 27, "timed out")                                                                \
	X(DEAD, 28, "the server is gone")                                                          \
	X(BAD_FORMAT, 29, "malformed image or file")                                               \
	X(INVALID, 30, "invalid argument")                                                         \
	X(NOT_SUPPORTED, 31, "not supported")                                                      \
	X(TEXT_BUSY, 32, "executable is in use")                                                   \
	X(DEADLOCK, 33, "each would wait for the other")                                           \
	X(STALE, 34, "repeated, or out of date")                                                   \
	X(RESET, 35, "connection reset by the other side")                                         \
	X(REFUSED, 36, "connection refused")                                                       \
	X(NOT_CONNECTED, 37, "not connected")                                                      \
	X(CONNECTED, 38, "connected already")                                                      \
	X(IN_USE, 39, "name in use")                                                               \
	X(PROTOTYPE, 40, "sockets of different types")                                             \
	X(MESSAGE_SIZE, 41, "message too long")                                                    \
	X(IN_PROGRESS, 42, "connection is being made")                                             \
	X(ALREADY, 43, "connection is being made already")                                         \
	X(ADDRESS, 44, "no such address here")                                                     \
	X(UNREACHABLE, 45, "network is unreachable")                                               \
	X(HOST_UNREACHABLE, 46, "host is unreachable")                                             \
	X(DESTINATION, 47, "no destination")                                                       \
	X(FAMILY, 48, "address of another family")

#define MASIX_ERROR_ENUM(name, number, text) MASIX_E_##name = (MASIX_ERROR_BASE << 8) | (number),
enum masix_error { MASIX_ERRORS(MASIX_ERROR_ENUM) };
#undef MASIX_ERROR_ENUM

/* Text for any code of ours or of the kernel; never NULL, static. */
const char *masix_strerror(int code);

#endif
