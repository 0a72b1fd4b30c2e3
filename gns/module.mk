# The network server: pure cores (tests/unit/gns) and what moves messages between ports and links.
gns_srcs := answer.c cookie.c deaths.c deliver.c engine.c export.c forward.c ledger.c letter.c link.c main.c noise.c peer.c ports.c \
	proxy.c record.c replay.c rights.c serve_gns.c stream.c stream_in.c udp.c wire.c
gns_libs := -lsodium
$(eval $(call masix_server,gns))
ROOT_FILES += $(B)/signed/gns:/usr/lib/masix/servers/gns:0700 \
	$(B)/signed/gns.manifest:/usr/lib/masix/servers/gns.manifest:0644
