#include "interfaces.h"

#include <errno.h>
#include <masix/error.h>
#include <masix/server.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "address.h"
#include "core.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/ethip6.h"
#include "lwip/nd6.h"
#include "lwip/netif.h"
#include "lwip/priv/nd6_priv.h"
#include "nic.h"

#define HOST_NAME "masix"

static struct nic nic;
static bool has_nic; /* set at start-up */

static pthread_mutex_t address_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t address_came;
static bool has_address; /* address_lock */

bool interfaces_argument(struct interfaces_settings *s, const char *word)
{
	uint32_t *to = NULL;
	uint32_t mask;

	if (strcmp(word, "dhcp") == 0) {
		s->is_static = false;
		return true;
	}
	if (strncmp(word, "address=", 8) == 0) {
		s->is_static = true;
		return address_parse_network(word + 8, &s->address, &s->mask);
	}
	if (strncmp(word, "gateway=", 8) == 0) {
		to = &s->gateway;
		word += 8;
	} else if (strncmp(word, "dns=", 4) == 0) {
		to = &s->name_server;
		word += 4;
	}
	return to != NULL && strchr(word, '/') == NULL && address_parse_network(word, to, &mask);
}

/* --- Starting --- */

static void tell_address(const struct netif *netif)
{
	char text[IP4ADDR_STRLEN_MAX], gateway[IP4ADDR_STRLEN_MAX];

	ip4addr_ntoa_r(netif_ip4_addr(netif), text, sizeof text);
	ip4addr_ntoa_r(netif_ip4_gw(netif), gateway, sizeof gateway);
	masix_log("eth0: %s, gateway %s", text, gateway);
}

/* Core lock held. */
static void on_status(struct netif *netif)
{
	static ip4_addr_t told;

	if (ip4_addr_isany(netif_ip4_addr(netif)))
		return;
	if (!ip4_addr_eq(&told, netif_ip4_addr(netif)))
		tell_address(netif);
	ip4_addr_copy(told, *netif_ip4_addr(netif));
	pthread_mutex_lock(&address_lock);
	has_address = true;
	pthread_cond_broadcast(&address_came);
	pthread_mutex_unlock(&address_lock);
}

static void configure(struct netif *netif, const struct interfaces_settings *settings)
{
	const ip4_addr_t address = { settings->address }, mask = { settings->mask },
			 gateway = { settings->gateway };
	ip_addr_t name_server = IPADDR4_INIT(settings->name_server);

	netif_set_hostname(netif, HOST_NAME);
	netif_set_status_callback(netif, on_status);
	netif_set_default(netif);
	netif_set_up(netif);
	netif_create_ip6_linklocal_address(netif, 1);
	netif_set_ip6_autoconfig_enabled(netif, 1);
	if (!settings->is_static) {
		if (dhcp_start(netif) != ERR_OK)
			masix_log("eth0: cannot ask for a lease");
		return;
	}
	netif_set_addr(netif, &address, &mask, &gateway);
	if (settings->name_server != 0)
		dns_setserver(0, &name_server);
}

void interfaces_start(const struct interfaces_settings *settings)
{
	pthread_condattr_t attributes;
	kern_return_t kr;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&address_came, &attributes);
	kr = nic_open(&nic);
	if (kr != KERN_SUCCESS) {
		masix_log(kr == MASIX_E_NO_DEVICE ? "no network card; only loopback"
						  : "cannot start the network card: %s",
			masix_strerror(kr));
		return;
	}
	has_nic = true;
	core_enter();
	nic_add(&nic);
	configure(&nic.netif, settings);
	core_leave();
	kr = nic_run(&nic);
	if (kr != KERN_SUCCESS)
		masix_log("cannot run the network card: %s", masix_strerror(kr));
}

void interfaces_wait(unsigned seconds)
{
	struct timespec until;

	if (!has_nic)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	pthread_mutex_lock(&address_lock);
	while (!has_address &&
		pthread_cond_timedwait(&address_came, &address_lock, &until) != ETIMEDOUT)
		continue;
	if (!has_address)
		masix_log("eth0: no address yet");
	pthread_mutex_unlock(&address_lock);
}

void interfaces_flush(void)
{
	if (has_nic)
		nic_flush(&nic);
}

/* --- Addresses --- */

static bool has_inet6(const struct netif *netif, const ip6_addr_t *address)
{
	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
			ip6_addr_zoneless_eq(netif_ip6_addr(netif, i), address))
			return true;
	return false;
}

bool interfaces_have(const ip_addr_t *address)
{
	struct netif *netif;

	if (IP_IS_V4(address) && ip4_addr_isloopback(ip_2_ip4(address)))
		return true;
	NETIF_FOREACH(netif)
	if (IP_IS_V4(address) ? ip4_addr_eq(netif_ip4_addr(netif), ip_2_ip4(address))
			      : has_inet6(netif, ip_2_ip6(address)))
		return true;
	return false;
}

bool interfaces_is_broadcast(const ip_addr_t *address)
{
	struct netif *netif;

	if (!IP_IS_V4(address))
		return false;
	NETIF_FOREACH(netif)
	if (ip4_addr_isbroadcast(ip_2_ip4(address), netif))
		return true;
	return false;
}

