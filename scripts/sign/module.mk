# Every server that has a manifest is signed into build/signed/; build/keys/ holds this site's secrets.
masix-sign_srcs := main.c compile.c subsystems.c keys.c image.c files.c $(addprefix $(top)/, \
	acs/manifest.c acs/format.c acs/bundle.c acs/order.c libmasix/elf/elf.c libmasix/identity/measure.c libmasix/identity/audit.c)
masix-sign_cflags := -Iacs
$(eval $(call host_tool,masix-sign))
# Keys are made once: a newer tool or manifest is no reason for new ones.
$(B)/keys/site.key: | $(B)/host/masix-sign ; @$| site-key
$(B)/keys/site_key.c: $(B)/keys/site.key | $(B)/host/masix-sign ; @$| site-source $@
define signed # NAME,MANIFEST
$(B)/signed/$(1) $(B)/signed/$(1).manifest &: $(B)/servers/$(1) $(2) mig/subsystems $(B)/host/masix-sign $(B)/keys/site.key
	@echo "  SIGN    $(1)"
	@mkdir -p $(B)/signed && $(B)/host/masix-sign server $(2) $(B)/servers/$(1) $(B)/signed/$(1){,.manifest}
ALL += $(B)/signed/$(1)
endef
manifests := $(filter-out $(B)/%,$(wildcard */*.manifest */*/*.manifest */*/*/*.manifest))
# All of them together: servers must not need each other.
$(B)/signed/checked: $(manifests) mig/subsystems $(B)/host/masix-sign
	@mkdir -p $(B)/signed && $(B)/host/masix-sign check $(manifests) && touch $@
ALL += $(B)/signed/checked
$(foreach m,$(manifests),$(eval $(call signed,$(basename $(notdir $m)),$m)))
