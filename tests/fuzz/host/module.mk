# ACS and the network server fuzzed on the host: pure cores, and ACS's handlers behind their stubs with a kernel that is played.
fuzz_acs = $(addprefix $(top)/acs/,$(addsuffix .c,$(1)))
fuzz_identity = $(addprefix $(top)/libmasix/,$(1))
fuzz_manifest_srcs := manifest.c $(call fuzz_acs,manifest format)
fuzz_bundle_srcs := bundle.c $(call fuzz_acs,bundle)
fuzz_text_srcs := text.c $(call fuzz_acs,manifest format) $(addprefix $(top)/scripts/sign/,compile.c subsystems.c)
fuzz_audit_srcs := audit.c $(call fuzz_acs,audit) $(call fuzz_identity,identity/audit.c)
fuzz_lives_srcs := lives.c $(call fuzz_acs,order plan restart)
fuzz_registry_srcs := registry.c $(call fuzz_acs,registry)
fuzz_proof_srcs := proof.c $(call fuzz_acs,manifest format trust keys) \
	$(call fuzz_identity,identity/registration.c identity/proof.c identity/ticket.c)
fuzz_revoked_srcs := revoked.c $(call fuzz_acs,manifest format trust revoked) $(call fuzz_identity,identity/registration.c identity/proof.c)
fuzz_image_srcs := image.c $(call fuzz_identity,elf/elf.c identity/measure.c)
$(foreach t,manifest bundle text audit lives registry proof revoked image,$(eval $(call fuzz_target,fuzz_$t)))

# What the network server reads of other nodes.
fuzz_gns_srcs := gns.c $(addprefix $(top)/gns/,wire.c letter.c stream.c stream_in.c link.c noise.c record.c replay.c cookie.c)
fuzz_gns_cflags := -Igns
$(eval $(call fuzz_target,fuzz_gns))

# The kernel's headers without the rest of the sysroot's.
$(B)/fuzz/include: $(B)/config.mk
	@mkdir -p $@ && ln -sfn $(mach_include)/mach $(mach_include)/mach_debug $(mach_include)/device $@ && touch $@
# Servers that are small enough to be started many times a second; they are only measured, never run.
fuzz_servers := lamp bell nest herd heir
$(B)/fuzz/tiny: tests/fuzz/host/tiny.S libmasix/identity/note.S
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(TARGET_CC) -nostdlib -static -no-pie -Wl,-e,masix_start -Wl,--build-id=none -o $@ $^
$(fuzz_servers:%=$(B)/fuzz/servers/%): $(B)/fuzz/servers/%: tests/fuzz/host/servers/%.text $(B)/fuzz/tiny $(B)/host/masix-sign \
		$(B)/keys/site.key
	@mkdir -p $(@D)
	@$(B)/host/masix-sign server $< $(B)/fuzz/tiny $@ $@.manifest
# What a host has none of: the life of tasks, devices, the kernel's console.
fuzz_handlers_played := main.c boot.c log.c machine.c corpse.c inherit.c
fuzz_handlers_srcs := handlers.c message.c acs_world.c kernel.c corpse.c \
	$(addprefix $(top)/acs/,$(filter-out $(fuzz_handlers_played) /%,$(acs_srcs))) \
	$(addprefix $(top)/libmasix/,elf/elf.c identity/measure.c identity/registration.c identity/proof.c \
		identity/ticket.c identity/audit.c object/destroy.c object/walk.c server/error.c \
		mach/mig_memory.c vector/bytes.c) \
	$(addprefix $(top)/$(B)/,mig/acs_client_server.c mig/acs_session_server.c keys/site_key.c fuzz/table.c)
# MIG subtracts any id from its own; what wraps is refused.
fuzz_handlers_cflags := -fwrapv -Ilibmasix -I$(B)/mig -I$(B)/fuzz/include -Itests/fuzz
fuzz_handlers_deps := $(B)/fuzz/include $(fuzz_servers:%=$(B)/fuzz/servers/%)
# The user side of all contracts: calls that the played kernel does not know fail.
fuzz_handlers_objs := $(filter %_user.o,$(MIG_STUB_OBJS))
fuzz_handlers_ldflags := -Wl,--allow-multiple-definition
$(eval $(call fuzz_target,fuzz_handlers))
