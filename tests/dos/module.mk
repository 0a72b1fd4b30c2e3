# DOS programs of the tests, by three compilers: /usr/lib/masix/dos in the root image.
dos_tests_dir := $(here)
dos_tests := $(patsubst $(here)/programs/%.asm,%.com,$(wildcard $(here)/programs/*.asm)) \
	$(patsubst $(here)/programs/%.c,%.com,$(wildcard $(here)/programs/*.c)) \
	$(patsubst $(here)/programs/%.fasm,%.exe,$(wildcard $(here)/programs/*.fasm))
$(B)/dos/tests/%.com: $(dos_tests_dir)/programs/%.asm $(wildcard $(dos_tests_dir)/programs/*.inc)
	@mkdir -p $(@D)
	@echo "  NASM    $@"
	@nasm -f bin -I $(dos_tests_dir)/programs/ -o $@ $<
$(B)/dos/tests/%.com: $(dos_tests_dir)/programs/%.c
	@mkdir -p $(@D)
	@echo "  BCC     $@"
	@bcc -Md -o $@ $<
$(B)/dos/tests/%.exe: $(dos_tests_dir)/programs/%.fasm
	@mkdir -p $(@D)
	@echo "  FASM    $@"
	@fasm $< $@ >/dev/null
$(B)/dos/tests/speed: $(dos_tests_dir)/speed.S
	@mkdir -p $(@D)
	@$(TARGET_CC) -static -nostdlib -no-pie -s -o $@ $<
ALL += $(dos_tests:%=$(B)/dos/tests/%) $(B)/dos/tests/speed
ROOT_FILES += $(foreach p,$(dos_tests),$(B)/dos/tests/$p:/usr/lib/masix/dos/$p:0755) \
	$(B)/dos/tests/speed:/usr/lib/masix/dos/speed:0755
