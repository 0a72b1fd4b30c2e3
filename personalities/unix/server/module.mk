unix_srcs := main.c kept.c kept_heap.c kept_lock.c kept_log.c recover.c corpse.c process_recover.c boot.c library.c library_view.c set_id.c fresh_task.c elf_symbol.c emulation.S mounts.c handed.c devices.c machine.c load.c watchdog.c \
	memory_policy.c exceptions.c task.c act.c ending.c stuck.c answer.c credentials.c process_table.c process_port.c \
	session.c signals.c wait.c serve_process.c serve_fork.c serve_signal.c serve_ids.c serve_limits.c serve_system.c serve_io.c record_locks.c serve_locks.c counter.c counter_object.c \
	pipe.c pipe_queue.c pipe_end.c fifo.c unix_socket.c socket_connect.c socket_queue.c socket_end.c socket_files.c serve_socket.c serve_message.c net_link.c net_start.c line.c line_screen.c terminal.c terminal_call.c terminal_alarm.c terminal_opening.c \
	terminal_control.c serve_tty.c host_terminal.c pty.c text.c devpts.c serve_dir.c procfs.c procfs_tree.c \
	procfs_system.c procfs_network.c procfs_process.c
unix_libs := -lsodium
# Before every store the compiler calls kept_log.c: the interface is that of its address checks.
unix_cflags := -fsanitize=kernel-address -include $(here)/kept_memory.h $(foreach p,\
	asan-instrumentation-with-call-threshold=0 asan-stack=0 asan-globals=0 asan-instrument-reads=0,--param $p)
unix_ldflags := -Wl,--defsym=unix_server=0x80001000
unix_deps := $(B)/unix/emulation.so
$(eval $(call masix_server,unix))
# The emulation library lies inside the server.
$(B)/obj/unix/$(here)/emulation.o: $(B)/unix/emulation.so
$(B)/unix/emulation.so: $(B)/emul/emul.so
	@mkdir -p $(@D)
	@objcopy --strip-debug $< $@
ROOT_FILES += /:/dev/pts:0755 /:/dev/shm:1777
