# SPDX-License-Identifier: MIT
#
# Makefile - every rule and verb of Strata. Lists stand in labN-*/lab.mk.
#
#   BUILD=dir     where all output goes (default build)
#   RELEASE=1     no checks, optimised; benches and `make run` use it
#   SOLVED=...    exercises taken from solutions/: labs, ids, all or none
#   LAB=n         the lab, and what is built: its stage (default: the highest lab present)
#   CC= CROSS=    the compiler, or the prefix of a cross toolchain
#   V=1           show whole commands
#   QEMU= LD= ..  another tool in place of the usual one; PYTHON= HOST_CC= FUZZ_CC= too

# 3.x parses and picks rules in other ways; macOS comes with it.
ifneq ($(filter 3.%,$(MAKE_VERSION)),)
$(error GNU make $(MAKE_VERSION) is too old, 4.0 is wanted: say gmake instead (macOS: brew install make))
endif

MAKEFLAGS += -rR --no-print-directory
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
endif
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
SHELL := /bin/sh
.DEFAULT_GOAL := all

# Every variable of the command line: for verbs, then tools, then what only rules, make
# and setup give each other. Another one is a slip that would be passed over in silence.
variables := ACCEL AGAINST ALL BOOT BUILD CASE CC CMDLINE CONFIG CPU CROSS EX GDB \
	GDBFLAGS GUI INPUT JOBS LAB LIMIT MARK MEMORY OBJECTS ONLY OUT PLAIN PORT RELEASE \
	REVEAL RUNS SCHEDULER SECONDS SEED SOLVED STAGE STOP SUBMISSIONS TAG TAGS TARGET \
	TEST THROUGH TOOLCHAIN UNDO V
variables_of_tools := ADDR2LINE FUZZ_CC HOST_CC LD NASM NM OBJCOPY PYTHON QEMU WERROR
variables_within := DEPS IMAGES MAKE MAKEFLAGS MAKE_VERSION NO_COLOR ONCE PATHLESS POLL SHELL
ifeq ($(MAKELEVEL),0)
strange := $(filter-out $(variables) $(variables_of_tools) $(variables_within),\
	$(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $(v))),$(v))))
ifneq ($(strange),)
near := $(shell sh grader/nearest.sh '$(subst ','\'',$(firstword $(strange)))' \
	$(variables) $(variables_of_tools))
$(error $(firstword $(strange))=: no verb knows such a variable$(if $(near),. Did you mean $(near)=?,.) \
	There are $(variables), and of tools $(variables_of_tools))
endif
endif

BUILD ?= build
ifneq ($(words $(BUILD)),1)
$(error BUILD='$(BUILD)' has a blank in it; GNU make cannot follow that)
endif
MODE := $(if $(RELEASE),release,debug)
O := $(BUILD)/$(MODE)
say = $(if $(V),,@echo '  $(1)' '$(2)';)
# $(1) a file, $(2) its text: written anew only when the text has changed, so what
# depends on it is made anew then.
stamp = $(shell mkdir -p $(dir $(1)) && echo '$(2)' > $(1).new.$$PPID \
	&& { cmp -s $(1).new.$$PPID $(1) && rm $(1).new.$$PPID || mv $(1).new.$$PPID $(1); })

# -- Labs ------------------------------------------------------------------

labs := $(sort $(patsubst %/lab.mk,%,$(wildcard lab[0-9]*-*/lab.mk)))
number = $(patsubst lab%,%,$(firstword $(subst -, ,$(1))))
numbers := $(foreach l,$(labs),$(call number,$(l)))
LAB ?= $(lastword $(numbers))
ifeq ($(filter $(LAB),$(numbers)),)
$(error LAB=$(LAB): there is no such lab; there are $(numbers))
endif
# labs 0..n; read_lab fills the lists in order
up_to = $(labs_up_to_$(1))

host_lists := host_objs host_tests host_skip host_machine fuzz \
	loader_host_objs loader_host_machine loader_fuzz

