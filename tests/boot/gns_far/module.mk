# Two machines: a server on one, which a client on the other finds and calls; tests/boot/gns_far/run boots them.
gns_far_srcs := main.c faults.c measure.c $(top)/tests/boot/gns/message.c
gns_far_libs := -lsodium
gns_far_cflags := -Itests/boot/gns
$(eval $(call masix_server,gns_far))
