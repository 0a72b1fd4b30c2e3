# The server of the benchmark's rows about servers, and the program that measures them: /usr/lib/masix/trials/meter.
meter_dir := $(here)
$(eval $(call mig_user_rule,meter,tests/bench/meter/meter.defs))
$(eval $(call mig_server_rule,meter,tests/bench/meter/meter.defs))
meter_srcs := server.c
meter_libs := -lsodium
meter_deps := $(B)/mig/meter_server.h
$(eval $(call masix_server,meter))
$(B)/servers/meter.debug: $(B)/obj/stubs/meter_server.o
$(B)/trials/meter: tests/bench/meter/client.c $(B)/obj/stubs/meter_user.o $(B)/obj/stubs/acs_event_server.o $(B)/libmasix_client.a
	@mkdir -p $(@D)
	@echo "  TEST    $@"
	@$(TARGET_CC) $(TARGET_CFLAGS) $(TARGET_CPPFLAGS) $(TARGET_LDFLAGS) -Wl,--wrap=mach_msg -s -o $@ $(TARGET_CRT_BEGIN) $^ \
		-Wl,--start-group $(TARGET_LIBC) -Wl,--end-group $(TARGET_CRT_END)
ALL += $(B)/trials/meter
ROOT_FILES += $(B)/trials/meter:/usr/lib/masix/trials/meter:0755 $(B)/signed/meter:/usr/lib/masix/servers/meter:0700 \
	$(B)/signed/meter.manifest:/usr/lib/masix/servers/meter.manifest:0644
