#include "address.h"

#include <masix/error.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

kern_return_t address_read(
	const struct masix_inet_name *name, int family, bool only_inet6, ip_addr_t *address)
{
	ip6_addr_t inet6;

	memset(address, 0, sizeof *address);
	if (memcmp(name->address, mapped, sizeof mapped) == 0) {
		if (family == MASIX_INET6 && only_inet6)
			return MASIX_E_FAMILY;
		memcpy(ip_2_ip4(address), name->address + sizeof mapped, 4);
		IP_SET_TYPE(address, IPADDR_TYPE_V4);
		return KERN_SUCCESS;
	}
	if (family != MASIX_INET6)
		return MASIX_E_FAMILY;
	memset(&inet6, 0, sizeof inet6);
	memcpy(inet6.addr, name->address, sizeof inet6.addr);
	if (ip6_addr_has_scope(&inet6, IP6_UNKNOWN))
		ip6_addr_set_zone(&inet6, (u8_t)name->scope);
	ip_addr_copy_from_ip6(*address, inet6);
	if (ip6_addr_isany_val(inet6) && !only_inet6)
		IP_SET_TYPE(address, IPADDR_TYPE_ANY);
	return KERN_SUCCESS;
}

void address_bytes(const ip_addr_t *address, uint8_t bytes[16])
{
	if (IP_IS_V4(address)) {
		memcpy(bytes, mapped, sizeof mapped);
		memcpy(bytes + sizeof mapped, ip_2_ip4(address), 4);
	} else {
		memcpy(bytes, ip_2_ip6(address)->addr, 16);
	}
}

void address_write(
	const ip_addr_t *address, uint16_t port, int family, struct masix_inet_name *name)
{
	*name = (struct masix_inet_name){ .port = port };
	if (family == MASIX_INET6 && address_is_any(address))
		return;
	if (family == MASIX_INET && !IP_IS_V4(address))
		memcpy(name->address, mapped, sizeof mapped);
	else
		address_bytes(address, name->address);
	if (IP_IS_V6(address))
		name->scope = ip6_addr_zone(ip_2_ip6(address));
}

bool address_is_any(const ip_addr_t *address)
{
	return IP_IS_ANY_TYPE_VAL(*address) || ip_addr_isany(address);
}

void address_loopback(ip_addr_t *address)
{
	if (IP_IS_V4(address))
		IP_ADDR4(address, 127, 0, 0, 1);
	else
		IP_ADDR6(address, 0, 0, 0, PP_HTONL(1));
}

bool address_parse_network(const char *text, uint32_t *address, uint32_t *mask)
{
	const char *slash = strchr(text, '/');
	char digits[IP4ADDR_STRLEN_MAX];
	unsigned long bits = 24;
	ip4_addr_t parsed;
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char *end;

	if (length >= sizeof digits)
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (slash != NULL) {
		bits = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || bits > 32)
			return false;
	}
	if (!ip4addr_aton(digits, &parsed))
		return false;
	*address = parsed.addr;
	*mask = lwip_htonl(bits == 0 ? 0 : 0xffffffffu << (32 - bits));
	return true;
}

kern_return_t address_error(err_t error)
{
	switch (error) {
	case ERR_OK:
		return KERN_SUCCESS;
	case ERR_MEM:
	case ERR_BUF:
		return KERN_RESOURCE_SHORTAGE;
	case ERR_TIMEOUT:
	case ERR_ABRT:
		return MASIX_E_TIMEOUT;
	case ERR_RTE:
	case ERR_IF:
		return MASIX_E_UNREACHABLE;
	case ERR_USE:
		return MASIX_E_IN_USE;
	case ERR_ISCONN:
		return MASIX_E_CONNECTED;
	case ERR_CONN:
	case ERR_CLSD:
		return MASIX_E_NOT_CONNECTED;
	case ERR_RST:
		return MASIX_E_RESET;
	default:
		return MASIX_E_INVALID;
	}
}
