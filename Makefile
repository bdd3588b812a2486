# pmemctl: `make` builds, `make demo` shows, `make test` tests, `make install` installs.

PREFIX ?= /usr/local
DESTDIR ?=
# The test VM: its kernel (6.1, 6.12, 6.16, 6.18 or a package), DRAM, DIMMs and e820 memory as vm-test takes them.
KERNEL ?= 6.12
MEMORY ?= 4G
DIMMS ?= 2048,labels=128 4096,labels=128 1024
E820 ?= 256
# Of `make lockstep`.
CHANGES ?= 10000
DAMAGES ?= 5000
CARES ?= 500
CXL_CHANGES ?= 300
# Of `make undo-test`.
SEQUENCES ?= 100
# Of `make ndctl-diff`.
COMMANDS ?= 300
# Of `make kernel-faults`.
GUEST_FAULTS ?= 66
# Of `make model-test`.
SEED ?= 1
STEPS ?= 2000000
# Of `make mutation-test`: as many of all kinds, and of damaged media.
INPUTS ?= 50000
# Of `make deb-test`: the Debian releases that the package is installed in.
SUITES ?= bookworm trixie
# Of `make faults`: cases, 0 for all.
FAULTS ?= 6000
SWIFT ?= swift

release = .build/release
program = $(release)/pmemctl
# The C++ library that Swift's runtime stands on is linked statically too, where there is one to link: relocating the shared
# one took a third of the program's start. The linker takes it from the first directory that has either.
static = .build/static
release_flags = -c release --static-swift-stdlib -Xlinker -s -Xlinker -L$(CURDIR)/$(static)

# Debian packages, by what they are needed for.
build_packages = libndctl-dev libdaxctl-dev libmnl-dev libblkid-dev libyaml-dev pkg-config
check_packages = man-db groff-base python3
vm_packages = qemu-system-x86 busybox-static cpio kmod xz-utils ndctl daxctl jq gojq e2fsprogs xfsprogs dmsetup gcc libc6-dev \
	iproute2 initramfs-tools-core libibverbs-dev ibverbs-providers libbpf-dev fdisk btrfs-progs make gcc-12 libelf1
boot_packages = $(vm_packages) systemd udev
# Called by ndctl's own tests.
suite_packages = $(vm_packages) parted uuid-runtime xxd keyutils meson ninja-build pkg-config libkmod-dev libudev-dev uuid-dev \
	libjson-c-dev libkeyutils-dev libiniparser-dev python3-venv cpio
# What stacks devices, or serves them; the services that some of them bring are not started by anything here.
holder_packages = $(vm_packages) mdadm lvm2 bcache-tools nfs-kernel-server strace
test_packages = $(check_packages) $(vm_packages) zsh fish ansible-core python3-jsonschema systemd libvirt0 libxml2-utils \
	bats bubblewrap python3-yaml
bench_packages = $(vm_packages) time hyperfine lsof psmisc

deb_packages = dpkg-dev
deb_test_packages = $(deb_packages) lintian debootstrap jq zsh fish systemd

version = $(shell sed -n 's/.*let version = "\(.*\)"/\1/p' Sources/PmemctlCommands/Root/Pmemctl.swift)
# Where `make dist` and `make deb` leave their files.
target = .build

topology = $(addprefix -d ,$(DIMMS)) -e $(E820)

