# ACS fuzzed on the host: its pure cores, and its handlers behind their stubs with a kernel that is played.
fuzz_acs = $(addprefix $(top)/acs/,$(addsuffix .c,$(1)))
fuzz_identity = $(addprefix $(top)/libmasix/,$(1))
fuzz_manifest_srcs := manifest.c $(call fuzz_acs,manifest)
fuzz_bundle_srcs := bundle.c $(call fuzz_acs,bundle)
fuzz_text_srcs := text.c $(call fuzz_acs,manifest) $(addprefix $(top)/scripts/sign/,compile.c subsystems.c)
fuzz_audit_srcs := audit.c $(call fuzz_acs,audit) $(call fuzz_identity,identity/audit.c)
fuzz_lives_srcs := lives.c $(call fuzz_acs,order plan restart)
fuzz_registry_srcs := registry.c $(call fuzz_acs,registry)
fuzz_proof_srcs := proof.c $(call fuzz_acs,manifest trust keys) \
	$(call fuzz_identity,identity/registration.c identity/proof.c identity/ticket.c)
fuzz_image_srcs := image.c $(call fuzz_identity,elf/elf.c identity/measure.c)
$(foreach t,manifest bundle text audit lives registry proof image,$(eval $(call fuzz_target,fuzz_$t)))
