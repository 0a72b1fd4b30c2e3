# A server that counts what the others hold, and the program that asks it.
gauge_dir := $(here)
$(eval $(call mig_user_rule,gauge,tests/fuzz/gauge/gauge.defs))
$(eval $(call mig_server_rule,gauge,tests/fuzz/gauge/gauge.defs))
gauge_srcs := gauge.c
gauge_libs := -lsodium
gauge_deps := $(B)/mig/gauge_server.h
$(eval $(call masix_server,gauge))
$(B)/servers/gauge.debug: $(B)/obj/stubs/gauge_server.o
$(B)/trials/gauge: tests/fuzz/gauge/client.c $(B)/obj/stubs/gauge_user.o $(B)/libmasix_client.a
	@mkdir -p $(@D)
	@echo "  TEST    $@"
	@$(TARGET_CC) $(TARGET_CFLAGS) $(TARGET_CPPFLAGS) $(TARGET_LDFLAGS) -s -o $@ $(TARGET_CRT_BEGIN) $^ \
		-Wl,--start-group $(TARGET_LIBC) -Wl,--end-group $(TARGET_CRT_END)
ALL += $(B)/trials/gauge
ROOT_FILES += $(B)/trials/gauge:/usr/lib/masix/trials/gauge:0755 $(B)/signed/gauge:/usr/lib/masix/servers/gauge:0700 \
	$(B)/signed/gauge.manifest:/usr/lib/masix/servers/gauge.manifest:0644
