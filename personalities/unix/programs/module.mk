init_srcs := init.c request.c
$(eval $(call masix_program,init))
masix_srcs := masix.c
$(eval $(call masix_program,masix))

# Process 1, and the host channel's device nodes (docs/host-channel.md).
ROOT_FILES += @../bin/init:/usr/sbin/init:0777 \
	!c.240.0:/dev/host/stdin:0600 !c.240.1:/dev/host/stdout:0600 \
	!c.240.2:/dev/host/stderr:0600 !c.240.3:/dev/host/control:0600
