/* What of lwIP is built, and how.  The stack runs under one lock (core.h), called by workers, the driver and the timer;
 * sockets are objects of ours over its callback interface, so its own sequential interfaces are left out. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

/* Memory comes as it is needed, from port.c, which has the limit. */
#define MEM_CUSTOM_ALLOCATOR 1
#define MEM_CUSTOM_MALLOC port_malloc
#define MEM_CUSTOM_CALLOC port_calloc
#define MEM_CUSTOM_FREE port_free
#define MEM_LIBC_MALLOC 0
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 4

#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_ARP 1
#define LWIP_ICMP 1
#define LWIP_ICMP6 1
#define LWIP_RAW 1
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_DNS 1 /* keeps the name servers that the network tells of; nobody asks it */
#define LWIP_DHCP 1
#define LWIP_DHCP_DOES_ACD_CHECK 0 /* the lease would come seconds later */
#define LWIP_ACD 0
#define LWIP_AUTOIP 0
#define LWIP_IGMP 0
#define LWIP_STATS 0

#define LWIP_IPV6_AUTOCONFIG 1
#define LWIP_IPV6_DHCP6 0
#define LWIP_IPV6_NUM_ADDRESSES 4
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS 1
#define DNS_MAX_SERVERS 3

#define IP_DEFAULT_TTL 64
#define IP_REASSEMBLY 1
#define IP_REASS_MAX_PBUFS 64 /* a datagram of 64 KiB */
#define MEMP_NUM_REASSDATA 4
#define IP_FRAG 1
#define LWIP_IPV6_REASS 1
#define LWIP_IPV6_FRAG 1

#define IP_SOF_BROADCAST 1
#define SO_REUSE 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_HAVE_LOOPIF 1
#define LWIP_LOOPIF_MULTICAST 0
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 2
#define TCP_WND (128 * 1024)
#define TCP_SND_BUF (128 * 1024)
#define TCP_SND_QUEUELEN 512
#define TCP_SNDLOWAT (TCP_SND_BUF / 4)
#define MEMP_NUM_TCP_SEG TCP_SND_QUEUELEN
#define TCP_LISTEN_BACKLOG 1
#define LWIP_TCP_KEEPALIVE 1
#define LWIP_TCP_SACK_OUT 1
#define TCP_MSL 15000u /* ms; a pair of ports is free again after twice that */

/* Ports and first sequence numbers that nobody can guess. */
#define LWIP_RAND() port_random()
#define LWIP_RANDOMIZE_INITIAL_LOCAL_PORTS 1
#define LWIP_HOOK_FILENAME "hooks.h"
#define LWIP_HOOK_TCP_ISN port_first_sequence

#endif
