libmasix_core = $(addprefix $(top)/libmasix/,$(1))
unit_elf_srcs := elf.c $(call libmasix_core,elf/elf.c)
unit_identity_srcs := identity.c $(call libmasix_core,elf/elf.c identity/measure.c identity/registration.c)
unit_identity_libs := -lsodium
unit_walk_srcs := walk.c $(call libmasix_core,object/walk.c)
unit_table_srcs := table.c $(call libmasix_core,object/table.c)
unit_futex_srcs := futex.c host_wait.c $(call libmasix_core,vector/futex.c vector/lock.c)
unit_virtqueue_srcs := virtqueue.c $(call libmasix_core,device/virtqueue.c)
unit_bytes_srcs := bytes.c $(call libmasix_core,vector/bytes.c)
unit_proxy_srcs := proxy.c $(call libmasix_core,proxy/lookup.c proxy/name.c)
$(foreach t,unit_elf unit_identity unit_walk unit_table unit_futex unit_virtqueue unit_bytes unit_proxy,\
	$(eval $t_cflags := -Ilibmasix -Itests/unit/libmasix/fake)$(eval $(call unit_test,$t)))
