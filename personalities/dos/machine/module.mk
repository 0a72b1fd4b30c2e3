# The task of a DOS machine: an ELF that lies inside the DOS server and needs no C library. The core is also compiled for the
# host, by its unit tests.
dos_machine_dir := $(here)
dos_machine_stubs := mach mach_port mach4 gnumach mach_host mach_i386 io dir acs_client foreign_program_reply
dos_machine_libmasix := mach/copy.S mach/mach_msg.c mach/mig_memory.c mach/reply_port.c mach/resend.c mach/traps.S object/destroy.c object/walk.c vector/bytes.c vector/clock.c vector/thread.c
$(eval $(call mig_user_rule,dos_machine,personalities/dos/machine.defs))
$(eval $(call mig_server_rule,dos_machine,personalities/dos/machine.defs))
dos_machine_srcs := $(wildcard $(here)/*.[cS] personalities/dos/core/*.c) $(dos_machine_libmasix:%=libmasix/%) \
	$(dos_machine_stubs:%=$(B)/mig/%_user.c) $(B)/mig/dos_machine_user.c $(B)/mig/foreign_program_server.c
dos_machine_objs := $(patsubst %,$(B)/obj/dos_machine/%.o,$(basename $(dos_machine_srcs)))
# Address 0 is the program's memory: a null pointer may be followed.
DOS_MACHINE_CFLAGS := $(TARGET_CODEGEN) -ffreestanding -mgeneral-regs-only -fno-delete-null-pointer-checks \
	-fno-asynchronous-unwind-tables -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds \
	$(TARGET_CPPFLAGS) -I$(here) -Ipersonalities/dos -Ipersonalities/dos/core

$(B)/obj/dos_machine/$(B)/mig/%.o: $(B)/mig/%.c | $(MIG_HEADERS) $(B)/mig/dos_machine.h
	@mkdir -p $(@D)
	@$(TARGET_CC) $(DOS_MACHINE_CFLAGS) -w $(DEPFLAGS) -c -o $@ $<
$(B)/obj/dos_machine/%.o: %.c $(here)/module.mk | $(MIG_HEADERS) $(B)/mig/dos_machine.h
	@mkdir -p $(@D)
	@echo "  CC      $< (dos machine)"
	@$(TARGET_CC) $(DOS_MACHINE_CFLAGS) $(WARNINGS) $(DEPFLAGS) -c -o $@ $<
$(B)/obj/dos_machine/%.o: %.S $(here)/module.mk
	@mkdir -p $(@D)
	@$(TARGET_CC) $(DOS_MACHINE_CFLAGS) $(DEPFLAGS) -c -o $@ $<
$(B)/dos/machine.debug: $(dos_machine_objs)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(TARGET_CC) -static -nostdlib -no-pie -Wl,-Ttext-segment=0x10000000 -Wl,-e,machine_entry -Wl,--build-id=none \
		-Wl,-z,noexecstack -Wl,--no-warn-rwx-segments -L$(gcc_lib) -o $@ $^ -lgcc
$(B)/dos/machine: $(B)/dos/machine.debug
	@objcopy --strip-all $< $@
ALL += $(B)/dos/machine
dep_files += $(dos_machine_objs:.o=.d)
