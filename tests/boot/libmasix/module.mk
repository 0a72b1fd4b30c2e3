# A server that tests libmasix as the only boot task; tests/boot/libmasix/run boots it.
libmasix_boot_srcs := main.c threads.c memory.c objects.c io_rest.c
libmasix_boot_libs := -lsodium
$(eval $(call masix_server,libmasix_boot))
