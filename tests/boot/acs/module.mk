# A boot server that tests ACS from inside, and the servers that it starts; tests/boot/acs/run boots it.
phoenix_srcs := $(top)/tests/example/server.c
phoenix_libs := -lsodium
phoenix_deps := $(B)/mig/counter_server.h
$(eval $(call masix_server,phoenix))
$(B)/servers/phoenix.debug: $(B)/obj/stubs/counter_server.o
acs_boot_srcs := main.c session.c faces.c lives.c blobs.S
acs_boot_libs := -lsodium
acs_boot_deps := $(B)/mig/counter.h
$(eval $(call masix_server,acs_boot))
$(B)/servers/acs_boot.debug: $(B)/obj/stubs/counter_user.o
$(B)/obj/acs_boot/tests/boot/acs/blobs.o: $(B)/signed/example $(B)/signed/phoenix
