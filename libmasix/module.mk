# The library of every server, and the one of Unix programs that speak to servers.
libmasix_srcs := $(foreach d,mach vector start identity elf object server device,\
	$(patsubst libmasix/%,%,$(filter-out libmasix/start/vdso.S,$(wildcard libmasix/$d/*.[cS])))) \
	proxy/lookup.c proxy/name.c proxy/server.c
# The vector runs before glibc is ready and must keep vector registers: no calls of glibc made by the compiler.
libmasix_cflags := -mgeneral-regs-only -minline-all-stringops -fno-tree-loop-distribute-patterns
libmasix_deps := $(B)/libmasix-vdso.so
$(eval $(call masix_library,libmasix))
libmasix_client_srcs := client/client.c proxy/lookup.c proxy/name.c proxy/program.c mach/traps.S mach/mig_memory.c mach/resend.c object/walk.c vector/bytes.c elf/elf.c server/error.c
$(eval $(call masix_library,libmasix_client))
$(B)/libmasix_client.a: $(MIG_STUB_OBJS)
$(B)/libmasix-vdso.so: libmasix/start/vdso.S
	@$(TARGET_CC) -shared -nostdlib -Wl,-soname=linux-gate.so.1,--hash-style=both,-z,norelro,--build-id=none -o $@ $<
