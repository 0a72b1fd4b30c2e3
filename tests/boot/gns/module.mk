# The network server as three nodes on one machine, and a test server beside them; tests/boot/gns/run boots it.
gns_boot_srcs := main.c message.c suite.c triangle.c ends.c
gns_boot_libs := -lsodium
$(eval $(call masix_server,gns_boot))
