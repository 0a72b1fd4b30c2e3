# Masix: one non-recursive Makefile. Each folder says in its module.mk what it builds, with the macros below;
# every output lies under build/.
#
#   make           everything: servers, programs, root image (runs scripts/setup when it is needed)
#   make run       boot it            make check   all tests          make unit    the unit tests only
#   make bench     the benchmarks     make lint    static checks      make clean   remove build/
#   make scale     docs/scale.md: membership and names of thousands of played nodes
#   make fuzz      fuzzers of the host, FUZZ_SECONDS=600 each
#   make soak      servers die under programs that work, for MINUTES=10; SEED=N for the same once more
#
# A module.mk sets variables and then declares, for some NAME:
#   NAME_srcs      sources: relative to its folder, or $(top)/... for those of other folders; .c and .S
#   NAME_cflags    further flags to compile with          NAME_ldflags   further flags to link with
#   NAME_libs      further libraries (-lsodium)           NAME_deps      files that must exist first
# $(eval $(call masix_server,NAME))    build/servers/NAME, a Mach task (stripped; with symbols: NAME.debug)
# $(eval $(call masix_library,NAME))   build/NAME.a for the target
# $(eval $(call masix_program,NAME))   build/programs/NAME, a static Linux program; /usr/bin/NAME in the root image
# $(eval $(call unit_test,NAME))       build/unit/NAME, run by `make unit`; NAME_m32 := y compiles it for 32 bits
# $(eval $(call host_tool,NAME))       build/host/NAME
# $(eval $(call fuzz_target,NAME))     build/fuzz/NAME, a fuzzer of the host; run by `make fuzz` and `make check`
# and may add to ROOT_FILES (lines of scripts/mkroot: SOURCE:TARGET:MODE) and to ALL (what `make` builds).

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c

# mke2fs and its relatives, for those who are not root.
export PATH := $(PATH):/usr/sbin:/sbin

top := $(CURDIR)
B := build
comma := ,
# The folder of the module.mk that is being read, relative to the top.
here = $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

.PHONY: all run check unit fuzz soak bench lint clean setup FORCE
all:

goals := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out clean,$(goals)),)

# --- Set-up ----------------------------------------------------------------------------------------------------

