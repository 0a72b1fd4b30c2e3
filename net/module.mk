# The network server, and lwIP from the source package of Debian (scripts/recipe/source.list).
lwip_core := $(addprefix $(LWIP)/src/core/,def.c dns.c inet_chksum.c init.c ip.c mem.c memp.c netif.c pbuf.c raw.c tcp.c \
	tcp_in.c tcp_out.c timeouts.c udp.c $(addprefix ipv4/,dhcp.c etharp.c icmp.c ip4.c ip4_addr.c ip4_frag.c) \
	$(addprefix ipv6/,ethip6.c icmp6.c inet6.c ip6.c ip6_addr.c ip6_frag.c mld6.c nd6.c)) $(LWIP)/src/netif/ethernet.c
net_includes := -Inet/lwip -I$(LWIP)/src/include
lwip_srcs := $(lwip_core)
lwip_cflags := $(net_includes) -w
$(eval $(call masix_library,lwip))
net_srcs := address.c call.c core.c datagram.c interfaces.c main.c nic.c options.c port.c queue.c raw_socket.c serve_datagrams.c \
	serve_io.c serve_network.c serve_socket.c sink.c sockets.c tcp_socket.c udp_socket.c unreachable.c
net_cflags := $(net_includes)
net_libs := $(B)/lwip.a -lsodium
$(eval $(call masix_server,net))
$(B)/servers/net.debug: $(B)/lwip.a
# The name servers that DHCP or the router tells of.
ROOT_FILES += @../proc/net/pnp:/etc/resolv.conf:0777
ROOT_FILES += $(B)/signed/net:/usr/lib/masix/servers/net:0700 \
	$(B)/signed/net.manifest:/usr/lib/masix/servers/net.manifest:0644
