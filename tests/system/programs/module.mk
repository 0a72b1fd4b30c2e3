# Programs of the system tests: NAME.c is /usr/lib/masix/trials/NAME in the root image.
trials_dir := $(here)
trials := eat foreign forger halfway loser mapper slabs thief vandal
$(B)/trials/%: $(trials_dir)/%.c $(B)/libmasix_client.a
	@mkdir -p $(@D)
	@echo "  TEST    $@"
	@$(TARGET_CC) $(TARGET_CFLAGS) $(TARGET_CPPFLAGS) $(TARGET_LDFLAGS) -s -o $@ $(TARGET_CRT_BEGIN) $< \
		-Wl,--start-group $(B)/libmasix_client.a $(TARGET_LIBC) -Wl,--end-group $(TARGET_CRT_END)
ALL += $(trials:%=$(B)/trials/%)
ROOT_FILES += $(foreach p,$(trials),$(B)/trials/$p:/usr/lib/masix/trials/$p:0755)
