net_lwip := $(addprefix $(LWIP)/src/core/,def.c mem.c memp.c pbuf.c ipv4/ip4_addr.c ipv6/ip6_addr.c)
test_net_srcs := test_net.c $(addprefix $(top)/net/,address.c queue.c) $(net_lwip)
# lwIP's own code is not ours to warn about.
test_net_cflags := -Inet -Inet/lwip -isystem $(LWIP)/src/include -Itests/unit/libmasix/fake -w
$(eval $(call unit_test,test_net))
