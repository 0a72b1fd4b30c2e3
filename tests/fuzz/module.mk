# The message fuzzer: /usr/lib/masix/trials/fuzz in the root image. Its table of requests is made from mig/.
fuzz_dir := $(here)
fuzz_contracts := mig/masix_types.defs $(filter-out %_types.defs mig/io_request.defs,$(sort $(wildcard mig/*.defs))) \
	mig/io_request.defs tests/example/store.defs
$(B)/fuzz/table.c: $(fuzz_dir)/routines $(fuzz_contracts)
	@mkdir -p $(@D)
	@$< $(fuzz_contracts) >$@ || { rm -f $@; exit 1; }
$(B)/obj/fuzz/table.o: $(B)/fuzz/table.c $(fuzz_dir)/routines.h
	@mkdir -p $(@D)
	@$(TARGET_CC) $(TARGET_CFLAGS) $(TARGET_CPPFLAGS) -I$(fuzz_dir) -c -o $@ $<
fuzz_srcs := main.c rounds.c send.c spoil.c values.c random.c
$(eval $(call masix_library,fuzz))
$(B)/fuzz.a: $(B)/obj/fuzz/table.o
$(B)/trials/fuzz: $(B)/fuzz.a $(B)/libmasix_client.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(TARGET_CC) $(TARGET_LDFLAGS) -s -o $@ $(TARGET_CRT_BEGIN) -Wl,--start-group $^ $(TARGET_LIBC) \
		-Wl,--end-group $(TARGET_CRT_END)
ALL += $(B)/trials/fuzz
ROOT_FILES += $(B)/trials/fuzz:/usr/lib/masix/trials/fuzz:0755
