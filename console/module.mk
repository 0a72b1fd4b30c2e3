console_srcs := main.c serve_console.c serve_io.c answer.c host_link.c link_record.c recover.c serial_line.c system_log.c \
	device_text.c channels.c channels_wait.c channels_send.c parking.c byte_ring.c frame.c log_ring.c virtio_serial.c
console_libs := -lsodium
$(eval $(call masix_server,console))
