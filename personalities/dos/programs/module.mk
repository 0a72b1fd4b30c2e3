dos-run_srcs := dos.c start.c keyboard.c
dos-run_cflags := -Ipersonalities/dos/programs
$(eval $(call masix_program,dos-run))
# `dos` is the server's name in this build.
ROOT_FILES += @dos-run:/usr/bin/dos:0777