define read_lab
labs_seen += $(1)
labs_up_to_$(call number,$(1)) := $$(labs_seen)
objs :=
tests :=
loader_objs :=
$$(foreach v,$$(host_lists),$$(eval $$(v) :=))
include $(1)/lab.mk
$$(foreach v,$$(host_lists),$$(eval $(1)_$$(v) := $$($$(v))))
$(1)_objs := $$(addprefix $(1)/,$$(objs))
$(1)_tests := $$(patsubst %.c,%.o,$$(wildcard $(1)/tests/*_test.c \
	$(1)/tests/*_bench.c))
$(1)_loader := $$(addprefix $(1)/loader/,$$(loader_objs))
endef
$(foreach l,$(labs),$(eval $(call read_lab,$(l))))

# -- Exercises: "id=path=form=subject" words from lab.toml -------------------
#
# Forms (grader/README.md): code; stand_in, code that the rest cannot do without;
# case, answers and no code; test, an object that is linked into its own images.

exercises := $(shell awk -F'"' ' \
	FNR == 1 { emit(); split(FILENAME, part, "/"); dir = part[1] } \
	/^\[\[/ { emit(); inside = /^\[\[exercise\]\]/ } \
	inside && /^id *=/ { id = $$2 } \
	inside && /^file *=/ { file = $$2 } \
	inside && /^stand_in *= *true/ { form = "stand_in" } \
	inside && /^form *=/ { form = $$2 } \
	inside && /^subject *=/ { subject = $$2 } \
	END { emit() } \
	function emit() { \
		if (id != "") print id "=" dir "/" file "=" (form ? form : "code") "=" subject; \
		id = file = form = subject = "" \
	}' $(addsuffix /lab.toml,$(labs)))
field = $(word $(1),$(subst =, ,$(2)))
exercise_ids := $(foreach e,$(exercises),$(call field,1,$(e)))
of_form = $(foreach e,$(exercises),$(if $(filter $(1),$(call field,3,$(e))),$(e)))
ids_of = $(foreach e,$(1),$(call field,1,$(e)))
code_ids := $(call ids_of,$(call of_form,code stand_in))
linked_ids := $(code_ids) $(call ids_of,$(call of_form,test))
exercise_files := $(foreach e,$(call of_form,code stand_in test),$(call field,2,$(e)))
path_of = $(foreach e,$(exercises),$(if $(filter $(1)=%,$(e)),$(call field,2,$(e))))

# SOLVED=0,1.3 -> exercise ids
comma := ,
SOLVED ?= none
solved_words := $(subst $(comma), ,$(SOLVED))
solved_unknown := $(filter-out all none $(numbers) $(exercise_ids),$(solved_words))
ifneq ($(solved_unknown),)
$(error SOLVED=$(solved_unknown): no such lab or exercise; there are \
	all none $(numbers) $(exercise_ids))
endif
given := $(sort $(foreach w,$(solved_words),\
	$(if $(filter all,$(w)),$(linked_ids),\
	$(filter $(w) $(w).%,$(linked_ids)))))

# The reference of an exercise: made from solutions/, or the object that a
# handout brings in objects/, which the tag labN-objects has.
ifeq ($(wildcard solutions),)
$(shell sh grader/objects.sh $(lastword $(numbers)))
endif
linked := $(foreach l,$(labs),$($(l)_objs) $($(l)_loader))
object_of = $(basename $(1))$(if $(filter %.c $(basename $(1)).o,$(1) $(linked)),.o,.bin)
reference := $(if $(wildcard solutions),$(O)/solutions,objects/$(MODE))
at_hand = $(if $(wildcard solutions),$(1),$(foreach id,$(1),\
	$(if $(wildcard $(reference)/$(call object_of,$(call path_of,$(id)))),$(id))))
not_at_hand := $(filter-out $(call at_hand,$(given)),$(given))
ifneq ($(not_at_hand),)
$(error SOLVED=$(SOLVED): this tree has no reference of $(strip $(not_at_hand)): \
	there is no solutions/ folder, and no object of it in objects/$(MODE))
endif

# An unwritten exercise that the rest cannot do without, and what `make rescue`
# gave: their references.
stand_ins := $(call at_hand,$(foreach e,$(call of_form,stand_in),\
	$(if $(shell grep -l 'todo[^"]*"$(call field,1,$(e))"' '$(call field,2,$(e))' 2>/dev/null),\
	$(call field,1,$(e)))) $(filter $(linked_ids),$(shell cat .strata/given 2>/dev/null)))

empty :=
blank := $(empty) $(empty)
given_code := $(filter $(code_ids),$(given))
# 0+1.3: a whole lab is its number, so that no name gets too long.
short_of = $(if $(filter-out $(given),$(1)),$(filter $(1),$(given)),$(2))
short := $(foreach n,$(numbers),$(if $(filter $(n).%,$(given_code)),\
	$(call short_of,$(filter $(n).%,$(code_ids)),$(n))))
ifeq ($(given_code),)
TAG := own
else ifeq ($(filter-out $(given),$(code_ids)),)
TAG := given-all
else
TAG := given-$(subst $(blank),+,$(strip $(short)))
endif
V_DIR := $(O)/$(TAG)
given_paths := $(foreach id,$(sort $(given) $(stand_ins)),$(call path_of,$(id)))
given_code_paths := $(foreach id,$(sort $(given_code) $(filter $(code_ids),$(stand_ins))),\
	$(call path_of,$(id)))

# -- Tools -------------------------------------------------------------------

ifeq ($(origin CC),default)
CC :=
endif
ifeq ($(CC),)
TOOLCHAIN ?= $(HOME)/.cache/strata/toolchain
CROSS ?= $(shell if command -v x86_64-elf-gcc >/dev/null 2>&1; then echo x86_64-elf-; \
	elif [ -x '$(TOOLCHAIN)/bin/x86_64-elf-gcc' ]; then echo '$(TOOLCHAIN)/bin/x86_64-elf-'; \
	elif [ "$$(uname -m)" != x86_64 ]; then echo x86_64-linux-gnu-; fi)
CC := $(CROSS)gcc
endif
CROSS ?= $(shell [ "$$(uname -m)" = x86_64 ] || echo x86_64-linux-gnu-)
LD ?= ld
ifeq ($(origin LD),default)
LD := $(CROSS)ld
endif
OBJCOPY ?= $(CROSS)objcopy
NM ?= $(CROSS)nm
NASM ?= nasm
# The first Python that has what the grader stands on (a shimmed one may not);
# asking takes a second, so the answer is kept.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell cat $(BUILD)/python 2>/dev/null)
ifeq ($(shell command -v '$(PYTHON)' 2>/dev/null),)
PYTHON := $(shell for p in python3 /usr/bin/python3; do \
	"$$p" -c 'import pytest, xdist, rich, tomllib' 2>/dev/null && \
	mkdir -p $(BUILD) && echo "$$p" | tee $(BUILD)/python && break; done)
endif
ifeq ($(PYTHON),)
PYTHON := python3
endif
endif
export PYTHONPYCACHEPREFIX := $(abspath $(BUILD))/pycache
unexport PYTHONDONTWRITEBYTECODE
PYTHONPATH := grader
export PYTHONPATH
strata = $(PYTHON) -m strata
export BUILD CC CROSS LD NASM

clang := $(findstring clang,$(shell $(CC) --version 2>/dev/null))
target64 := $(if $(clang),--target=x86_64-linux-gnu,-m64)
target32 := $(if $(clang),--target=i386-unknown-none-elf,-m32) -march=i686

# -- Flags: all that the kernel depends on is said ----------------------------

warnings := -Wall -Wextra -Wmissing-prototypes -Wshadow -Wvla $(WERROR)
common_flags := -std=gnu11 -ffreestanding -fno-pic -fno-pie -fno-lto -fno-common \
	-fno-strict-aliasing -fwrapv -fcf-protection=none -mgeneral-regs-only \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -g $(warnings) \
	$(if $(PATHLESS),-ffile-prefix-map=$(CURDIR)=.)
kernel_flags := $(target64) $(common_flags) -mcmodel=kernel -mno-red-zone -O2 \
	-fno-omit-frame-pointer -mno-omit-leaf-frame-pointer \
	-fstack-protector-strong -mstack-protector-guard=tls \
	-mstack-protector-guard-reg=gs -mstack-protector-guard-offset=40
# Members of a linker set keep the order of their file; clang does by itself.
kernel_flags += $(if $(clang),,-fno-toplevel-reorder)
ifdef RELEASE
kernel_flags += -DDEBUG=0
else
kernel_flags += -DDEBUG=1 -fno-optimize-sibling-calls -fsanitize=undefined \
	-fno-sanitize=signed-integer-overflow
endif
loader_flags := $(target32) $(common_flags) -Os -fno-stack-protector
ld_flags := -nostdlib -static -z max-page-size=4096 -z noexecstack \
	--build-id=none $(shell $(LD) --help 2>/dev/null | \
	grep -q no-warn-rwx && echo --no-warn-rwx-segments)

# Objects know whose tree they are from: solutions/lab0-boot/uart.c is lab 0's.
lab_of = $(firstword $(subst /, ,$(patsubst solutions/%,%,$(1))))
includes = $(foreach l,$(call up_to,$(call number,$(call lab_of,$(1)))),-I$(l)/include) \
	-I$(call lab_of,$(1))
lab_flags = -DLAB=$(call number,$(call lab_of,$(1))) -DLAB_DIR='"$(call lab_of,$(1))"'
# A stub leaves its parameters and helpers unused.
stub_flags = $(if $(filter $(1),$(exercise_files)),-Wno-unused -Wno-unused-parameter)

# Changed flags rebuild everything, a changed list of objects links anew.
$(call stamp,$(O)/flags,$(CC) $(kernel_flags) $(loader_flags) $(NASM) $(LD))
$(call stamp,$(O)/lists,$(foreach l,$(labs),$($(l)_objs) $($(l)_tests) $($(l)_loader)))

# -- Objects -------------------------------------------------------------------

# What is said of an exercise stays beside its object: the report shows its warnings.
keep = $(if $(filter $<,$(exercise_files)),exec 9>&2 2>$@.said && trap 'cat $@.said >&9' EXIT &&)
tint = $(if $(V),,$(if $(filter $<,$(exercise_files)),$$([ -t 9 ] && echo -fdiagnostics-color)))
define object_rules
$(O)/$(1)/loader/%.o: $(1)/loader/%.c $(O)/flags
	$$(call say,CC,$$<) mkdir -p $$(@D) && $$(keep) $(CC) $(loader_flags) $$(tint) \
	$$(call stub_flags,$$<) -I$$(call lab_of,$$<)/loader -MMD -MP -c $$< -o $$@
$(O)/$(1)/loader/%.o: $(1)/loader/%.asm $(O)/flags
	$$(call say,NASM,$$<) mkdir -p $$(@D) && $$(keep) $(NASM) -f elf32 -g -F dwarf \
	-I$$(call lab_of,$$<)/ -MD $$(@:.o=.d) -MP -o $$@ $$<
$(O)/$(1)/loader/%.bin: $(1)/loader/%.asm $(O)/flags
	$$(call say,NASM,$$<) mkdir -p $$(@D) && $$(keep) $(NASM) -f bin \
	-I$$(call lab_of,$$<)/ -MD $$@.d -MP -o $$@ $$<
$(O)/$(1)/%.o: $(1)/%.c $(O)/flags
	$$(call say,CC,$$<) mkdir -p $$(@D) && $$(keep) $$(call compile,$$<) $$(tint) -c $$< -o $$@
$(O)/$(1)/%.o: $(1)/%.asm $(O)/flags $(call offsets_of,$(1))
	$$(call say,NASM,$$<) mkdir -p $$(@D) && $$(keep) $$(call assemble,$$<) -o $$@ $$<
endef
# As the file $(1) is compiled, whatever is compiled in its place. The assembler
# sees its own lab's offsets.inc, and the .inc files of the labs below.
labs_of = $(call up_to,$(call number,$(call lab_of,$(1))))
compile = $(CC) $(kernel_flags) $(call stub_flags,$(1)) $(call includes,$(1)) \
	$(call lab_flags,$(1)) -MMD -MP
assemble = $(NASM) -f elf64 -g -F dwarf -I$(O)/$(call lab_of,$(1))/ -I$(call lab_of,$(1))/ \
	$(foreach l,$(call labs_of,$(1)),-I$(l)/include/ -I$(l)/) $(call lab_flags,$(1)) \
	-MD $(@:.o=.d) -MP
offsets_of = $(patsubst %/offsets.c,$(O)/%/offsets.inc,$(wildcard $(call lab_of,$(1))/offsets.c))
$(foreach l,$(labs),$(eval $(call object_rules,$(l))))
$(foreach l,$(labs),$(eval $(call object_rules,solutions/$(l))))

$(O)/%/offsets.inc: %/offsets.c $(O)/flags
	$(call say,GEN,$@) mkdir -p $(@D) && $(CC) $(kernel_flags) -fno-sanitize=all \
	$(call includes,$<) $(call lab_flags,$<) -MMD -MP -MT $@ -MF $@.d -S $< -o $@.s && \
	sed -n 's/.*"OFFSET \([A-Z0-9_]*\) \(-*[0-9]*\)".*/%define \1 \2/p' $@.s > $@

# A stranger's source can put words into its list of headers, which make would read;
# where only exercise files change, DEPS=none goes without.
-include $(if $(filter none,$(DEPS)),,$(shell find $(O) -name '*.d' 2>/dev/null))

# Where the object of a path comes from in this variant.
is_given = $(filter $(basename $(1)),$(basename $(given_paths)))
picked = $(foreach p,$(1),$(if $(and $(wildcard solutions),$(call is_given,$(p))),solutions/)$(p))
pick = $(foreach p,$(1),$(if $(call is_given,$(p)),$(reference),$(O))/$(p))

# A variant is linked anew when another object of the same path is picked.
$(call stamp,$(V_DIR)/picked,$(given_code_paths))

# -- Host: what touches no hardware, with sanitizers --------------------------------
#
# labN-*/host/include comes before the labs' own headers, and host/*.c stands in
# for the machine. $(H)/test is compiled for the tests, $(H)/fuzz for libFuzzer.

HOST_CC ?= gcc
FUZZ_CC ?= clang
H := $(BUILD)/host
host_flags := -std=gnu11 -ffreestanding -g -O1 -fno-pie -fno-strict-aliasing -fwrapv \
	-fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
	-DDEBUG=1 $(warnings)
host_cc_test := $(HOST_CC) $(host_flags) $(if $(findstring gcc,$(HOST_CC)),-fno-toplevel-reorder)
host_cc_fuzz := $(FUZZ_CC) $(host_flags) -fsanitize=fuzzer-no-link
# A loader's pointers are 32 bits: what it points at lies that low here, too.
# It reads what lies at odd addresses, which x86 allows.
host_low := -Wno-pointer-to-int-cast -Wno-int-to-pointer-cast -fno-sanitize=alignment
host_includes = $(foreach l,$(call up_to,$(call number,$(call lab_of,$(1)))),-I$(l)/host/include -iquote $(l)/host) \
	$(call includes,$(1))
host_renamed := -include lab0-boot/host/names.h
host_link := -no-pie -fsanitize=address,undefined \
	-Wl,--defsym=kernel_text_end=etext

# $(1) test or fuzz, $(2) a lab's folder, or its folder in solutions
define host_rules
$(H)/$(1)/$(2)/host/%.o: $(2)/host/%.c $(H)/flags
	$$(call say,HOSTCC,$$<) mkdir -p $$(@D) && $$(host_cc_$(1)) $$(call host_includes,$$<) \
	$$(host_low) -iquote $(2)/loader $$(call lab_flags,$$<) -MMD -MP -c $$< -o $$@
$(H)/$(1)/$(2)/loader/%.o: $(2)/loader/%.c $(H)/flags
	$$(call say,HOSTCC,$$<) mkdir -p $$(@D) && $$(host_cc_$(1)) $$(host_renamed) $$(host_low) \
	$$(call stub_flags,$$<) $$(addprefix -iquote ,$$(call lab_of,$$<)/loader $$(call lab_of,$$<)/host) \
	$$(call lab_flags,$$<) -MMD -MP -c $$< -o $$@
$(H)/$(1)/$(2)/%.o: $(2)/%.c $(H)/flags
	$$(call say,HOSTCC,$$<) mkdir -p $$(@D) && $$(host_cc_$(1)) $$(host_renamed) \
	$$(call stub_flags,$$<) $$(call host_includes,$$<) $$(call lab_flags,$$<) -MMD -MP -c $$< -o $$@
endef
$(foreach f,test fuzz,$(foreach l,$(labs),$(eval $(call host_rules,$(f),$(l)))\
	$(eval $(call host_rules,$(f),solutions/$(l)))))
$(call stamp,$(H)/flags,$(host_cc_test) $(host_cc_fuzz) $(host_low))
$(call stamp,$(H)/lists,$(foreach l,$(labs),$(foreach v,$(host_lists),$($(l)_$(v)))))
-include $(if $(filter none,$(DEPS)),,$(shell find $(H) -name '*.d' 2>/dev/null))

# $(1) a list's name, $(2) a folder in the lab, $(3) labs: paths of its objects
host_list = $(foreach l,$(3),$(addprefix $(l)/$(2),$($(l)_$(1))))
host_pick = $(addprefix $(H)/$(1)/,$(call picked,$(2)))
host_kernel = $(call host_list,host_machine,host/,$(1)) $(call host_list,host_objs,,$(1))
host_loader = $(call host_list,loader_host_machine,host/,$(1)) \
	$(call host_list,loader_host_objs,loader/,$(1))
host_test := $(H)/$(TAG)/test$(LAB)
$(host_test): $(call host_pick,test,$(call host_kernel,$(call up_to,$(LAB))) lab0-boot/host/main.o \
    $(call host_list,host_tests,tests/,$(call up_to,$(LAB)))) $(H)/lists
	$(call say,HOSTLD,$@) mkdir -p $(@D) && $(HOST_CC) $(host_link) -o $@ $(filter %.o,$^)

# $(1) a target, $(2) its objects
define fuzz_rules
$(H)/$(TAG)/fuzz-$(1): $$(call host_pick,fuzz,$(2)) $(H)/lists
	$$(call say,HOSTLD,$$@) mkdir -p $$(@D) && $(FUZZ_CC) $$(host_link) -fsanitize=fuzzer -o $$@ \
	$$(filter %.o,$$^)
endef
$(foreach l,$(labs),$(foreach t,$($(l)_fuzz),$(eval $(call fuzz_rules,$(t),\
	$(call host_kernel,$(call up_to,$(call number,$(l)))) $(l)/tests/$(t)_fuzz.o)))\
	$(foreach t,$($(l)_loader_fuzz),$(eval $(call fuzz_rules,$(t),\
	$(call host_loader,$(l)) $(l)/loader/tests/$(t)_fuzz.o))))
fuzz_targets := $(foreach l,$(labs),$($(l)_fuzz) $($(l)_loader_fuzz))

# clang's analyzer on each source of a lab; more nodes find no more and take long.
analyze_flags := $(common_flags) -DDEBUG=1 --analyze --analyzer-no-default-checks \
	$(addprefix -Xclang -analyzer-checker=,core deadcode unix.cstring) -Xclang -analyzer-werror \
	-Xclang -analyzer-output=text -Xclang -analyzer-config -Xclang max-nodes=40000
$(H)/analyze/%.ok: %.c $(wildcard lab*/include/*/*.h lab*/*.h lab*/loader/*.h) $(H)/flags
	$(call say,ANALYZE,$<) mkdir -p $(@D) && $(FUZZ_CC) $(if $(findstring /loader/,$<),\
	--target=i386-unknown-none-elf -iquote $(call lab_of,$<)/loader,\
	--target=x86_64-linux-gnu $(call includes,$<)) $(analyze_flags) \
	$(call lab_flags,$<) $< && touch $@
analyzed := $(addprefix $(H)/analyze/,$(patsubst %.c,%.ok,$(call picked,\
	$(wildcard $(addsuffix /*.c,$(labs)) $(addsuffix /loader/*.c,$(labs))))))

# -- Stages ----------------------------------------------------------------------

# All of $^ twice: the second time with the symbols of the first.
define link_kernel
mkdir -p $(@D) && \
	$(LD) -m elf_x86_64 $(ld_flags) -T lab0-boot/kernel.ld -o $@.pass1 $(filter %.o,$^) && \
	$(NM) -n $@.pass1 | $(PYTHON) lab0-boot/tools/mksymbols.py > $@.symbols.S && \
	$(CC) $(target64) -c -x assembler $@.symbols.S -o $@.symbols.o && \
	$(LD) -m elf_x86_64 $(ld_flags) -T lab0-boot/kernel.ld -o $@ $(filter %.o,$^) $@.symbols.o && \
	rm -f $@.pass1
endef
link_needs := lab0-boot/kernel.ld lab0-boot/tools/mksymbols.py $(O)/lists

# $(1) lab number, $(2) -test or nothing
define stage_rules
$(V_DIR)/stage$(1)$(2).elf: $$(call pick,$(foreach l,$(call up_to,$(1)),$($(l)_objs) $(if $(2),$($(l)_tests)))) \
    $(link_needs) $(V_DIR)/picked
	$$(call say,LD,$$@) $$(link_kernel)
$(V_DIR)/stage$(1)$(2).img: $(V_DIR)/stage$(1)$(2).stripped.elf $(V_DIR)/mbr.bin \
    $(V_DIR)/loader.bin lab0-boot/tools/mkdisk.py
	$$(call say,DISK,$$@) $(PYTHON) lab0-boot/tools/mkdisk.py --mbr $(V_DIR)/mbr.bin \
	--stage2 $(V_DIR)/loader.bin --kernel $$< -o $$@
$(V_DIR)/stage$(1)$(2).iso: $(V_DIR)/stage$(1)$(2).stripped.elf lab0-boot/tools/mkiso.py
	$$(call say,ISO,$$@) $(PYTHON) lab0-boot/tools/mkiso.py --kernel $$< -o $$@
endef
$(foreach n,$(numbers),$(eval $(call stage_rules,$(n),)))
$(foreach n,$(numbers),$(eval $(call stage_rules,$(n),-test)))

# The linker sets lie inside the image, or the build stops (nm knows).
%.stripped.elf: %.elf lab0-boot/tools/checksets.py
	@$(NM) $< | $(PYTHON) lab0-boot/tools/checksets.py && $(OBJCOPY) --strip-all $< $@

$(V_DIR)/mbr.bin: $(call pick,lab0-boot/loader/mbr.bin) $(V_DIR)/picked
	@mkdir -p $(@D) && cp $< $@
$(V_DIR)/loader.elf: $(call pick,$(lab0-boot_loader)) lab0-boot/loader/stage2.ld $(O)/lists $(V_DIR)/picked
	$(call say,LD,$@) mkdir -p $(@D) && $(LD) -m elf_i386 $(ld_flags) \
	-T lab0-boot/loader/stage2.ld -o $@ $(filter %.o,$^)
$(V_DIR)/loader.bin: $(V_DIR)/loader.elf
	@$(OBJCOPY) -O binary $< $@

# -- Cases and trials: kernels that are broken on purpose ---------------------------
#
# solutions/labN-*/cases/K.patch and trials/ID/NAME.patch each break one file of the
# finished stage N. A handout brings the kernels of cases and the objects of trials.

patches := $(wildcard $(foreach l,$(labs),solutions/$(l)/cases/*.patch solutions/$(l)/trials/*/*.patch))
patched := $(if $(patches),$(shell awk '/^--- a\// && !seen[FILENAME]++ { \
	print FILENAME "=" substr($$2, 3) }' $(patches)))
broken_of = $(patsubst solutions/%.patch,broken/%,$(1))
finished = $(foreach p,$(1),$(if $(filter $(basename $(p)),$(basename $(exercise_files))),\
	$(reference),$(O))/$(p))
# $(1) a patch, $(2) the file that it breaks
define broken_rules
$(O)/$(call broken_of,$(1))/$(notdir $(2)): $(1) $(firstword $(wildcard solutions/$(2) $(2)))
	@mkdir -p $$(@D) && $(strata) broken $(1) $$@
$(O)/$(call broken_of,$(1)).o: $(O)/$(call broken_of,$(1))/$(notdir $(2)) $(O)/flags $(call offsets_of,$(2))
	$$(call say,BREAK,$(1)) $(if $(filter %.c,$(2)),$$(call compile,$(2)) -c $$<,$$(call assemble,$(2)) $$<) -o $$@
endef
$(foreach p,$(patched),$(eval $(call broken_rules,$(call field,1,$(p)),$(call field,2,$(p)))))

# $(1) a stage's number, $(2) a path, $(3) what stands in its place: objects of the
# finished stage in their order
stage_objs = $(foreach l,$(call up_to,$(1)),$($(l)_objs))
in_place = $(foreach p,$(call stage_objs,$(1)),$(if $(filter $(2),$(p)),$(3),$(call finished,$(p))))
# The objects of the lab and of exercises go in without debug information, so that
# GDB names functions but does not tell which file is another one; so do those of
# NASM, which writes into them in which folder it ran: PATHLESS is for what travels.
asm_objects := $(patsubst %.asm,$(O)/%.o,$(wildcard $(addsuffix /*.asm,$(labs))))
bare = $(foreach o,$(1),$(if $(filter $(O)/$(2)/% $(O)/broken/% $(O)/solutions/% $(asm_objects),$(o)),\
	$(patsubst $(O)/%,$(O)/bare/%,$(o)),$(o)))
$(O)/bare/%.o: $(O)/%.o
	@mkdir -p $(@D) && $(OBJCOPY) --strip-debug $< $@

# $(1) a patch of a case, $(2) the object that it breaks, $(3) the lab's folder
define case_rules
$(O)/cases/lab$(call number,$(3))-$(notdir $(basename $(1))).elf: $(call bare,$(call in_place,$(call number,$(3)),$(2),\
    $(O)/$(call broken_of,$(1)).o),$(3)) $(link_needs)
	$$(call say,LD,$$@) $$(link_kernel)
endef
$(foreach p,$(patched),$(if $(findstring /cases/,$(p)),$(eval $(call case_rules,$(call field,1,$(p)),\
	$(basename $(call field,2,$(p))).o,$(call lab_of,$(p))))))
$(O)/cases/%.elf: objects/$(MODE)/cases/%.elf
	@mkdir -p $(@D) && cp $< $@
cases_of = $(if $(wildcard solutions),$(basename $(notdir $(wildcard solutions/lab$(1)-*/cases/*.patch))),\
	$(patsubst objects/debug/cases/lab$(1)-%.elf,%,$(wildcard objects/debug/cases/lab$(1)-*.elf)))

# trials/ID-K.elf: the student's test, or the reference of it, is the only one, on the
# subject's reference (K = 0) or its K-th broken object.
trial_objs = $(if $(wildcard solutions),$(addprefix $(O)/,$(addsuffix .o,$(call broken_of,\
	$(sort $(wildcard solutions/*/trials/$(1)/*.patch))))),\
	$(sort $(wildcard objects/$(MODE)/trials/$(1)/*.o)))
# $(1) the exercise, $(2) K, $(3) own or given, $(4) its object, $(5) the subject's path,
# $(6) the object in its place
define trial_rule
$(O)/trials/$(3)/$(1)-$(2).elf: $(call in_place,$(firstword $(subst ., ,$(1))),$(5),$(6)) $(4) $(link_needs)
	$$(call say,LD,$$@) $$(link_kernel)
endef
# $(1) the exercise, $(2) the object of its file, $(3) the subject's
define trial_rules
$(foreach k,$(wordlist 1,$(words $(3) $(call trial_objs,$(1))),0 1 2 3 4 5 6 7 8 9),\
$(foreach w,own given,$(eval $(call trial_rule,$(1),$(k),$(w),$(if $(filter own,$(w)),$(O),$(reference))/$(2),$(3),\
$(if $(filter 0,$(k)),$(call finished,$(3)),$(word $(k),$(call trial_objs,$(1))))))))
endef
object = $(basename $(1)).o
$(foreach e,$(call of_form,test),$(call trial_rules,$(call field,1,$(e)),$(call object,$(call field,2,$(e))),\
	$(call object,$(call path_of,$(call field,4,$(e))))))

# The file of an image's name: trials/ID-K of own or given, cases/, or of the variant.
trial_of = $(if $(filter $(firstword $(subst -, ,$(notdir $(1)))),$(given) $(stand_ins)),given,own)
image_folder = $(if $(filter cases/%,$(1)),cases,$(if $(filter trials/%,$(1)),trials/$(trial_of),$(TAG)))
image_path = $(O)/$(image_folder)/$(notdir $(1))

IMAGES ?= stage$(LAB).stripped.elf
pair = $(O)/$(1)=$(1)
trial_pairs = $(foreach k,$(wordlist 1,$(words $(call trial_objs,$(1))),1 2 3 4 5 6 7 8 9),\
	$(word $(k),$(call trial_objs,$(1)))=trials/$(1)/$(k).o)
.PHONY: all images print-tag references print-references broken print-broken
images: $(foreach i,$(IMAGES),$(call image_path,$(i)))
print-tag:
	@echo $(V_DIR)
reference_objects := $(addprefix $(reference)/,$(foreach f,$(exercise_files),$(call object_of,$(f))))
references: $(reference_objects)
print-references:
	@echo $(reference_objects)

# What a handout brings of the labs up to LAB: "object=its name there".
broken_pairs := $(foreach l,$(call up_to,$(LAB)),$(if $(RELEASE),,$(foreach k,$(call cases_of,$(call number,$(l))),\
	$(call pair,cases/lab$(call number,$(l))-$(k).elf))) \
	$(foreach e,$(filter $(call number,$(l)).%,$(call of_form,test)),$(call trial_pairs,$(call field,1,$(e)))))
broken: $(foreach p,$(broken_pairs),$(call field,1,$(p)))
print-broken:
	@echo $(broken_pairs)

# -- Verbs -------------------------------------------------------------------------

all: $(foreach n,$(numbers),$(V_DIR)/stage$(n).stripped.elf $(V_DIR)/stage$(n).img) ## build all stages present

.PHONY: help
help: ## this list
	@echo 'make VERB [NAME=value ...], the verbs:'
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1@\2/p' Makefile | \
	awk -F@ '{ printf "%-16s %s\n", $$1, $$2 }'
	@sed -n '5,12s/^# //p' Makefile
	@echo 'All variables: $(variables); of tools: $(variables_of_tools).' | fold -s -w 78

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

# What a person runs is the finished OS where the solutions are at hand.
finished := $(if $(filter command line environment,$(origin SOLVED)),$(SOLVED),$(if $(wildcard solutions),all,none))
BOOT ?= pvh
run_image := $(if $(filter pvh,$(BOOT)),stage$(LAB).stripped.elf,$(if $(filter own,$(BOOT)),stage$(LAB).img,stage$(LAB).iso))

# CASE=K is the K-th broken kernel of the lab, in a debug build.
ifneq ($(filter-out $(call cases_of,$(LAB)),$(CASE)),)
$(error CASE=$(CASE): lab $(LAB) has no such case; there are $(or $(strip $(call cases_of,$(LAB))),none))
endif
case_image := cases/lab$(LAB)-$(CASE)
.PHONY: run run-images
run: ## boot a stage (finished where solutions/ is, else yours; SOLVED= says which), serial line here: [LAB=n] [CASE=k] [BOOT=pvh,own,grub,uefi] [GUI=1] [CMDLINE=..] [ACCEL=kvm] [MEMORY=64M] [CPU=max]
ifeq ($(filter $(BOOT),pvh own grub uefi),)
	@echo "BOOT=$(BOOT): no such way in; there are pvh, own, grub, uefi" >&2; exit 2
endif
ifneq ($(CASE),)
	@$(MAKE) images RELEASE= SOLVED=none LAB=$(LAB) IMAGES=$(case_image).stripped.elf
	@$(strata) run --images "$$($(MAKE) -s print-tag RELEASE= SOLVED=none)" --case '$(CASE)' \
	--lab $(LAB) --gui '$(GUI)' --accel '$(ACCEL)' --cmdline '$(CMDLINE)'
else
	@$(MAKE) images RELEASE=1 SOLVED=$(finished) LAB=$(LAB) IMAGES=$(run_image)
	@$(strata) run --images "$$($(MAKE) -s print-tag RELEASE=1 SOLVED=$(finished))" \
	--lab $(LAB) --boot $(BOOT) --gui '$(GUI)' --accel '$(ACCEL)' --cmdline '$(CMDLINE)' \
	$(if $(MEMORY),--memory $(MEMORY)) $(if $(CPU),--cpu $(CPU))
endif

# The grader reads LAB, STAGE, SOLVED, TEST, JOBS, SEED, EX, CASE, PLAIN from the environment.
.PHONY: grade grade-one debug rewind tests doctor provided skeletons bench
grade: ## build, boot and mark: [LAB=n] [STAGE=n] [SOLVED=..] [TEST=pattern] [JOBS=n] [SEED=s] [PLAIN=1]
	@$(strata) grade
grade-one: ## one test with its whole log: TEST=.. [STAGE=n]
	@$(strata) grade-one
debug: ## a stage in GDB (docs/gdb.md), or CASE=k of it; with TEST=.. the machine, image and seed of that graded run
	@$(strata) debug
rewind: ## a test of the last grade, recorded, in GDB at its failure, with reverse-continue (docs/rewind.md): TEST=..
	@$(strata) rewind
tests: ## every test by its name: [LAB=n] [TEST=pattern]
	@$(strata) tests
doctor: ## every tool that is used: there, new enough, and how to get it
	@$(strata) doctor
provided: ## the tests of provided code, which carry no marks: [LAB=n] [STAGE=n] [TEST=pattern]
	@$(strata) provided
skeletons: ## make the exercise files of the labs from solutions/
	@$(strata) skeletons
bench: ## the figures of a lab, a table and build/bench/labN.json: [LAB=n]
	@$(strata) bench

# A student's way on; they read EX, LAB, UNDO, ALL, OUT, .. from the environment, too.
.PHONY: rescue hint progress compare watch answers handin handout course chain-check
rescue: ## give what you are stuck at, so that the rest can go on: EX=0.5 or LAB=0 [UNDO=1]
	@$(strata) rescue
hint: ## the next rung of an exercise's ladder of hints: EX=0.1 [ALL=1]
	@$(strata) hint
progress: ## what is done, given and open, with points and hours: [LAB=n]
	@$(strata) progress
compare: ## your file beside the reference's text (solutions/, or a clone of make course), once it has all its points: EX=0.1
	@$(strata) compare
watch: ## on each save build and grade what the edit touches: [LAB=n] [EX=..]
	@$(strata) watch
answers: ## questions on your own build: asks, or reads labN-*/answers.toml: [LAB=n]
	@$(strata) answers
.PHONY: grade-class gradescope
grade-class: ## many submissions, each in a sandbox: SUBMISSIONS=dir LAB=n OUT=dir [TAG=..] [CONFIG=..] [AGAINST=dir] [LIMIT=s] [SCHEDULER=tcp://..]
	@$(strata) grade-class
gradescope: ## an autograder to upload there: LAB=n [OUT=x.zip] [CONFIG=course.toml] [MARK=given,alone]
	@$(strata) gradescope
handin: ## grade the exercise files on the untouched tree, build/handin/labN.zip: LAB=n
	@$(strata) handin
handout: ## what students get, as tags: OUT=dir [THROUGH=n] [REVEAL=k] [CONFIG=course.toml] [OBJECTS=0.5,..]
	@$(strata) chain handout
course: ## the same with starts and solutions, to learn by oneself: OUT=dir [CONFIG=course.toml]
	@$(strata) chain course
chain-check: ## each tag of a course builds, boots and grades alone: [OUT=course] [TAGS=lab0,..] [JOBS=n]
	@$(strata) chain-check

# RUNS=n instead of seconds: always the same runs. Finds are kept in the build.
SECONDS ?= 10
TARGET ?= $(fuzz_targets)
fuzz_kept = $(foreach l,$(labs),$(wildcard $(l)/tests/corpus/$(1)))
.PHONY: analyze host-test fuzz $(addprefix fuzz-run-,$(fuzz_targets))
host-test: $(host_test) ## hardware-free code's tests on this machine, with sanitizers: [LAB=n] [TEST=pattern]
	@$(host_test) '$(or $(TEST),all)' '$(subst $(blank),$(comma),$(strip \
	$(foreach l,$(call up_to,$(LAB)),$($(l)_host_skip))))' $(SEED)
ifneq ($(and $(given),$(filter host-test fuzz analyze,$(MAKECMDGOALS))),)
ifeq ($(wildcard solutions),)
$(error SOLVED=$(SOLVED): $(MAKECMDGOALS) compiles for this machine, and there is no solutions/ to compile)
endif
endif
ifneq ($(filter fuzz analyze,$(MAKECMDGOALS)),)
ifeq ($(shell command -v $(firstword $(FUZZ_CC)) 2>/dev/null),)
$(error no $(FUZZ_CC) here; this verb needs clang and its runtime: ./setup $(filter fuzz analyze,$(MAKECMDGOALS)) gets them)
endif
endif
ifneq ($(if $(filter fuzz,$(MAKECMDGOALS)),$(filter-out $(fuzz_targets),$(TARGET))),)
$(error TARGET=$(TARGET): there is no such target; there are $(fuzz_targets))
endif
analyze: $(analyzed) ## clang's analyzer on the C sources: silent if it finds nothing
fuzz: $(addprefix fuzz-run-,$(TARGET)) ## parsers against made-up input: [TARGET=..] [SECONDS=n] [RUNS=n] [INPUT=file]
$(addprefix fuzz-run-,$(fuzz_targets)): fuzz-run-%: $(H)/$(TAG)/fuzz-%
	@$(if $(INPUT),$< $(INPUT),$(if $(RUNS),rm -rf $(H)/corpus/$*-runs;) \
	new=$(H)/corpus/$*$(if $(RUNS),-runs); mkdir -p "$$new"; \
	if ASAN_OPTIONS=quarantine_size_mb=16 $< -timeout=10 -rss_limit_mb=1024 -artifact_prefix=$(H)/found-$*- \
	$(if $(RUNS),-seed=1 -runs=$(RUNS),-max_total_time=$(SECONDS)) \
	"$$new" $(call fuzz_kept,$*) > $(H)/fuzz-$*.log 2>&1; \
	then sed -n 's/^Done/ok fuzz $*: no fault in/p' $(H)/fuzz-$*.log; \
	elif sed -n 's/^exercise .* is not written yet/not begun fuzz $*: &/p' $(H)/fuzz-$*.log | grep .; \
	then sed -n 's/.*Test unit written to //p' $(H)/fuzz-$*.log | xargs rm -f; \
	else grep -v '^[#]' $(H)/fuzz-$*.log | head -n 60; \
	echo 'not ok fuzz $*: again with make fuzz TARGET=$* INPUT=<the file above>'; exit 1; fi)

.PHONY: serial walkthroughs
serial: ## the serial line of the machine of `make debug`, for a second terminal
	@$(strata) serial
walkthroughs: ## play the pages of docs/walkthroughs and the labs and compare: [TEST=pattern] [SOLVED=..]
	@$(strata) walkthrough

.PHONY: locks
locks: ## the kernel's lock classes by rank
	@$(MAKE) images SOLVED=$(finished) LAB=$(LAB)
	@$(strata) monitor --images "$$($(MAKE) -s print-tag SOLVED=$(finished))" --lab $(LAB) locks

.PHONY: roadmap mistakes
roadmap: ## docs/roadmap.md anew from the labs' lab.toml
	@$(strata) roadmap
mistakes: ## docs/instructor/mistakes.md anew from the mutants
	@$(strata) mistakes

.PHONY: docs docs-serve
docs: ## the site of all pages and of the source's contracts: build/site/index.html
	@$(strata) site
docs-serve: ## the same, shown on this machine at http://127.0.0.1:8000/: [PORT=n]
	@$(strata) site --serve

.PHONY: challenge
challenge: ## tests of the handout's challenges, without marks: [LAB=n] [TEST=pattern] [SOLVED=..]
	@$(strata) challenge

.PHONY: editor
editor: ## compile_commands.json and .vscode/launch.json
	@$(strata) editor $(V_DIR)/stage$(LAB).elf $(BUILD)/debug.sock \
	$(MAKE) -nB V=1 -j1 SOLVED=$(SOLVED) RELEASE=$(RELEASE) $(V_DIR)/stage$(LAB).elf $(V_DIR)/loader.elf

.PHONY: toolchain
toolchain: ## a GCC cross for x86_64-elf from Debian's source packages: [TOOLCHAIN=dir]
	@TOOLCHAIN='$(TOOLCHAIN)' grader/toolchain.sh

.PHONY: check check-all
check: ## prove the grader, the solutions and the tools: [ONLY=pattern]
	@$(strata) check
check-all: ## the same and what takes long: toolchain, parallel TCG, repeated runs
	@$(strata) check --all
