/* ioctls of sockets about the machine's interfaces: netdevice(7), and the default route of route(7). */
#include <asm/errno.h>
#include <linux/sockios.h>

#include <masix/error.h>

#include "interface.h"
#include "kernel.h"
#include "sockets.h"

#define NAME_SIZE 16u
#define INTERFACES 8u

/* struct ifreq of i386, with each of its union's members that is used here. */
struct request {
	char name[NAME_SIZE];
	union {
		struct {
			uint16_t family;
			uint16_t port;
			uint32_t address;
			uint8_t zero[8];
		} inet;
		struct {
			uint16_t type;
			uint8_t address[14];
		} hardware;
		int16_t flags;
		int32_t number;
	};
};
_Static_assert(sizeof(struct request) == 32, "struct ifreq");

struct list { /* struct ifconf */
	int32_t size;
	uint32_t requests;
};

/* struct rtentry, as far as it is looked at. */
struct route {
	uint32_t pad1;
	struct {
		uint16_t family, port;
		uint32_t address;
		uint8_t zero[8];
	} destination, gateway, mask;
	uint16_t flags;
};

enum {
	FLAG_UP = 1,
	FLAG_BROADCAST = 2,
	FLAG_LOOPBACK = 8,
	FLAG_RUNNING = 0x40,
	FLAG_MULTICAST = 0x1000
};
enum { TYPE_ETHERNET = 1, TYPE_LOOPBACK = 772 };
#define ROUTE_GATEWAY 2u

struct interfaces {
	struct masix_interface list[INTERFACES];
	uint32_t count;
};

static long get_interfaces(struct emul_file *file, struct interfaces *to)
{
	mach_msg_type_number_t size = 0;
	char *data;
	long error = emul_result(interface_list(file->port, &data, &size));

	if (error != 0)
		return error;
	to->count = size / sizeof to->list[0];
	if (to->count > INTERFACES)
		to->count = INTERFACES;
	memcpy(to->list, data, to->count * sizeof to->list[0]);
	if (size > 0)
		(void)trap_vm_deallocate(EMUL_PORT_TASK, (vm_address_t)data, size);
	return 0;
}

static int same_name(const char *a, const char *b)
{
	uint32_t i = 0;

	while (i < NAME_SIZE - 1 && a[i] == b[i] && a[i] != '\0')
		i++;
	return a[i] == b[i];
}

static void put_inet(struct request *to, uint32_t address)
{
	memset(&to->inet, 0, sizeof to->inet);
	to->inet.family = AF_INET;
	to->inet.address = address;
}

/* SIOCGIFCONF: those with an IPv4 address. */
static long list(struct emul_file *file, uint32_t argument)
{
	struct interfaces interfaces;
	struct list given;
	uint32_t used = 0;
	long error;

	if (!emul_user_range(argument, sizeof given))
		return -EFAULT;
	memcpy(&given, (const void *)argument, sizeof given);
	error = get_interfaces(file, &interfaces);
	for (uint32_t i = 0; i < interfaces.count && error == 0; i++) {
		struct request one = { .flags = 0 };

		if (interfaces.list[i].address == 0)
			continue;
		memcpy(one.name, interfaces.list[i].name, NAME_SIZE);
		put_inet(&one, interfaces.list[i].address);
		if (given.requests != 0) {
			if (given.size < 0 || used + sizeof one > (uint32_t)given.size)
				break;
			if (!emul_user_range(given.requests + used, sizeof one))
				return -EFAULT;
			memcpy((void *)(given.requests + used), &one, sizeof one);
		}
		used += sizeof one;
	}
	if (error == 0)
		*(int32_t *)argument = (int32_t)used;
	return error;
}

static int16_t flags_of(const struct masix_interface *i)
{
	int flags = i->flags & MASIX_INTERFACE_LOOPBACK ? FLAG_LOOPBACK
							: FLAG_BROADCAST | FLAG_MULTICAST;

	if (i->flags & MASIX_INTERFACE_UP)
		flags |= FLAG_UP;
	if ((i->flags & MASIX_INTERFACE_UP) && (i->flags & MASIX_INTERFACE_LINK))
		flags |= FLAG_RUNNING;
	return (int16_t)flags;
}

static void put_hardware(struct request *to, const struct masix_interface *i)
{
	memset(&to->hardware, 0, sizeof to->hardware);
	to->hardware.type = i->flags & MASIX_INTERFACE_LOOPBACK ? TYPE_LOOPBACK : TYPE_ETHERNET;
	memcpy(to->hardware.address, i->hardware, 6);
}

