# The pure cores of the network server, on the host.
gns_core = $(patsubst %,$(top)/gns/%.c,$(1))
unit_gns_noise_srcs := test_noise.c $(call gns_core,noise)
unit_gns_replay_srcs := test_replay.c $(call gns_core,replay)
unit_gns_record_srcs := test_record.c $(call gns_core,record replay cookie)
unit_gns_wire_srcs := test_wire.c $(call gns_core,wire)
unit_gns_ledger_srcs := test_ledger.c $(call gns_core,ledger deaths)
unit_gns_stream_srcs := test_stream.c fault.c $(call gns_core,stream stream_in record replay)
unit_gns_ports_srcs := test_ports.c $(call gns_core,ports letter ledger wire)
unit_gns_members_srcs := test_members.c sim.c $(call gns_core,members lives names ledger)
unit_gns_introduce_srcs := test_introduce.c $(call gns_core,introduce)
unit_gns_link_srcs := test_link.c fault.c $(call gns_core,link noise record replay cookie)
unit_gns := unit_gns_noise unit_gns_replay unit_gns_record unit_gns_wire unit_gns_ledger unit_gns_stream unit_gns_ports \
	unit_gns_members unit_gns_link unit_gns_introduce
$(foreach t,$(unit_gns),$(eval $t_cflags := -Igns)$(eval $t_libs := -lsodium)$(eval $(call unit_test,$t)))
gns-scale_srcs := scale.c sim.c $(call gns_core,members lives names ledger)
gns-scale_cflags := -Igns -O2
$(eval $(call host_tool,gns-scale))
