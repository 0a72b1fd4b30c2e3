# The ways in which a conformance program is compiled and linked; all in one step.
, := ,
# Wrong arguments are the point of some cases.
CONFORMANCE_CFLAGS := -std=gnu11 -O2 -g $(WARNINGS) -Wno-nonnull -Wno-stringop-overflow -Wno-stringop-overread \
	-fno-stack-protector -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
musl_lib := $(SYSROOT)/usr/lib/i386-linux-musl

# $(call conformance_rule,SUFFIX,FLAGS,START,OBJECTS BEFORE,LIBRARIES AND OBJECTS AFTER)
define conformance_rule
$(B)/tests/%$(1): $(conformance_dir)/%.c $(wildcard $(conformance_dir)/*.h $(conformance_dir)/*.mk)
	@mkdir -p $$(@D)
	@echo "  TEST    $$@"
	@$(TARGET_CC) $(CONFORMANCE_CFLAGS) $(2) -nostdlib -s -Wl,-z,noexecstack -L$(sysroot_lib) -L$(gcc_lib) -o $$@ \
		$(3) $$< -Wl,--start-group $(4) -Wl,--end-group $(5)
endef
static_end := $(gcc_lib)crtend.o $(sysroot_lib)/crtn.o
shared_end := $(gcc_lib)crtendS.o $(sysroot_lib)/crtn.o
$(eval $(call conformance_rule,.dynamic,-fpie -pie -Wl$(,)-dynamic-linker$(,)/lib/ld-linux.so.2 $(TARGET_SYSTEM_INCLUDES),\
	$(sysroot_lib)/Scrt1.o $(sysroot_lib)/crti.o $(gcc_lib)crtbeginS.o,\
	$(sysroot_lib)/libc.so.6 $(sysroot_lib)/libc_nonshared.a $(sysroot_lib)/ld-linux.so.2 -lgcc,$(shared_end)))
$(eval $(call conformance_rule,.pie,-fpie -static-pie $(TARGET_SYSTEM_INCLUDES),\
	$(sysroot_lib)/rcrt1.o $(sysroot_lib)/crti.o $(gcc_lib)crtbeginS.o,$(TARGET_LIBC),$(shared_end)))
$(eval $(call conformance_rule,.musl,-fno-pie -no-pie -static -nostdinc -isystem $(gcc_include) \
	-isystem $(SYSROOT)/usr/include/i386-linux-musl,\
	$(musl_lib)/crt1.o $(musl_lib)/crti.o,$(musl_lib)/libc.a -lgcc -lgcc_eh,$(musl_lib)/crtn.o))
$(eval $(call conformance_rule,,-fno-pie -no-pie -static $(TARGET_SYSTEM_INCLUDES),\
	$(TARGET_CRT_BEGIN),$(TARGET_LIBC),$(static_end)))
