unix_core = $(addprefix $(top)/personalities/unix/server/,$(addsuffix .c,$(1)))

unix_process_srcs := process.c world.c \
	$(call unix_core,process_table session signals wait credentials)
unix_jobs_srcs := jobs.c world.c $(call unix_core,process_table session signals wait credentials)
unix_credentials_srcs := credentials.c $(call unix_core,credentials)
unix_pipe_srcs := pipe.c $(call unix_core,pipe pipe_queue)
unix_counter_srcs := counter.c $(call unix_core,counter)
unix_socket_srcs := socket.c $(call unix_core,unix_socket socket_connect socket_queue)
unix_line_srcs := line.c $(call unix_core,line line_screen)
unix_proc_srcs := proc.c $(call unix_core,procfs_tree)
unix_records_srcs := records.c $(call unix_core,record_locks)
unix_memory_srcs := memory.c $(call unix_core,memory_policy)
unix_symbol_srcs := symbol.c $(call unix_core,elf_symbol)
$(foreach t,process jobs credentials pipe socket line proc memory symbol records counter,\
	$(eval unix_$t_cflags := -Ipersonalities/unix/server)$(eval $(call unit_test,unix_$t)))