include $(B)/config.mk
# Re-run when the recipe changed, and when the cache that config.mk speaks of is gone.
$(B)/config.mk: scripts/setup $(wildcard scripts/recipe/*.list scripts/recipe/unpack-rootfs) \
		$(if $(and $(CACHE),$(wildcard $(CACHE)/complete)),,FORCE)
	scripts/setup

# An empty file: what the tests need has been installed.
ifneq ($(filter check unit fuzz lint,$(goals)),)
include $(B)/check.mk
$(B)/check.mk: scripts/recipe/check.list scripts/recipe/network.list | $(B)/config.mk
	scripts/setup --check
endif

ifneq ($(CACHE),)
lost := $(foreach tool,gcc ar objcopy mke2fs debugfs python3,$(if $(shell PATH="$(PATH)"; command -v $(tool)),,$(tool)))
ifneq ($(strip $(lost)),)
$(error these tools are missing: $(lost); run scripts/setup)
endif
endif

# --- The target: 32-bit code, with the headers and libraries of the sysroot and none of the host's ---------------

TARGET_CC := gcc -m32
TARGET_AR := ar
ifneq ($(CACHE),)
gcc_include := $(shell gcc -m32 -print-file-name=include)
gcc_lib := $(dir $(shell gcc -m32 -print-libgcc-file-name))
endif
sysroot_lib := $(SYSROOT)/usr/lib/i386-linux-gnu

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
# Headers of the sysroot only: the host's glibc is another version.
TARGET_SYSTEM_INCLUDES := -nostdinc -isystem $(gcc_include) \
	-isystem $(SYSROOT)/usr/include/i386-linux-gnu -isystem $(SYSROOT)/usr/include
MASIX_INCLUDES := -Ilibmasix/include -Ilibmasix -I$(B)/mig
TARGET_CPPFLAGS := -D_GNU_SOURCE $(MASIX_INCLUDES) $(TARGET_SYSTEM_INCLUDES)
# No CET and stack protector: servers run code before thread-local storage exists.
TARGET_CODEGEN := -std=gnu11 -O2 -g -fno-pie -fno-stack-protector -fcf-protection=none
# MIG declares variable arrays as if they always had their greatest size.
TARGET_CFLAGS := $(TARGET_CODEGEN) $(WARNINGS) -Wno-stringop-overread
# MIG's code is not ours to warn about.
STUB_CFLAGS := $(TARGET_CODEGEN) -w

# What gcc would pass to ld for a static program, but with the sysroot's glibc and gcc's own 32-bit libgcc.
TARGET_LDFLAGS := -static -no-pie -nostdlib -L$(sysroot_lib) -L$(gcc_lib) -Wl,-z,noexecstack -Wl,--build-id=none
TARGET_CRT_BEGIN := $(sysroot_lib)/crt1.o $(sysroot_lib)/crti.o $(gcc_lib)crtbeginT.o
TARGET_CRT_END := $(gcc_lib)crtend.o $(sysroot_lib)/crtn.o
TARGET_LIBC := -lc -lgcc -lgcc_eh
# Servers are entered by libmasix, which makes the stack that glibc's _start expects.
SERVER_LDFLAGS := -Wl,-e,masix_start -Wl,-u,masix_start

DEPFLAGS = -MMD -MP -MF $(@:.o=.d)

# --- MIG ---------------------------------------------------------------------------------------------------------
# <x>.defs gives build/mig/<x>_user.c with <x>.h and <x>_server.c with <x>_server.h. Ours have both sides; of the
# kernel's, the sides that a user of the kernel has.

mach_include := $(SYSROOT)/usr/include/i386-linux-gnu
mach_user_defs := device/device device/device_request mach/mach mach/mach_port mach/mach4 mach/gnumach \
	mach/mach_host mach/i386/mach_i386 mach_debug/mach_debug mach/exc mach/notify
mach_server_defs := mach/exc mach/memory_object mach/notify device/device_reply
own_defs := $(patsubst mig/%.defs,%,$(filter-out %_types.defs,$(wildcard mig/*.defs)))

mig_user := $(notdir $(mach_user_defs)) $(own_defs)
mig_server := $(notdir $(mach_server_defs)) $(own_defs)
ifneq ($(words $(mig_user)),$(words $(sort $(mig_user))))
$(error a file of mig/ has the name of one of the kernel's own: $(own_defs))
endif

MIG_USER_SRCS := $(mig_user:%=$(B)/mig/%_user.c)
MIG_SERVER_SRCS := $(mig_server:%=$(B)/mig/%_server.c)
MIG_HEADERS := $(mig_user:%=$(B)/mig/%.h) $(mig_server:%=$(B)/mig/%_server.h)
MIG_STUB_OBJS := $(patsubst %.c,$(B)/obj/stubs/%.o,$(notdir $(MIG_USER_SRCS) $(MIG_SERVER_SRCS)))

MIGFLAGS := -Imig -I$(mach_include)
# The files that other .defs include.
mig_common := $(wildcard mig/*_types.defs mig/*.h) $(B)/config.mk

# $(call mig_user_rule,NAME,DEFS) and $(call mig_server_rule,NAME,DEFS). MIG leaves half a file behind when it fails;
# and it lets requests claim arrays longer than declared (scripts/mig-bounds).
define mig_user_rule
$(B)/mig/$(1)_user.c $(B)/mig/$(1).h &: $(2) $(mig_common)
	@mkdir -p $(B)/mig
	@echo "  MIG     $(1) (user)"
	@$(MIG) $(MIGFLAGS) -user $(B)/mig/$(1)_user.c -header $(B)/mig/$(1).h \
		-server /dev/null -sheader /dev/null $(2) || { rm -f $(B)/mig/$(1)_user.c $(B)/mig/$(1).h; exit 1; }
endef
define mig_server_rule
$(B)/mig/$(1)_server.c $(B)/mig/$(1)_server.h &: $(2) $(mig_common) scripts/mig-bounds
	@mkdir -p $(B)/mig
	@echo "  MIG     $(1) (server)"
	@$(MIG) $(MIGFLAGS) -user /dev/null -header /dev/null -server $(B)/mig/$(1)_server.c \
		-sheader $(B)/mig/$(1)_server.h $(2) && scripts/mig-bounds $(B)/mig/$(1)_server.c || { rm -f $(B)/mig/$(1)_server.c $(B)/mig/$(1)_server.h; exit 1; }
endef
$(foreach d,$(mach_user_defs),$(eval $(call mig_user_rule,$(notdir $d),$(mach_include)/$d.defs)))
$(foreach d,$(mach_server_defs),$(eval $(call mig_server_rule,$(notdir $d),$(mach_include)/$d.defs)))
$(foreach d,$(own_defs),$(eval $(call mig_user_rule,$d,mig/$d.defs)))
$(foreach d,$(own_defs),$(eval $(call mig_server_rule,$d,mig/$d.defs)))

$(B)/obj/stubs/%.o: $(B)/mig/%.c | $(MIG_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(TARGET_CC) $(STUB_CFLAGS) $(TARGET_CPPFLAGS) $(DEPFLAGS) -c -o $@ $<

# --- What the modules call ---------------------------------------------------------------------------------------
# A declaration only notes the folder; rules are made below, when every module has been read.

servers :=
libraries :=
programs :=
unit_tests :=
host_tools :=
fuzz_targets :=
ROOT_FILES :=
ALL :=

# $(call declare,KIND,NAME)
define declare
$(1) += $(2)
$(2)_dir := $(here)
endef
masix_server = $(call declare,servers,$(1))
masix_library = $(call declare,libraries,$(1))
masix_program = $(call declare,programs,$(1))
unit_test = $(call declare,unit_tests,$(1))
host_tool = $(call declare,host_tools,$(1))
fuzz_target = $(call declare,fuzz_targets,$(1))

# $(call sources,NAME): its sources relative to the top.
sources = $(patsubst $(top)/%,%,$(abspath $(foreach s,$($(1)_srcs),$(if $(filter /%,$s),$s,$($(1)_dir)/$s))))
# $(call objects,NAME): each NAME has objects of its own, since flags differ.
objects = $(patsubst %,$(B)/obj/$(1)/%.o,$(basename $(call sources,$(1))))

# $(call object_rule,NAME,SOURCE,COMPILER,FLAGS)
define object_rule
$(B)/obj/$(1)/$(basename $(2)).o: $(2) $($(1)_dir)/module.mk | $(MIG_HEADERS) $($(1)_deps)
	@mkdir -p $$(@D)
	@echo "  CC      $(2) ($(1))"
	@$(3) $(4) -I$($(1)_dir) $($(1)_cflags) $$(DEPFLAGS) -c -o $$@ $$<
endef
# $(call object_rules,NAME,COMPILER,FLAGS)
define object_rules
$(foreach s,$(call sources,$(1)),$(eval $(call object_rule,$(1),$s,$(2),$(3))))
$(eval dep_files += $(patsubst %.o,%.d,$(call objects,$(1))))
endef

define library_rules
$(call object_rules,$(1),$(TARGET_CC),$(TARGET_CFLAGS) $(TARGET_CPPFLAGS))
$(B)/$(1).a: $(call objects,$(1)) $(if $(filter libmasix,$(1)),$(MIG_STUB_OBJS))
	@echo "  AR      $$@"
	@rm -f $$@
	@$(TARGET_AR) qcsD $$@ $$^
endef

# Links the prerequisites; the rule's target has its own link_flags and link_libs.
link = $(TARGET_CC) $(TARGET_LDFLAGS) $(link_flags) -o $@ $(TARGET_CRT_BEGIN) $(filter %.o,$^) \
	-Wl,--start-group $(filter %.a,$^) $(link_libs) $(TARGET_LIBC) -Wl,--end-group $(TARGET_CRT_END)

define server_rules
$(call object_rules,$(1),$(TARGET_CC),$(TARGET_CFLAGS) $(TARGET_CPPFLAGS))
$(B)/servers/$(1).debug: link_flags := $$(SERVER_LDFLAGS) $$($(1)_ldflags)
$(B)/servers/$(1).debug: link_libs := $$($(1)_libs)
$(B)/servers/$(1).debug: $(call objects,$(1)) $(B)/libmasix.a
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	@$$(link)
$(B)/servers/$(1): $(B)/servers/$(1).debug
	@objcopy --strip-all $$< $$@
endef

define program_rules
$(call object_rules,$(1),$(TARGET_CC),$(TARGET_CFLAGS) $(TARGET_CPPFLAGS))
$(B)/programs/$(1): link_flags := -s $$($(1)_ldflags)
$(B)/programs/$(1): link_libs := $$($(1)_libs)
$(B)/programs/$(1): $(call objects,$(1)) $(filter $(B)/libmasix_client.a,$(libraries:%=$(B)/%.a))
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	@$$(link)
endef

# Unit tests and tools are programs of the host, with the host's compiler and libraries.
HOST_CFLAGS := -std=gnu11 -O1 -g $(WARNINGS) -D_GNU_SOURCE -Ilibmasix/include
UNIT_CFLAGS := $(HOST_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

define unit_rules
$(call object_rules,$(1),gcc $(if $($(1)_m32),-m32),$(UNIT_CFLAGS) $(if $($(1)_m32),-I$(B)/mig))
$(B)/unit/$(1): $(call objects,$(1))
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	@gcc $(if $($(1)_m32),-m32) -fsanitize=address,undefined $($(1)_ldflags) -o $$@ $$^ $($(1)_libs) $(if $($(1)_m32),,-lcmocka)
endef

define tool_rules
$(call object_rules,$(1),gcc,$(HOST_CFLAGS))
$(B)/host/$(1): $(call objects,$(1))
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	@gcc $($(1)_ldflags) -o $$@ $$^ $($(1)_libs) -lsodium
endef

# Fuzzers have the target's word size, on the host: clang's libFuzzer, and the target's libsodium, since the host may not
# have a 32-bit one.
FUZZ_SANITIZERS := address,undefined
# Another compiler's warnings are no errors: gcc has compiled the same.
FUZZ_CFLAGS := $(HOST_CFLAGS) -Wno-error -fno-omit-frame-pointer -fno-sanitize-recover=all -Iacs -Iscripts/sign
define fuzz_rules
$(call object_rules,$(1),clang -m32,$(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link$(comma)$(FUZZ_SANITIZERS))
$(B)/fuzz/$(1): $(call objects,$(1)) $($(1)_objs)
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	@clang -m32 -no-pie -fsanitize=fuzzer,$(FUZZ_SANITIZERS) -nostdlib++ $($(1)_ldflags) -o $$@ $$^ \
		$(sysroot_lib)/libsodium.a -l:libstdc++.so.6
endef

# --- The modules -------------------------------------------------------------------------------------------------

ifneq ($(CACHE),)
dep_files := $(MIG_STUB_OBJS:.o=.d)
include $(wildcard */module.mk */*/module.mk */*/*/module.mk)

$(foreach n,$(libraries),$(eval $(call library_rules,$n)))
$(foreach n,$(servers),$(eval $(call server_rules,$n)))
$(foreach n,$(programs),$(eval $(call program_rules,$n)))
$(foreach n,$(unit_tests),$(eval $(call unit_rules,$n)))
$(foreach n,$(host_tools),$(eval $(call tool_rules,$n)))
$(foreach n,$(fuzz_targets),$(eval $(call fuzz_rules,$n)))
-include $(wildcard $(dep_files))

# --- The root image ----------------------------------------------------------------------------------------------

ROOT_FILES += $(foreach p,$(programs),$(B)/programs/$p:/usr/bin/$p:0755)
root_sources := $(filter-out /,$(foreach f,$(filter-out @% !%,$(ROOT_FILES)),$(firstword $(subst :, ,$f))))

# Rewritten only when the list changes, so that a file that leaves the list leaves the image too.
$(B)/root.list: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(foreach f,$(ROOT_FILES),'$f') >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(B)/root.img: $(B)/root.list $(root_sources) scripts/mkroot $(BASE_IMAGE) \
		$(shell find scripts/recipe/overlay)
	@echo "  ROOT    $@"
	@scripts/mkroot $(BASE_IMAGE) $@ $(B)/root.list
endif

# --- Goals -------------------------------------------------------------------------------------------------------

all: $(libraries:%=$(B)/%.a) $(servers:%=$(B)/servers/%) $(programs:%=$(B)/programs/%) \
	$(host_tools:%=$(B)/host/%) $(ALL) $(B)/root.img

setup:
	scripts/setup

run: all
	scripts/masix run

unit: $(unit_tests:%=$(B)/unit/%)
	@failed=; for test in $^; do \
		echo "  TEST    $$test"; \
		timeout 120 $$test >$$test.log 2>&1 || { failed="$$failed $$test"; cat $$test.log; }; \
	done; \
	if [ -n "$$failed" ]; then echo "unit tests failed:$$failed"; exit 1; fi; \
	echo "$(words $(unit_tests)) unit test programs passed"

FUZZ_SECONDS ?= 600
fuzz: $(fuzz_targets:%=$(B)/fuzz/%) $(ALL)
	tests/fuzz/host/run $(FUZZ_SECONDS)

check: all $(unit_tests:%=$(B)/unit/%) $(fuzz_targets:%=$(B)/fuzz/%)
	@tests/run-all $(unit_tests:%=$(B)/unit/%)

MINUTES ?= 10
soak: all
	tests/soak/run $(MINUTES) $(SEED)

bench: all
	scripts/setup --bench
	tests/bench/run

# 1 GB of memory for each 6000 of the greatest number of nodes; a minute or two.
scale: $(B)/host/gns-scale
	$< docs/scale.svg 10 100 1000 10000 >$(B)/scale.md
	mv $(B)/scale.md docs/scale.md

lint:
	scripts/lint

endif

clean:
	rm -rf $(B)
