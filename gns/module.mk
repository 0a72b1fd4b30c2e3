# The network server: pure cores (tests/unit/gns) and what moves messages between ports and links.
gns_srcs := answer.c cluster.c cookie.c copier.c deaths.c deliver.c engine.c export.c forward.c home.c introduce.c ledger.c letter.c link.c lives.c main.c \
	members.c moved.c neighbour.c noise.c peer.c ports.c proxy.c record.c replay.c rights.c serve_gns.c stream.c stream_in.c udp.c watch.c wire.c
gns_libs := -lsodium
$(eval $(call masix_server,gns))
ROOT_FILES += $(B)/signed/gns:/usr/lib/masix/servers/gns:0700 \
	$(B)/signed/gns.manifest:/usr/lib/masix/servers/gns.manifest:0644
# Boot modules of a machine in a cluster (scripts/masix cluster).
$(B)/signed/cluster/acs $(B)/signed/cluster/acs.manifest &: $(B)/servers/acs gns/cluster.text mig/subsystems $(B)/host/masix-sign $(B)/keys/site.key
	@echo "  SIGN    acs (cluster)"
	@mkdir -p $(@D) && $(B)/host/masix-sign server gns/cluster.text $(B)/servers/acs $(B)/signed/cluster/acs{,.manifest}
cluster_servers := $(shell sed -n 's/^needs//p' gns/cluster.text)
$(B)/signed/cluster/manifests: $(B)/signed/cluster/acs.manifest $(cluster_servers:%=$(B)/signed/%.manifest) | $(B)/host/masix-sign ; @$| bundle $@ $^
ALL += $(B)/signed/cluster/manifests
