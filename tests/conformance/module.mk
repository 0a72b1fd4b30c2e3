# Every NAME.c is a program, /usr/lib/masix/tests/NAME in the root image; some also as NAME.dynamic (Debian's own
# loader and libc), NAME.pie (static, position independent) and NAME.musl.
conformance_dir := $(here)
conformance_names := $(patsubst $(here)/%.c,%,$(wildcard $(here)/*.c))
conformance_programs := $(conformance_names) exec.pie mmap.pie fork.musl int80.musl signals.musl threads.musl \
	$(patsubst %,%.dynamic,contexts exec files fork handlers mapped_files pipes signals thread_processes threads)
include $(here)/link.mk
ALL += $(conformance_programs:%=$(B)/tests/%)
ROOT_FILES += $(foreach p,$(conformance_programs),$(B)/tests/$p:/usr/lib/masix/tests/$p:0755) \
	$(here)/all:/usr/lib/masix/tests/all:0755
