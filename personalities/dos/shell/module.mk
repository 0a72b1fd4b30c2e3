# COMMAND.COM: a DOS program, which the DOS personality runs as any other one. Linked by itself: bcc would give code and data
# segments of their own.
dos_shell_dir := $(here)
dos_shell_objs := $(patsubst $(here)/%,$(B)/dos/shell/%.o,$(basename $(wildcard $(here)/*.c $(here)/*.s)))
$(B)/dos/shell/%.o: $(dos_shell_dir)/%.c $(dos_shell_dir)/shell.h
	@mkdir -p $(@D)
	@echo "  BCC     $@"
	@bcc -Md -ansi -O -c -o $@ $<
$(B)/dos/shell/%.o: $(dos_shell_dir)/%.s
	@mkdir -p $(@D)
	@bcc -Md -c -o $@ $<
$(B)/dos/command.com: $(dos_shell_objs) $(dos_shell_dir)/module.mk
	@echo "  LD      $@"
	@ld86 -o $@ -y -d -T100 -L/usr/lib/bcc -0 -C0 $(dos_shell_objs) -ldos
ALL += $(B)/dos/command.com
ROOT_FILES += $(B)/dos/command.com:/usr/lib/masix/dos/command.com:0755
