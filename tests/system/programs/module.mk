# Programs of the system tests: NAME.c is /usr/lib/masix/tests/system/NAME in the root image.
system_dir := $(here)
system_programs := eat garbage slabs vandal
$(B)/tests/system/%: $(system_dir)/%.c $(B)/libmasix_client.a
	@mkdir -p $(@D)
	@echo "  TEST    $@"
	@$(TARGET_CC) $(TARGET_CFLAGS) $(TARGET_CPPFLAGS) $(TARGET_LDFLAGS) -s -o $@ $(TARGET_CRT_BEGIN) $< \
		-Wl,--start-group $(B)/libmasix_client.a $(TARGET_LIBC) -Wl,--end-group $(TARGET_CRT_END)
ALL += $(system_programs:%=$(B)/tests/system/%)
ROOT_FILES += $(foreach p,$(system_programs),$(B)/tests/system/$p:/usr/lib/masix/tests/system/$p:0755)
