acs_core = $(addprefix $(top)/acs/,$(addsuffix .c,$(1)))

acs_registry_srcs := registry.c $(call acs_core,registry)
acs_manifest_srcs := manifest.c $(call acs_core,manifest format bundle) \
	$(addprefix $(top)/scripts/sign/,compile.c subsystems.c)
acs_identity := $(addprefix $(top)/libmasix/identity/,registration.c proof.c ticket.c)
acs_trust_srcs := trust.c $(call acs_core,manifest format trust revoked) $(acs_identity)
acs_proof_srcs := proof.c $(call acs_core,keys) $(acs_identity)
acs_audit_srcs := audit.c $(call acs_core,audit) $(top)/libmasix/identity/audit.c
acs_lives_srcs := lives.c $(call acs_core,order plan restart)
$(foreach t,acs_registry acs_manifest acs_trust acs_proof acs_audit acs_lives,\
	$(eval $t_libs := -lsodium)$(eval $t_cflags := -Iacs -Iscripts/sign)$(eval $(call unit_test,$t)))
