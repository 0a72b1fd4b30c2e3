dos_srcs := main.c image.c machines.c screen.c serve_share.c shares.c machine.S $(top)/personalities/dos/core/vga_modes.c
dos_cflags := -Ipersonalities/dos
dos_libs := -lsodium
dos_deps := $(B)/dos/machine $(B)/mig/dos_machine_server.h
$(eval $(call masix_server,dos))
$(B)/servers/dos.debug: $(B)/obj/stubs/dos_machine_server.o
# The machine's image lies inside the server.
$(B)/obj/dos/$(here)/machine.o: $(B)/dos/machine
ROOT_FILES += $(B)/signed/dos:/usr/lib/masix/servers/dos:0700 $(B)/signed/dos.manifest:/usr/lib/masix/servers/dos.manifest:0644 \
	@/usr/lib/masix/servers/dos:/etc/masix/on-demand/dos:0777
