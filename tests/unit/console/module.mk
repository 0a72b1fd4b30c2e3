console_core := channels.c channels_wait.c channels_send.c recover.c parking.c byte_ring.c frame.c log_ring.c
test_console_srcs := test_console.c test_frame.c test_channels.c test_log_ring.c \
	$(console_core:%=$(top)/console/%)
test_console_cflags := -Iconsole
$(eval $(call unit_test,test_console))

test_request_srcs := test_request.c $(top)/personalities/unix/programs/request.c
test_request_cflags := -Ipersonalities/unix/programs
$(eval $(call unit_test,test_request))

test_recover_srcs := test_recover.c $(console_core:%=$(top)/console/%)
test_recover_cflags := -Iconsole
$(eval $(call unit_test,test_recover))
