# A server with an interface of its own, and a program that uses it.
$(eval $(call mig_user_rule,counter,tests/example/counter.defs))
$(eval $(call mig_server_rule,counter,tests/example/counter.defs))
example_srcs := server.c
example_libs := -lsodium
example_deps := $(B)/mig/counter_server.h
$(eval $(call masix_server,example))
$(B)/servers/example.debug: $(B)/obj/stubs/counter_server.o
example-count_srcs := client.c
example-count_deps := $(B)/mig/counter.h
$(eval $(call masix_program,example-count))
$(B)/programs/example-count: $(B)/obj/stubs/counter_user.o
ROOT_FILES += $(B)/signed/example:/usr/lib/masix/servers/example:0700 \
	$(B)/signed/example.manifest:/usr/lib/masix/servers/example.manifest:0644
