# A boot server that tests the console server from outside; tests/boot/console/run boots it.
console_boot_srcs := main.c calls.c serve.c
console_boot_libs := -lsodium
$(eval $(call masix_server,console_boot))
