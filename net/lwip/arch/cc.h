/* What lwIP needs of the compiler and of port.c. */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

void *port_malloc(size_t size);
void *port_calloc(size_t count, size_t size);
void port_free(void *memory);
uint32_t port_random(void);
void port_failed(const char *what, const char *file, int line) __attribute__((noreturn));

#define LWIP_TIMEVAL_PRIVATE 0
#define LWIP_NO_UNISTD_H 0
#define LWIP_ERRNO_STDINCLUDE 1
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x) port_failed(x, __FILE__, __LINE__)

#endif