sections = 7 8
pages = $(foreach section,$(sections),$(wildcard man/*.$(section)))

.PHONY: all build release-build optimized-build demo test test-quick quick-test unit-test products-test docs model-test mutation-test fault-test faults ansible-test vm-test guest-test \
	boot-test ndctl-diff ndctl-suite lockstep undo-test kernel-faults holders-test check format bench exponents man \
	install uninstall install-test dist deb deb-test clean help deps-build deps-check deps-quick deps-test deps-vm deps-bench deps-boot deps-holders deps-suite deps-deb deps-deb-test

all: build

help:
	@echo 'make            build the program ($(program))'
	@echo 'make demo       the main job on a simulated machine'
	@echo 'make test       every test: units, commands, the binary, a real kernel in QEMU'
	@echo 'make test-quick some suites of units, commands and the binary, of a debug build, without a VM'
	@echo 'make unit-test  all but the real kernel'
	@echo 'make model-test random steps on the memory model, over all kernels and policies (STEPS=$(STEPS) SEED=$(SEED))'
	@echo 'make mutation-test  the program on mutated input files of every kind, and on damaged media (INPUTS=$(INPUTS) SEED=$(SEED))'
	@echo 'make fault-test some failed system calls and kills in every changing verb'
	@echo 'make faults     thousands of them (FAULTS=$(FAULTS) SEED=$(SEED))'
	@echo 'make products-test  a package of another project on the library products'
	@echo 'make docs       the documentation of the library products, by DocC'
	@echo 'make ansible-test   the Ansible collection on simulated hosts'
	@echo 'make vm-test    the real kernel alone (KERNEL=$(KERNEL) MEMORY=$(MEMORY) DIMMS="$(DIMMS)" E820=$(E820) SEED= COUNT= CHANGES=)'
	@echo 'make boot-test  the first boot under systemd, a second one, and one with broken layouts (KERNEL=$(KERNEL))'
	@echo 'make install-test   make install, the unit that applies layouts, and what libvirt is given, without a VM'
	@echo 'make ndctl-diff random command lines of ndctl and daxctl through the package and through pmemctl (COMMANDS=$(COMMANDS) SEED=$(SEED))'
	@echo 'make ndctl-suite ndctl'"'"'s own shell tests with ndctl being pmemctl (KERNEL=$(KERNEL))'
	@echo 'make lockstep   random changes, damaged media and CXL regions on a kernel and the simulator (CHANGES=$(CHANGES) DAMAGES=$(DAMAGES) CARES=$(CARES) CXL_CHANGES=$(CXL_CHANGES) SEED=)'
	@echo 'make undo-test  undo in many random sequences of changes on a kernel (SEQUENCES=$(SEQUENCES) SEED=$(SEED))'
	@echo 'make kernel-faults  calls that fail and kills on a kernel (GUEST_FAULTS=$(GUEST_FAULTS) SEED=$(SEED))'
	@echo 'make holders-test   rare users, crowds, and every user from every view, on a kernel (KERNEL=$(KERNEL))'
	@echo 'make check      format, module boundaries, circles, documentation comments, manual pages, words'
	@echo 'make bench      times and memory, beside ndctl'
	@echo 'make exponents  how the time of verbs grows with the machine; fails above 1.15'
	@echo 'make install    what `make` built, compiling nothing (PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)); make uninstall removes it'
	@echo 'make dist       a tarball of what is committed ($(target)/pmemctl-$(version).tar.gz)'
	@echo 'make deb        a Debian package ($(target)/pmemctl_$(version)_*.deb)'
	@echo 'make deb-test   both, by lintian and in bare Debian systems (SUITES="$(SUITES)"; as root)'

# $(call need,PACKAGES) installs those that are missing, as root or through sudo, and says so.
define need
	@missing=; for package in $(1); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "Installing Debian packages:$$missing"; \
		as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
		$$as_root apt-get -qq update && \
		DEBIAN_FRONTEND=noninteractive $$as_root apt-get -qq install -y --no-install-recommends $$missing > /dev/null; \
	fi
endef

deps-build:
	$(call need,$(build_packages))
	@mkdir -p $(static); \
	library=$$({ $(CC) -print-file-name=libstdc++.a || clang -print-file-name=libstdc++.a; } 2>/dev/null); \
	[ ! -f "$$library" ] || ln -sf "$$library" $(static)/

deps-check:
	$(call need,$(check_packages))

deps-test:
	$(call need,$(test_packages))

deps-quick:
	$(call need,$(check_packages) zsh fish)

deps-vm:
	$(call need,$(vm_packages))

deps-boot:
	$(call need,$(boot_packages))

deps-holders:
	$(call need,$(holder_packages))

deps-suite:
	$(call need,$(suite_packages))

deps-bench:
	$(call need,$(bench_packages))

deps-deb:
	$(call need,$(deb_packages))

deps-deb-test:
	$(call need,$(deb_test_packages))

build: deps-build
	$(SWIFT) build $(release_flags) --product pmemctl

# A debug build uses both cores and optimises nothing: a third of the time of the program's own, which a demo does not need.
demo: deps-build
	$(SWIFT) build --product pmemctl
	@Tests/demo .build/debug/pmemctl

# The four tiers: 1 and 2 in process and by millions of steps, 3 the built binary, alone, with calls that fail, and under
# Ansible, 4 a real kernel.
test:
	@MAKE='$(MAKE)' Tests/run-parts unit-test install-test products-test docs model-test fault-test ansible-test guest-test

# Without a VM, with one build instead of two: rules, output, inspection, the main commands, the binary and the manual. The
# other suites try thousands of cases, which takes a debug build long.
quick_suites = PmemDeviceTests. PmemOutputTests. PmemInspectTests. PmemctlCommandsTests.CommandTests/ \
	PmemctlCommandsTests.WrongCommandLineTests/ CLITests.ManualTests/ CLITests.BinaryTests/
test-quick:
	@MAKE='$(MAKE)' Tests/run-parts quick-test

quick-test: deps-build deps-quick
	$(SWIFT) build --build-tests
	PMEMCTL_BINARY=$(CURDIR)/.build/debug/pmemctl $(SWIFT) test --skip-build --disable-xctest \
		$(foreach suite,$(quick_suites),--filter '^$(suite)')
	@echo '# left out, because they take minutes: all suites but $(quick_suites)'

# Optimised, which takes some minutes more to build and many fewer to run; beside the debug build, which it would replace.
# The two builds go on at once: most of a build is one module after the other, which leaves a core idle.
unit-test: deps-build deps-test
	@$(MAKE) --no-print-directory -j2 --output-sync=target release-build optimized-build
	PMEMCTL_BINARY=$(CURDIR)/$(program) $(SWIFT) test --skip-build --disable-xctest --scratch-path .build/optimized -Xswiftc -O

# All products of a release build: the guests need the runners, too.
release-build:
	$(SWIFT) build $(release_flags)

optimized-build:
	$(SWIFT) build --build-tests --scratch-path .build/optimized -Xswiftc -O -debug-info-format none

model-test: deps-build
	$(SWIFT) build $(release_flags) --product pmemctl-model
	$(release)/pmemctl-model $(SEED) $(STEPS)

# The unit tests do some hundred of them.
mutation-test: deps-build
	$(SWIFT) build $(release_flags) --product pmemctl
	$(SWIFT) build $(release_flags) --product pmemctl-mutation
	@# Damaged media by themselves: they are as many kinds as all others together.
	@$(release)/pmemctl-mutation $(program) $(SEED) $(INPUTS) & others=$$!; \
		$(release)/pmemctl-mutation $(program) $(SEED) $(INPUTS) 0 media; status=$$?; wait $$others && exit $$status

fault-test: build deps-test
	@Tests/FaultRunner/run --seed $(SEED) --count 200 $(program)

faults: build deps-test
	@Tests/FaultRunner/run --seed $(SEED) --count $(FAULTS) $(program)

# The pages of the library products, by DocC, which is part of the toolchain; a link that leads nowhere is an error. In a
# build directory of its own, because the plugin is a dependency that no other build has.
libraries = PmemDevice PmemMedia PmemModel PmemSim
docs: deps-build
	@mkdir -p .build/docs
	PMEMCTL_DOCS=1 $(SWIFT) package --scratch-path .build/docs/build --allow-writing-to-directory .build/docs \
		generate-documentation $(addprefix --target ,$(libraries)) --enable-experimental-combined-documentation \
		--warnings-as-errors --output-path .build/docs/pmemctl.doccarchive
	@echo 'docc preview, or any web server, shows .build/docs/pmemctl.doccarchive'

products-test: deps-build
	@SWIFT='$(SWIFT)' Tests/Products/run

ansible-test: deps-build deps-test
	$(SWIFT) build $(release_flags) --product pmemctl
	@Tests/Ansible/run $(program)

vm-test: deps-build deps-vm
	$(SWIFT) build $(release_flags)
	@Tests/VM/run-all -k $(KERNEL) -m $(MEMORY) $(topology)

# Both in one: the boots are more jobs of the same queue.
guest-test: build deps-boot
	@FIRST_BOOT=1 Tests/VM/run-all -k $(KERNEL) -m $(MEMORY) $(topology)

boot-test: build deps-boot
	@Tests/VM/first-boot -k $(KERNEL)

ndctl-diff: deps-build deps-vm
	$(SWIFT) build $(release_flags) --product pmemctl
	SEED=$(SEED) COMMANDS=$(COMMANDS) SCENARIO_SECONDS=86400 Tests/VM/vm-test -k $(KERNEL) -m $(MEMORY) $(topology) -t 86400 \
		Tests/VM/scenarios/54-ndctl.sh

ndctl-suite: build deps-suite
	@Tests/VM/ndctl-suite -k $(KERNEL) -p $(program)

lockstep: deps-build deps-vm
	$(SWIFT) build $(release_flags)
	CHANGES=$(CHANGES) SCENARIO_SECONDS=86400 Tests/VM/vm-test -k $(KERNEL) -m $(MEMORY) $(topology) \
		-t 86400 Tests/VM/scenarios/35-lockstep.sh
	@# Labels, info blocks and BTTs of one DIMM; then the labels of sets, which nfit_test has.
	for version in 1.2 1.1; do \
		LABELS=$$version DAMAGES=$$(($(DAMAGES) / 2)) SEED=$(SEED) SCENARIO_SECONDS=86400 Tests/VM/vm-test -k $(KERNEL) \
			-m $(MEMORY) -d 512,labels=128 -e 0 -t 86400 Tests/VM/scenarios/36-hostile-media.sh || exit; \
	done
	for ways in 2 4; do \
		WAYS=$$ways DAMAGES=$$(($(DAMAGES) / 10)) SEED=$(SEED) SCENARIO_SECONDS=86400 Tests/VM/vm-test -N -k 6.12 \
			-m $(MEMORY) -d none -e 0 -t 86400 Tests/VM/scenarios/36-hostile-media.sh || exit; \
	done
	@# Regions of CXL, of devices with one decoder and with four.
	for devices in -X "-X -Q"; do \
		CXL_CHANGES=$(CXL_CHANGES) SEED=$(SEED) SCENARIO_SECONDS=86400 Tests/VM/vm-test $$devices -k $(KERNEL) \
			-m $(MEMORY) -d none -e 0 -t 86400 Tests/VM/scenarios/85-cxl-lockstep.sh || exit; \
	done
	CARES=$(CARES) SEED=$(SEED) SCENARIO_SECONDS=86400 Tests/VM/vm-test -N -k 6.12 -m $(MEMORY) -e 0 -t 86400 \
		Tests/VM/scenarios/63-care-lockstep.sh

undo-test: deps-build deps-vm
	$(SWIFT) build $(release_flags)
	SEED=$(SEED) SEQUENCES=$(SEQUENCES) SCENARIO_SECONDS=86400 Tests/VM/vm-test -k $(KERNEL) -m $(MEMORY) -e 0 -t 86400 \
		Tests/VM/scenarios/44-undo-property.sh

kernel-faults: deps-build deps-vm
	$(SWIFT) build $(release_flags)
	GUEST_FAULTS=$(GUEST_FAULTS) SEED=$(SEED) SCENARIO_SECONDS=86400 \
		Tests/VM/vm-test -k $(KERNEL) -m $(MEMORY) -e 0 -t 86400 Tests/VM/scenarios/49-faults.sh

holders-test: deps-build deps-holders
	$(SWIFT) build $(release_flags)
	SCENARIO_SECONDS=7200 Tests/VM/vm-test -k $(KERNEL) -m $(MEMORY) -e 0 -t 14400 Tests/VM/holders/*.sh

check: deps-build deps-check
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift
	@Tests/check-boundaries
	@Tests/check-circles
	@Tests/check-documentation
	@Tests/check-manual $(pages)
	@Tests/check-words
	@Tests/check-docs

format:
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift

bench: deps-build deps-bench
	$(SWIFT) build $(release_flags)
	@Tests/bench $(program)

# How each verb's time grows with the size of a simulated machine; processor time, so that a busy machine does no harm.
exponents: build
	@Tests/exponents $(program)

# The pages are written by hand; this shows them as text.
man: deps-check
	@for page in $(pages); do man --warnings -E UTF-8 -l -Tutf8 "$$page" | col -b > /dev/null || exit 1; done
	@echo "$(words $(pages)) pages are good; read one with: man -l man/pmemctl.8"

# Below DESTDIR and PREFIX: what is installed, by directory. Files of other versions go with `make uninstall` too.
share = $(DESTDIR)$(PREFIX)/share
library = $(DESTDIR)$(PREFIX)/lib
# The Ansible collection, where Ansible looks for it if PREFIX is /usr.
collection = ansible/collections/ansible_collections/pmemctl/pmem
collection_files = $(patsubst Sources/ansible/%,%,$(shell find Sources/ansible -type f))
installed = $(DESTDIR)$(PREFIX)/bin/pmemctl $(share)/man/man8/pmemctl*.8 $(share)/man/man7/pmem-memory-model.7 $(share)/man/man7/pmemctl-*.7 \
	$(share)/bash-completion/completions/pmemctl $(share)/zsh/site-functions/_pmemctl \
	$(share)/fish/vendor_completions.d/pmemctl.fish $(share)/pmemctl/layout.schema.json $(share)/pmemctl/scenarios/*.pmem \
	$(share)/pmemctl/schema/*.json \
	$(addprefix $(share)/$(collection)/,$(collection_files)) $(addprefix $(library)/systemd/system/,$(units)) \
	$(library)/udev/rules.d/60-pmemctl.rules $(library)/pmemctl/apply-layouts \
	$(addprefix $(library)/pmemctl/bin/,$(called)) $(addprefix $(share)/pmemctl/completions/,$(called))
units = pmemctl-layout.service pmemctl-monitor.service
# The names by which scripts call other tools; man 7 pmemctl-ndctl. Where no search path looks.
called = ndctl daxctl
# Removed if nothing else is in them; bin, lib and man are the system's.
share_directories = bash-completion/completions zsh/site-functions fish/vendor_completions.d pmemctl/scenarios \
	pmemctl/schema pmemctl/completions $(addprefix $(collection)/,$(sort $(patsubst %/,%,$(dir $(collection_files)))))
library_directories = systemd/system udev/rules.d pmemctl/bin pmemctl

# Compiles nothing: `sudo make install` must not leave root's files in .build.
install:
	@[ -x $(program) ] || { echo 'cannot install pmemctl: it is not built; run `make` first' >&2; exit 1; }
	install -d $(DESTDIR)$(PREFIX)/bin $(addprefix $(share)/man/man,$(sections)) \
		$(addprefix $(share)/,$(share_directories)) $(addprefix $(library)/,$(library_directories))
	install -m 755 $(program) $(DESTDIR)$(PREFIX)/bin/pmemctl
	install -m 644 $(wildcard man/*.7) $(share)/man/man7
	install -m 644 $(wildcard man/*.8) $(share)/man/man8
	$(program) --generate-completion-script bash | sed '1{/^#!/d}' > $(share)/bash-completion/completions/pmemctl
	$(program) --generate-completion-script zsh > $(share)/zsh/site-functions/_pmemctl
	$(program) --generate-completion-script fish > $(share)/fish/vendor_completions.d/pmemctl.fish
	$(program) layout schema > $(share)/pmemctl/layout.schema.json
	install -m 644 Tests/Scenarios/*.pmem $(share)/pmemctl/scenarios
	install -m 644 Sources/schema/*.json $(share)/pmemctl/schema
	for file in $(collection_files); do install -m 644 Sources/ansible/$$file $(share)/$(collection)/$$file || exit; done
	install -m 755 Sources/systemd/apply-layouts $(library)/pmemctl
	for name in $(called); do \
		ln -sf ../../../bin/pmemctl $(library)/pmemctl/bin/$$name && \
		install -m 644 Sources/completions/ndctl.bash $(share)/pmemctl/completions/$$name || exit; \
	done
	for unit in $(units); do \
		sed 's|@BINDIR@|$(PREFIX)/bin|; s|@LIBDIR@|$(PREFIX)/lib|' Sources/systemd/$$unit > $(library)/systemd/system/$$unit || \
			exit; \
	done
	install -m 644 Sources/udev/60-pmemctl.rules $(library)/udev/rules.d

uninstall:
	rm -f $(installed)
	@cd $(share) && rmdir -p --ignore-fail-on-non-empty $(share_directories) 2> /dev/null; \
	cd $(library) && rmdir -p --ignore-fail-on-non-empty $(library_directories) 2> /dev/null; true

install-test: build deps-test
	@Tests/Packaging/install $(program)
	@Tests/Packaging/boot $(program)
	@Tests/Packaging/libvirt $(program)

# Of HEAD: git archive has the commit's time in it, and gzip none, so that the same commit gives the same bytes.
dist:
	@git diff --quiet HEAD || echo 'make dist: what is not committed is not in the tarball' >&2
	@mkdir -p $(target)
	@git archive --format=tar --prefix=pmemctl-$(version)/ HEAD | gzip -9n > $(target)/pmemctl-$(version).tar.gz
	@echo $(target)/pmemctl-$(version).tar.gz

deb: build deps-deb
	@Sources/debian/build $(program) $(target)

deb-test: deb deps-deb-test
	@Tests/Packaging/install $(program)
	@Tests/Packaging/boot $(program)
	@Tests/Packaging/deb $(program)
	@for suite in $(SUITES); do \
		Tests/Packaging/chroot $$suite $$(ls -t $(target)/pmemctl_$(version)_*.deb | head -n 1) $(target)/chroots || exit; \
	done

clean:
	rm -rf .build
