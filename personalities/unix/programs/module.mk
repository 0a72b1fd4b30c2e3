init_srcs := init.c request.c
$(eval $(call masix_program,init))
masix_srcs := $(addprefix masix/,main.c common.c servers.c lives.c watch.c log.c audit.c trust.c nodes.c json.c) $(top)/libmasix/identity/audit.c $(top)/scripts/sign/subsystems.c
masix_libs := -lsodium
masix_cflags := -Ipersonalities/unix/programs/masix -Iscripts/sign
$(eval $(call masix_program,masix))
masix_folder := $(here)/masix
ROOT_FILES += $(masix_folder)/masix.8:/usr/share/man/man8/masix.8:0644 \
	mig/subsystems:/usr/lib/masix/subsystems:0644 \
	$(masix_folder)/completion:/usr/share/bash-completion/completions/masix:0644

# Process 1, and the host channel's device nodes (docs/host-channel.md).
ROOT_FILES += @../bin/init:/usr/sbin/init:0777 \
	!c.240.0:/dev/host/stdin:0600 !c.240.1:/dev/host/stdout:0600 \
	!c.240.2:/dev/host/stderr:0600 !c.240.3:/dev/host/control:0600
# What a user of Debian expects under this name, which a maintainer script would have made.
ROOT_FILES += @busybox:/usr/bin/vi:0777