static long answer(uint32_t request, const struct masix_interface *i, struct request *to)
{
	switch (request) {
	case SIOCGIFNAME:
		memcpy(to->name, i->name, NAME_SIZE);
		return 0;
	case SIOCGIFINDEX:
		to->number = (int32_t)i->number;
		return 0;
	case SIOCGIFFLAGS:
		to->flags = flags_of(i);
		return 0;
	case SIOCGIFMTU:
		to->number = (int32_t)i->mtu;
		return 0;
	case SIOCGIFHWADDR:
		put_hardware(to, i);
		return 0;
	case SIOCGIFMETRIC:
		to->number = 0;
		return 0;
	case SIOCGIFADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFBRDADDR:
	case SIOCGIFDSTADDR:
		if (i->address == 0)
			return -EADDRNOTAVAIL;
		put_inet(to, request == SIOCGIFNETMASK	 ? i->mask
			     : request == SIOCGIFBRDADDR ? i->address | ~i->mask
							 : i->address);
		return 0;
	default:
		return -ENOTTY;
	}
}

static long set(struct emul_file *file, uint32_t request, const struct masix_interface *i,
	const struct request *from)
{
	int setting;
	uint32_t value = from->inet.address;

	switch (request) {
	case SIOCSIFFLAGS:
		setting = MASIX_INTERFACE_SET_UP;
		value = (from->flags & FLAG_UP) != 0;
		break;
	case SIOCSIFADDR:
		setting = MASIX_INTERFACE_SET_ADDRESS;
		break;
	case SIOCSIFNETMASK:
		setting = MASIX_INTERFACE_SET_MASK;
		break;
	case SIOCSIFBRDADDR:
		return value == (i->address | ~i->mask) ? 0 : -EOPNOTSUPP;
	default:
		return -ENOTTY;
	}
	return emul_result(interface_set(file->port, i->number, setting, value));
}

/* One interface, by its name or (SIOCGIFNAME) number. */
static long one(struct emul_file *file, uint32_t number, uint32_t argument, int sets)
{
	struct interfaces interfaces;
	struct request request;
	long error;

	if (!emul_user_range(argument, sizeof request))
		return -EFAULT;
	memcpy(&request, (const void *)argument, sizeof request);
	error = get_interfaces(file, &interfaces);
	for (uint32_t i = 0; i < interfaces.count && error == 0; i++) {
		const struct masix_interface *found = &interfaces.list[i];

		if (number == SIOCGIFNAME ? found->number != (uint32_t)request.number
					  : !same_name(found->name, request.name))
			continue;
		if (sets)
			return set(file, number, found, &request);
		error = answer(number, found, &request);
		if (error == 0)
			memcpy((void *)argument, &request, sizeof request);
		return error;
	}
	return error != 0 ? error : -ENODEV;
}

/* Only the default route can be set: those of networks come with addresses. */
static long set_route(struct emul_file *file, uint32_t argument, int adds)
{
	struct interfaces interfaces;
	struct route route;
	long error;

	if (!emul_user_range(argument, sizeof route))
		return -EFAULT;
	memcpy(&route, (const void *)argument, sizeof route);
	if (route.destination.address != 0 || route.mask.address != 0 ||
		(adds && !(route.flags & ROUTE_GATEWAY)))
		return -EOPNOTSUPP;
	error = get_interfaces(file, &interfaces);
	for (uint32_t i = 0; i < interfaces.count && error == 0; i++)
		if (!(interfaces.list[i].flags & MASIX_INTERFACE_LOOPBACK))
			return emul_result(interface_set(file->port, interfaces.list[i].number,
				MASIX_INTERFACE_SET_GATEWAY, adds ? route.gateway.address : 0));
	return error != 0 ? error : -ENETUNREACH;
}

long socket_control(struct emul_file *file, uint32_t request, uint32_t argument)
{
	if (socket_family(file) == AF_UNIX)
		return -ENOTTY;
	switch (request) {
	case SIOCGIFCONF:
		return list(file, argument);
	case SIOCGIFNAME:
	case SIOCGIFINDEX:
	case SIOCGIFFLAGS:
	case SIOCGIFMTU:
	case SIOCGIFHWADDR:
	case SIOCGIFMETRIC:
	case SIOCGIFADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFBRDADDR:
	case SIOCGIFDSTADDR:
		return one(file, request, argument, 0);
	case SIOCSIFFLAGS:
	case SIOCSIFADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFBRDADDR:
		return one(file, request, argument, 1);
	case SIOCADDRT:
	case SIOCDELRT:
		return set_route(file, argument, request == SIOCADDRT);
	default:
		return -ENOTTY;
	}
}
