# The fuzzer as a server, and the program that asks it.
$(eval $(call mig_user_rule,prober,tests/fuzz/prober/prober.defs))
$(eval $(call mig_server_rule,prober,tests/fuzz/prober/prober.defs))
prober_srcs := server.c $(addprefix $(top)/tests/fuzz/,rounds.c send.c spoil.c values.c random.c)
prober_cflags := -Itests/fuzz
prober_libs := -lsodium
prober_deps := $(B)/mig/prober_server.h
$(eval $(call masix_server,prober))
$(B)/servers/prober.debug: $(B)/obj/stubs/prober_server.o $(B)/obj/fuzz/table.o
$(B)/trials/probe: tests/fuzz/prober/client.c $(B)/obj/stubs/prober_user.o $(B)/libmasix_client.a
	@mkdir -p $(@D)
	@echo "  TEST    $@"
	@$(TARGET_CC) $(TARGET_CFLAGS) $(TARGET_CPPFLAGS) $(TARGET_LDFLAGS) -s -o $@ $(TARGET_CRT_BEGIN) $^ \
		-Wl,--start-group $(TARGET_LIBC) -Wl,--end-group $(TARGET_CRT_END)
ALL += $(B)/trials/probe
ROOT_FILES += $(B)/trials/probe:/usr/lib/masix/trials/probe:0755 $(B)/signed/prober:/usr/lib/masix/servers/prober:0700 \
	$(B)/signed/prober.manifest:/usr/lib/masix/servers/prober.manifest:0644
