# The benchmark program, /usr/lib/masix/bench in the root image.
bench_dir := $(here)
$(B)/tests/bench: $(bench_dir)/bench.c
	@mkdir -p $(@D)
	@echo "  TEST    $@"
	@$(TARGET_CC) $(TARGET_CFLAGS) -D_GNU_SOURCE $(TARGET_SYSTEM_INCLUDES) $(TARGET_LDFLAGS) -s -o $@ \
		$(TARGET_CRT_BEGIN) $< -Wl,--start-group $(TARGET_LIBC) -Wl,--end-group $(TARGET_CRT_END)
ALL += $(B)/tests/bench
ROOT_FILES += $(bench_dir)/dos:/usr/lib/masix/trials/dos:0755
ROOT_FILES += $(B)/tests/bench:/usr/lib/masix/bench:0755