/* --- Telling and changing --- */

static const char *name_of(const struct netif *netif)
{
	return netif == &nic.netif ? "eth0" : "lo";
}

static void tell_inet6(const struct netif *netif, struct masix_interface *to)
{
	unsigned count = 0;

	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		const uint8_t state = netif_ip6_addr_state(netif, i);

		if (ip6_addr_isinvalid(state) || count == 4)
			continue;
		memcpy(to->inet6[count].address, netif_ip6_addr(netif, i)->addr, 16);
		to->inet6[count].prefix = ip6_addr_isloopback(netif_ip6_addr(netif, i)) ? 128 : 64;
		to->inet6[count].state = ip6_addr_istentative(state)	? 1
					 : ip6_addr_isdeprecated(state) ? 2
									: 3;
		count++;
	}
	for (int i = 0; i < LWIP_ND6_NUM_ROUTERS && netif == &nic.netif; i++) {
		const struct nd6_router_list_entry *router = &default_router_list[i];

		if (router->neighbor_entry != NULL && router->invalidation_timer > 0)
			memcpy(to->gateway6, router->neighbor_entry->next_hop_address.addr, 16);
	}
}

static void tell_name_servers(struct masix_interface *to)
{
	for (u8_t i = 0; i < DNS_MAX_SERVERS && i < 3; i++)
		if (!ip_addr_isany(dns_getserver(i)))
			address_bytes(dns_getserver(i), to->name_servers[i]);
}

static void tell(struct netif *netif, struct masix_interface *to)
{
	*to = (struct masix_interface){
		.number = netif_get_index(netif),
		.mtu = netif->mtu != 0 ? netif->mtu : 65536,
		.flags = netif_is_up(netif) ? MASIX_INTERFACE_UP : 0,
		.address = netif_ip4_addr(netif)->addr,
		.mask = netif_ip4_netmask(netif)->addr,
		.gateway = netif_ip4_gw(netif)->addr,
	};
	strcpy(to->name, name_of(netif));
	if (netif_is_link_up(netif))
		to->flags |= MASIX_INTERFACE_LINK;
	memcpy(to->hardware, netif->hwaddr, netif->hwaddr_len);
	tell_inet6(netif, to);
	if (netif != &nic.netif) {
		to->flags |= MASIX_INTERFACE_LOOPBACK;
		to->gateway = 0;
		return;
	}
	if (dhcp_supplied_address(netif))
		to->flags |= MASIX_INTERFACE_DHCP;
	tell_name_servers(to);
	to->received_bytes = nic.received.bytes;
	to->received_packets = nic.received.packets;
	to->received_dropped = nic.received.dropped;
	to->sent_bytes = nic.sent.bytes;
	to->sent_packets = nic.sent.packets;
	to->sent_dropped = nic.sent.dropped;
}

unsigned interfaces_list(struct masix_interface to[INTERFACES_MAX])
{
	unsigned count = 0;

	for (u8_t number = 1; number <= INTERFACES_MAX; number++) {
		struct netif *netif = netif_get_by_index(number);

		if (netif != NULL)
			tell(netif, &to[count++]);
	}
	return count;
}

static void set_up(struct netif *netif, bool up)
{
	if (up)
		netif_set_up(netif);
	else
		netif_set_down(netif);
}

static kern_return_t set_address(struct netif *netif, uint32_t value)
{
	const ip4_addr_t address = { value };

	/* Else the lease would come back. */
	dhcp_release_and_stop(netif);
	if (ip4_addr_isany_val(*netif_ip4_netmask(netif)) && value != 0) {
		ip4_addr_t mask;

		IP4_ADDR(&mask, 255, 255, 255, 0);
		netif_set_netmask(netif, &mask);
	}
	netif_set_ipaddr(netif, &address);
	return KERN_SUCCESS;
}

kern_return_t interfaces_set(uint32_t number, int setting, uint32_t value)
{
	struct netif *netif = number <= INTERFACES_MAX ? netif_get_by_index((u8_t)number) : NULL;
	const ip4_addr_t address = { value };

	if (netif == NULL)
		return MASIX_E_NO_DEVICE;
	if (netif != &nic.netif)
		return MASIX_E_NOT_SUPPORTED;
	switch (setting) {
	case MASIX_INTERFACE_SET_UP:
		set_up(netif, value != 0);
		return KERN_SUCCESS;
	case MASIX_INTERFACE_SET_ADDRESS:
		return set_address(netif, value);
	case MASIX_INTERFACE_SET_MASK:
		netif_set_netmask(netif, &address);
		return KERN_SUCCESS;
	case MASIX_INTERFACE_SET_GATEWAY:
		netif_set_gw(netif, &address);
		return KERN_SUCCESS;
	case MASIX_INTERFACE_SET_DHCP:
		if (value == 0)
			dhcp_release_and_stop(netif);
		else
			return address_error(dhcp_start(netif));
		return KERN_SUCCESS;
	default:
		return MASIX_E_NOT_SUPPORTED;
	}
}
