/* struct sockaddr_in and struct sockaddr_in6, as masix_inet_name and back. */
#include <asm/errno.h>

#include "kernel.h"
#include "sockets.h"

#define INET_SIZE 16u
#define INET6_SIZE 28u
#define INET6_SIZE_MIN 24u /* RFC 2133: without the scope */

struct inet {
	uint16_t family;
	uint8_t port[2];
	uint8_t address[4];
	uint8_t zero[8];
};

struct inet6 {
	uint16_t family;
	uint8_t port[2];
	uint32_t flow;
	uint8_t address[16];
	uint32_t scope;
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static uint16_t port_read(const uint8_t port[2])
{
	return (uint16_t)(port[0] << 8 | port[1]);
}

static void port_write(uint16_t port, uint8_t to[2])
{
	to[0] = (uint8_t)(port >> 8);
	to[1] = (uint8_t)port;
}

long inet_address_read(uint32_t family, const void *from, uint32_t size, struct socket_address *to)
{
	struct masix_inet_name name = { .scope = 0 };
	struct inet6 inet6 = { .scope = 0 };
	struct inet inet;
	uint16_t given;

	if (size < sizeof given)
		return -EINVAL;
	memcpy(&given, from, sizeof given);
	if (given == AF_INET6 && family == AF_INET6) {
		if (size < INET6_SIZE_MIN)
			return -EINVAL;
		memcpy(&inet6, from, size < sizeof inet6 ? size : sizeof inet6);
		memcpy(name.address, inet6.address, sizeof name.address);
		name.scope = inet6.scope;
		name.port = port_read(inet6.port);
	} else {
		if (size < sizeof inet)
			return -EINVAL;
		if (given != AF_INET)
			return -EAFNOSUPPORT;
		memcpy(&inet, from, sizeof inet);
		memcpy(name.address, mapped, sizeof mapped);
		memcpy(name.address + sizeof mapped, inet.address, sizeof inet.address);
		name.port = port_read(inet.port);
	}
	to->is_inet = 1;
	to->length = sizeof name;
	memcpy(to->name, &name, sizeof name);
	return 0;
}

uint32_t inet_address_write(uint32_t family, const char *bytes, uint32_t length, void *to)
{
	struct masix_inet_name name = { .scope = 0 };
	struct inet6 inet6 = { .family = AF_INET6 };
	struct inet inet = { .family = AF_INET };

	if (length == sizeof name)
		memcpy(&name, bytes, sizeof name);
	if (family == AF_INET) {
		memcpy(inet.address, name.address + sizeof mapped, sizeof inet.address);
		port_write(name.port, inet.port);
		memcpy(to, &inet, INET_SIZE);
		return INET_SIZE;
	}
	memcpy(inet6.address, name.address, sizeof inet6.address);
	inet6.scope = name.scope;
	port_write(name.port, inet6.port);
	memcpy(to, &inet6, INET6_SIZE);
	return INET6_SIZE;
}
