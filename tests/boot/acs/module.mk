# A boot server that tests ACS from inside, and the servers that it starts; tests/boot/acs/run boots it.
$(eval $(call mig_user_rule,counter,tests/boot/acs/counter.defs))
$(eval $(call mig_server_rule,counter,tests/boot/acs/counter.defs))
phoenix_srcs := counter.c
phoenix_libs := -lsodium
phoenix_deps := $(B)/mig/counter_server.h
$(eval $(call masix_server,phoenix))
$(B)/servers/phoenix.debug: $(B)/obj/stubs/counter_server.o
prover_srcs := prover.c
prover_libs := -lsodium
prover_deps := $(B)/mig/counter_server.h $(B)/mig/counter.h
$(eval $(call masix_server,prover))
$(B)/servers/prover.debug: $(B)/obj/stubs/counter_server.o $(B)/obj/stubs/counter_user.o
# The same program under other manifests.
acs_boot_others := counter sparrow loop_a loop_b flock flock2
define signed_again # NAME
$(B)/signed/$(1) $(B)/signed/$(1).manifest &: $(B)/servers/phoenix $(here)/$(1).text mig/subsystems $(B)/host/masix-sign $(B)/keys/site.key
	@echo "  SIGN    $(1)"
	@mkdir -p $(B)/signed && $(B)/host/masix-sign server $(here)/$(1).text $(B)/servers/phoenix $(B)/signed/$(1){,.manifest}
endef
$(foreach n,$(acs_boot_others),$(eval $(call signed_again,$n)))
acs_boot_srcs := main.c session.c faces.c lives.c cycle.c share.c proof.c hostile.c blobs.S
acs_boot_libs := -lsodium
acs_boot_deps := $(B)/mig/counter.h $(B)/mig/counter_server.h
$(eval $(call masix_server,acs_boot))
$(B)/servers/acs_boot.debug: $(B)/obj/stubs/counter_user.o $(B)/obj/stubs/counter_server.o
$(B)/obj/acs_boot/tests/boot/acs/blobs.o: $(addprefix $(B)/signed/,phoenix prover $(acs_boot_others))
