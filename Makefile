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
# Of `make undo-test`.
SEQUENCES ?= 100
# Of `make model-test`.
SEED ?= 1
STEPS ?= 2000000
# Of `make mutation-test`.
INPUTS ?= 20000
# Of `make faults`: cases, 0 for all.
FAULTS ?= 6000
SWIFT ?= swift

release = .build/release
program = $(release)/pmemctl
# The C++ library that Swift's runtime stands on is linked statically too, where there is one to link: relocating the shared
# one took a third of the program's start. The linker takes it from the first folder that has either.
static = .build/static
release_flags = -c release --static-swift-stdlib -Xlinker -s -Xlinker -L$(CURDIR)/$(static)

# Debian packages, by what they are needed for.
build_packages = libndctl-dev libdaxctl-dev libmnl-dev libblkid-dev libyaml-dev pkg-config
check_packages = man-db groff-base
vm_packages = qemu-system-x86 busybox-static cpio kmod xz-utils ndctl daxctl jq e2fsprogs xfsprogs dmsetup gcc libc6-dev \
	iproute2 libibverbs-dev ibverbs-providers libbpf-dev fdisk
test_packages = $(check_packages) $(vm_packages) zsh fish ansible-core python3 python3-jsonschema
bench_packages = $(vm_packages) time hyperfine lsof psmisc

topology = $(addprefix -d ,$(DIMMS)) -e $(E820)

sections = 8
pages = $(wildcard man/*.$(sections))

.PHONY: all build demo test unit-test model-test mutation-test fault-test faults ansible-test vm-test lockstep undo-test check format bench man install uninstall clean help \
	deps-build deps-check deps-test deps-vm deps-bench

all: build

help:
	@echo 'make            build the program ($(program))'
	@echo 'make demo       the main job on a simulated machine'
	@echo 'make test       every test: units, commands, the binary, a real kernel in QEMU'
	@echo 'make unit-test  all but the real kernel'
	@echo 'make model-test random steps on the memory model, over all kernels and policies (STEPS=$(STEPS) SEED=$(SEED))'
	@echo 'make mutation-test  the program on mutated input files of every kind (INPUTS=$(INPUTS) SEED=$(SEED))'
	@echo 'make fault-test some failed system calls and kills in every changing verb'
	@echo 'make faults     thousands of them (FAULTS=$(FAULTS) SEED=$(SEED))'
	@echo 'make ansible-test   the Ansible module on simulated hosts'
	@echo 'make vm-test    the real kernel alone (KERNEL=$(KERNEL) MEMORY=$(MEMORY) DIMMS="$(DIMMS)" E820=$(E820) SEED= COUNT= CHANGES=)'
	@echo 'make lockstep   many random changes on a kernel and the simulator in lockstep (CHANGES=$(CHANGES) SEED=)'
	@echo 'make undo-test  undo in many random sequences of changes on a kernel (SEQUENCES=$(SEQUENCES) SEED=$(SEED))'
	@echo 'make check      format, module boundaries, manual pages'
	@echo 'make bench      times and memory, beside ndctl'
	@echo 'make install    PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)'

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

deps-vm:
	$(call need,$(vm_packages))

deps-bench:
	$(call need,$(bench_packages))

build: deps-build
	$(SWIFT) build $(release_flags) --product pmemctl

demo: build
	@Tests/demo $(program)

# The four tiers: 1 and 2 in process and by millions of steps, 3 the built binary, alone, with calls that fail, and under
# Ansible, 4 a real kernel.
test: unit-test model-test fault-test ansible-test vm-test

unit-test: deps-build deps-test
	$(SWIFT) build $(release_flags) --product pmemctl
	PMEMCTL_BINARY=$(CURDIR)/$(program) $(SWIFT) test --disable-xctest

model-test: deps-build
	$(SWIFT) build $(release_flags) --product pmemctl-model
	$(release)/pmemctl-model $(SEED) $(STEPS)

# The unit tests do some hundred of them.
mutation-test: deps-build
	$(SWIFT) build $(release_flags) --product pmemctl
	$(SWIFT) build $(release_flags) --product pmemctl-mutation
	$(release)/pmemctl-mutation $(program) $(SEED) $(INPUTS)

fault-test: build deps-test
	@Tests/FaultRunner/run --seed $(SEED) --count 200 $(program)

faults: build deps-test
	@Tests/FaultRunner/run --seed $(SEED) --count $(FAULTS) $(program)

ansible-test: deps-build deps-test
	$(SWIFT) build $(release_flags) --product pmemctl
	@Tests/Ansible/run $(program)

vm-test: deps-build deps-vm
	$(SWIFT) build $(release_flags)
	@Tests/VM/run-all -k $(KERNEL) -m $(MEMORY) $(topology)

lockstep: deps-build deps-vm
	$(SWIFT) build $(release_flags)
	CHANGES=$(CHANGES) SCENARIO_SECONDS=86400 Tests/VM/vm-test -k $(KERNEL) -m $(MEMORY) $(topology) -t 86400 \
		Tests/VM/scenarios/35-lockstep.sh

undo-test: deps-build deps-vm
	$(SWIFT) build $(release_flags)
	SEED=$(SEED) SEQUENCES=$(SEQUENCES) SCENARIO_SECONDS=86400 Tests/VM/vm-test -k $(KERNEL) -m $(MEMORY) -e 0 -t 86400 \
		Tests/VM/scenarios/44-undo-property.sh

check: deps-build deps-check
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift
	@Tests/check-boundaries
	@Tests/check-manual $(pages)

format:
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift

bench: deps-build deps-bench
	$(SWIFT) build $(release_flags)
	@Tests/bench $(program)

# The pages are written by hand; this shows them as text.
man: deps-check
	@for page in $(pages); do man --warnings -E UTF-8 -l -Tutf8 "$$page" | col -b > /dev/null || exit 1; done
	@echo "$(words $(pages)) pages are good; read one with: man -l man/pmemctl.8"

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d $(DESTDIR)$(PREFIX)/share/ansible/plugins/modules \
		$(DESTDIR)$(PREFIX)/share/pmemctl/scenarios $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 755 $(program) $(DESTDIR)$(PREFIX)/bin/pmemctl
	install -m 644 $(pages) $(DESTDIR)$(PREFIX)/share/man/man8
	$(program) --generate-completion-script bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/pmemctl
	$(program) --generate-completion-script zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_pmemctl
	$(program) --generate-completion-script fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/pmemctl.fish
	$(program) layout schema > $(DESTDIR)$(PREFIX)/share/pmemctl/layout.schema.json
	install -m 644 Tests/Scenarios/*.pmem $(DESTDIR)$(PREFIX)/share/pmemctl/scenarios
	install -m 644 Sources/ansible/pmem_layout.py $(DESTDIR)$(PREFIX)/share/ansible/plugins/modules
	sed 's|@BINDIR@|$(PREFIX)/bin|' Sources/systemd/pmemctl-layout.service \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/pmemctl-layout.service

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/pmemctl $(DESTDIR)$(PREFIX)/share/man/man8/pmemctl*.8 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/pmemctl \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_pmemctl \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/pmemctl.fish \
		$(DESTDIR)$(PREFIX)/share/pmemctl/layout.schema.json $(DESTDIR)$(PREFIX)/share/pmemctl/scenarios/*.pmem \
		$(DESTDIR)$(PREFIX)/share/ansible/plugins/modules/pmem_layout.py \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/pmemctl-layout.service

clean:
	rm -rf .build
