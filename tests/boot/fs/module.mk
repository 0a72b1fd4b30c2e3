# A boot server that tests the file server from outside; tests/boot/fs/run boots it.
fs_boot_srcs := main.c again.c files.c names.c maps.c space.c timing.c client.c
fs_boot_libs := -lsodium
$(eval $(call masix_server,fs_boot))
