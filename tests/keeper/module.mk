# A server whose clients do not notice its death, and a program that counts with it.
$(eval $(call mig_user_rule,keeper,tests/keeper/keeper.defs))
$(eval $(call mig_server_rule,keeper,tests/keeper/keeper.defs))
$(eval $(call mig_user_rule,keeper_reply,tests/keeper/keeper_reply.defs))
keeper_srcs := server.c
keeper_libs := -lsodium
keeper_deps := $(B)/mig/keeper_server.h $(B)/mig/keeper_reply.h
$(eval $(call masix_server,keeper))
$(B)/servers/keeper.debug: $(B)/obj/stubs/keeper_server.o $(B)/obj/stubs/keeper_reply_user.o
keeper-count_srcs := client.c
keeper-count_deps := $(B)/mig/keeper.h
$(eval $(call masix_program,keeper-count))
$(B)/programs/keeper-count: $(B)/obj/stubs/keeper_user.o
ROOT_FILES += $(B)/signed/keeper:/usr/lib/masix/servers/keeper:0700 \
	$(B)/signed/keeper.manifest:/usr/lib/masix/servers/keeper.manifest:0644
