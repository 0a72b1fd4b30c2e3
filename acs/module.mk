acs_srcs := main.c boot.c server.c death.c declare.c orders.c launcher.c session.c names.c serve_session.c serve_exception.c serve_proof.c serve_client.c serve_trust.c list.c launch.c image.c measure.c corpse.c inherit.c estate.c \
	machine.c log.c registry.c manifest.c format.c formats.c bundle.c order.c plan.c restart.c trust.c revoked.c keys.c audit.c $(top)/$(B)/keys/site_key.c
acs_libs := -lsodium
$(eval $(call masix_server,acs))
# The boot module with the manifests of ACS and of the boot servers, which ACS's own manifest names.
boot_servers := acs $(shell sed -n 's/^needs//p' acs/acs.manifest)
$(B)/signed/manifests: $(boot_servers:%=$(B)/signed/%.manifest) | $(B)/host/masix-sign ; @$| bundle $@ $^
ALL += $(B)/signed/manifests
