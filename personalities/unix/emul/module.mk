# The emulation library: one ELF shared object that is used where it was linked, EMUL_BASE,
# without relocation. Every source of the folder belongs to it.
emul_dir := $(here)
emul_stubs := mach mach_port gnumach mach4 mach_host mach_i386 mach_debug io io_request dir acs_client process socket interface timer tty
emul_libmasix := mach/mach_msg.c mach/mig_memory.c mach/reply_port.c mach/resend.c mach/traps.S object/walk.c vector/bytes.c vector/clock.c vector/futex.c \
	vector/gsync.c vector/lock.c vector/region.c vector/thread.c elf/elf.c
emul_srcs := $(wildcard $(here)/*.c $(here)/*.S) $(emul_libmasix:%=libmasix/%) $(emul_stubs:%=$(B)/mig/%_user.c)
emul_objs := $(patsubst %,$(B)/obj/emul/%.o,$(basename $(emul_srcs)))
# MIG types its array parameters with their greatest size, whatever the count.
EMUL_CFLAGS := $(TARGET_CODEGEN) -ffreestanding -mgeneral-regs-only -fvisibility=hidden -fno-asynchronous-unwind-tables \
	-Wno-stringop-overflow -Wno-stringop-overread \
	$(TARGET_CPPFLAGS) -I$(here)

$(B)/obj/emul/$(B)/mig/%.o: $(B)/mig/%.c | $(MIG_HEADERS)
	@mkdir -p $(@D)
	@$(TARGET_CC) $(EMUL_CFLAGS) -w $(DEPFLAGS) -c -o $@ $<
$(B)/obj/emul/%.o: %.c $(here)/module.mk | $(MIG_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $< (emul)"
	@$(TARGET_CC) $(EMUL_CFLAGS) $(WARNINGS) $(DEPFLAGS) -c -o $@ $<
$(B)/obj/emul/%.o: %.S $(here)/module.mk
	@mkdir -p $(@D)
	@$(TARGET_CC) $(EMUL_CFLAGS) $(DEPFLAGS) -c -o $@ $<
$(B)/emul/emul.so: $(emul_objs) $(emul_dir)/emul.map
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(TARGET_CC) -shared -nostdlib -Wl,-soname,linux-gate.so.1 -Wl,--hash-style=both -Wl,-Bsymbolic \
		-Wl,-Ttext-segment=0xbf000000 -Wl,-z,defs,-z,notext,-z,norelro,-z,noexecstack,-z,noseparate-code -Wl,--build-id=none \
		-Wl,--version-script=$(emul_dir)/emul.map -Wl,-e,emul_start -Wl,--no-warn-rwx-segments -L$(gcc_lib) -o $@ $(emul_objs) -lgcc
ALL += $(B)/emul/emul.so
dep_files += $(emul_objs:.o=.d)
