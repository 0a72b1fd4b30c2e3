# The network server: pure cores (tests/unit/gns) and what moves messages between ports and links.
gns_srcs := answer.c deaths.c deliver.c engine.c export.c forward.c ledger.c letter.c main.c peer.c ports.c \
	proxy.c rights.c serve_gns.c stream.c stream_in.c wire.c
gns_libs := -lsodium
$(eval $(call masix_server,gns))
ROOT_FILES += $(B)/signed/gns:/usr/lib/masix/servers/gns:0700 \
	$(B)/signed/gns.manifest:/usr/lib/masix/servers/gns.manifest:0644
