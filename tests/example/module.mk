# A server with an interface of its own, and a program that uses it.
$(eval $(call mig_user_rule,store,tests/example/store.defs))
$(eval $(call mig_server_rule,store,tests/example/store.defs))
$(eval $(call mig_user_rule,store_event,tests/example/store_event.defs))
$(eval $(call mig_server_rule,store_event,tests/example/store_event.defs))
example_srcs := server.c values.c watch.c
example_libs := -lsodium
example_deps := $(B)/mig/store_server.h $(B)/mig/store_event.h
$(eval $(call masix_server,example))
$(B)/servers/example.debug: $(B)/obj/stubs/store_server.o $(B)/obj/stubs/store_event_user.o
example-store_srcs := client.c
example-store_deps := $(B)/mig/store.h $(B)/mig/store_event_server.h
$(eval $(call masix_program,example-store))
$(B)/programs/example-store: $(B)/obj/stubs/store_user.o $(B)/obj/stubs/store_event_server.o
ROOT_FILES += $(B)/signed/example:/usr/lib/masix/servers/example:0700 \
	$(B)/signed/example.manifest:/usr/lib/masix/servers/example.manifest:0644
