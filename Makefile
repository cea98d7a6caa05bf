# SPDX-License-Identifier: Apache-2.0
.DEFAULT_GOAL := help

CONFIGURATION ?= Release
DOTNET ?= dotnet
DESTDIR ?=
PREFIX ?= /usr
KILLS ?= 200
FRAMES ?= 5000000
CASES ?= 500
VERSION ?= $(shell sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' Directory.Build.props)
RUNTIME ?= linux-$(if $(filter aarch64,$(shell uname -m)),arm64,x64)
STAGE := artifacts/ahead/stage
CUTS ?= 500
INPUTS ?= 100000
STATE := $(CURDIR)/.state
DAEMON := src/ControlPlane.Daemon
CTL := src/ControlPlane.Cli
DEMO := tests/ControlPlane.Demo
TOOLS := tools/node_modules/.package-lock.json
BUF := $(CURDIR)/tools/node_modules/.bin/buf
SNAPSHOTS := ControlPlane.FunctionalTests ControlPlane.ClientTests ControlPlane.CliTests
OPENAPI := tests/ControlPlane.FunctionalTests/Snapshots/openapi.v1.json
OPENAPI_3_0 := tests/ControlPlane.FunctionalTests/Snapshots/openapi.v1-3.0.json
C_FILES = $(shell git ls-files '*.c' '*.h')

# The kernel wants capabilities; building does not. Commands that need root get it here and nowhere else.
ROOT := $(if $(filter 0,$(shell id -u)),,sudo env "PATH=$(PATH)" "DOTNET_ROOT=$(DOTNET_ROOT)")

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-15s %s\n", $$1, $$2}'
	@echo
	@echo "  make run ARGS='--simulate'       other arguments of the daemon; --help lists them"
	@echo "  make demo DEMO_SECONDS=10        end by itself; without a terminal it does so anyway"
	@echo "  make test FILTER=Name            only the tests whose full name contains Name"
	@echo "  make test GROUP=truth            only the tests of a group: truth, losses, soak, snapshot, fuzz, powercut, systemd"
	@echo "  make soak KILLS=1000             kill it more often than 200 times, or less"
	@echo "  make soak FRAMES=50000000        frames over restarts, and over upgrades; 5,000,000 by default"
	@echo "  make truth CASES=1000 SEED=7     more random cases than 500; from a seed, to repeat a run"
	@echo "  make truth WITHOUT=tags-lost     with a rule switched off, so that the run must fail"
	@echo "  make fuzz INPUTS=2000000 SEED=7  more random requests than 100,000; from a seed"
	@echo "  make powercut CUTS=5000 SEED=7   more cuts than 500; from a seed"
	@echo "  make kernels KERNELS=6.1         only this kernel; 6.1 and 6.12 by default"
	@echo "  make bench BENCH=list            only this benchmark; bench/README.md names them"

.PHONY: setup
setup: ## Install from Debian what is missing; quick when nothing is
	@scripts/setup.sh

.PHONY: build
build: setup ## Build everything
	@$(DOTNET) build ControlPlane.sln -c $(CONFIGURATION) -v quiet --nologo

.PHONY: run
run: setup ## Build and start the daemon here, its state in .state
	@$(DOTNET) build $(DAEMON) -c $(CONFIGURATION) -v quiet --nologo
	@$(DOTNET) build $(CTL) -c $(CONFIGURATION) -v quiet --nologo
	@echo 'In another shell: alias devmapctl=$(CURDIR)/$(CTL)/bin/$(CONFIGURATION)/net10.0/devmapctl; devmapctl --help'
	@mkdir -p $(STATE)
	@exec $(if $(filter --simulate,$(ARGS)),,$(ROOT)) $(DAEMON)/bin/$(CONFIGURATION)/net10.0/devmapd run --ControlPlane:StateDirectory=$(STATE) \
		--ControlPlane:Listen:Rest=http://127.0.0.1:5080 --ControlPlane:Listen:Grpc=http://127.0.0.1:5081 \
		--Serilog:MinimumLevel:Override:ControlPlane.Daemon.Observability.RequestLog=Debug $(ARGS)

.PHONY: test
test: build ## Run all tests
	@CONFIGURATION=$(CONFIGURATION) DOTNET="$(ROOT) $(DOTNET)" scripts/test.sh $(if $(GROUP),--group $(GROUP)) $(FILTER)

.PHONY: clients
clients: setup ## Build the clients in other languages, and test them all; CLIENT=python for one
	@$(DOTNET) build $(DAEMON) -c $(CONFIGURATION) -v quiet --nologo
	@CONFIGURATION=$(CONFIGURATION) $(ROOT) clients/test.py $(CLIENT)

.PHONY: soak
soak: build ## Kill, restart and upgrade the daemon under writes and traffic
	@CONFIGURATION=$(CONFIGURATION) DOTNET="$(ROOT) env DEVMAPD_KILLS=$(KILLS) DEVMAPD_LIVE_FRAMES=$(FRAMES) $(DOTNET)" HANG_TIMEOUT=10h \
		scripts/test.sh --group soak

.PHONY: truth
truth: build ## Compare what it says of entries with TCP and UDP, in random topologies
	@CONFIGURATION=$(CONFIGURATION) DOTNET="$(ROOT) env DEVMAPD_TRUTH_CASES=$(CASES)$(if $(SEED), DEVMAPD_TRUTH_SEED=$(SEED)) $(if $(WITHOUT),DEVMAPD_TRUTH_WITHOUT=$(WITHOUT)) $(DOTNET)" HANG_TIMEOUT=10h \
		scripts/test.sh --group truth

.PHONY: fuzz
fuzz: build ## Send random requests by REST and gRPC, with and without identity
	@CONFIGURATION=$(CONFIGURATION) DOTNET="$(ROOT) env DEVMAPD_FUZZ_INPUTS=$(INPUTS) DEVMAPD_FUZZ_SEED=$(or $(SEED),$(shell date +%N | sed 's/^0*//; s/...$$//')) $(DOTNET)" HANG_TIMEOUT=10h \
		scripts/test.sh --group fuzz

.PHONY: powercut
powercut: build ## Cut the power at any moment of recorded writes; no answered write may be lost
	@CONFIGURATION=$(CONFIGURATION) DOTNET="$(ROOT) env DEVMAPD_CUTS=$(CUTS)$(if $(SEED), DEVMAPD_CUTS_SEED=$(SEED)) $(DOTNET)" HANG_TIMEOUT=10h \
		scripts/test.sh --group powercut

.PHONY: kernels
kernels: build ## Run the kernel tests, and some from end to end, on Debian's other kernels under emulation
	@CONFIGURATION=$(CONFIGURATION) $(ROOT) scripts/kernels.sh $(KERNELS)

.PHONY: snapshots
snapshots: build ## Rewrite the recorded contracts; git diff shows the change
	@for project in $(SNAPSHOTS); do \
		DEVMAPD_UPDATE_SNAPSHOTS=1 $(DOTNET) test tests/$$project -c $(CONFIGURATION) --no-build --nologo -v quiet --filter Group=snapshot >/dev/null || true; \
		$(DOTNET) test tests/$$project -c $(CONFIGURATION) --no-build --nologo -v quiet --filter Group=snapshot || exit 1; \
	done
	@git --no-pager diff --stat -- $(SNAPSHOTS:%=tests/%/Snapshots)

.PHONY: demo
demo: setup ## Show the daemon steer frames between namespaces
	@$(DOTNET) build $(DEMO) -c $(CONFIGURATION) -v quiet --nologo
	@exec $(ROOT) $(DEMO)/bin/$(CONFIGURATION)/net10.0/devmapd-demo $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

.PHONY: bench
bench: setup ## Measure, with plain C baselines beside it
	@$(DOTNET) build bench/ControlPlane.Bench -c $(CONFIGURATION) -v quiet --nologo
	@$(ROOT) bench/run.sh $(CONFIGURATION) $(BENCH)

.PHONY: overload
overload: build ## Overload the daemon: watchers, idle connections, writers, lists; tell how others fare
	@$(ROOT) unshare --net -- bench/overload.py --daemon $(DAEMON)/bin/$(CONFIGURATION)/net10.0/devmapd

.PHONY: format
format: $(TOOLS) ## Put all code in form
	$(DOTNET) format ControlPlane.sln
	$(if $(C_FILES),clang-format -i $(C_FILES))
	cd protos && $(BUF) format -w

.PHONY: lint
lint: lint-contract ## Check the form of all code, and the shell scripts
	$(DOTNET) format ControlPlane.sln --verify-no-changes
	$(if $(C_FILES),clang-format --dry-run --Werror $(C_FILES))
	@if command -v shellcheck >/dev/null; then shellcheck scripts/*.sh packaging/deb.sh packaging/debian/p* .ci/run; else echo "shellcheck is not installed: scripts are unchecked"; fi

# Tools that check the contracts, in the versions of tools/package-lock.json.
$(TOOLS): tools/package-lock.json
	@cd tools && npm ci --ignore-scripts --silent
	@touch $@

.PHONY: lint-contract
lint-contract: setup $(TOOLS) ## Check the wire contract: rules, form, and what breaks clients
	@cd protos && $(BUF) lint && $(BUF) format --diff --exit-code
	@tools/node_modules/.bin/spectral lint --quiet --fail-severity error --ruleset tools/spectral.yaml $(OPENAPI)
	@tools/node_modules/.bin/spectral lint --quiet --fail-severity error --ruleset tools/spectral-3.0.yaml $(OPENAPI_3_0)
	@tools/node_modules/.bin/redocly lint --config tools/redocly.yaml --format stylish $(OPENAPI) $(OPENAPI_3_0)
	@if [ -e protos/baseline.binpb ]; then cd protos && $(BUF) breaking --against baseline.binpb; fi

.PHONY: proto-baseline
proto-baseline: $(TOOLS) ## Make the protos of now the ones that must not break
	@cd protos && $(BUF) build --exclude-source-info --output baseline.binpb

.PHONY: systemd
systemd: build ## Test the unit under a real systemd: crashes, hangs, restarts, namespaces
	@CONFIGURATION=$(CONFIGURATION) DOTNET="$(ROOT) $(DOTNET)" scripts/test.sh --group systemd

.PHONY: packages
packages: build stage ## Build package and image, and test them: install, upgrade, remove, run
	@packaging/image.py $(VERSION) $(STAGE) artifacts/packages
	@packaging/deb.sh $(VERSION) $(STAGE) artifacts/packages
	@COMPRESSION=none packaging/deb.sh $(VERSION)+next $(STAGE) artifacts/packages
	@CONFIGURATION=$(CONFIGURATION) DOTNET="$(ROOT) env DEVMAPD_PACKAGES=$(CURDIR)/artifacts/packages DEVMAPD_TEST_PATIENCE=5 $(DOTNET)" scripts/test.sh --group packages

.PHONY: install
install: ## Install daemon, unit and settings under DESTDIR (as root)
	$(DOTNET) publish $(DAEMON) -c $(CONFIGURATION) -v quiet --nologo -o artifacts/publish
	$(DOTNET) publish $(CTL) -c $(CONFIGURATION) -v quiet --nologo -o artifacts/publish
	@$(MAKE) --no-print-directory install-files PUBLISHED=artifacts/publish

# The files of an installation, from a published daemon. Package and image have the same.
.PHONY: install-files
install-files:
	install -d $(DESTDIR)$(PREFIX)/lib/devmapd $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/lib/systemd/system \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d $(DESTDIR)$(PREFIX)/lib/tmpfiles.d $(DESTDIR)/etc/devmapd \
		$(DESTDIR)$(PREFIX)/bin $(DESTDIR)/etc/devmapd/tables.d \
		$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d \
		$(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/doc/devmapd/examples
	@# A link from an earlier installation: a copy would go through it, to the settings.
	rm -f $(DESTDIR)$(PREFIX)/lib/devmapd/appsettings.json
	cp -r $(PUBLISHED)/. $(DESTDIR)$(PREFIX)/lib/devmapd/
	ln -sf ../lib/devmapd/devmapd $(DESTDIR)$(PREFIX)/sbin/devmapd
	install -m 0644 systemd/*.service systemd/*.socket $(DESTDIR)$(PREFIX)/lib/systemd/system/
	install -m 0644 systemd/devmapd.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/devmapd.conf
	install -m 0644 systemd/devmapd.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/devmapd.conf
	install -m 0644 packaging/examples/* $(DESTDIR)$(PREFIX)/share/doc/devmapd/examples/
	packaging/man.py devmapd.8 $(VERSION) | gzip -9n >$(DESTDIR)$(PREFIX)/share/man/man8/devmapd.8.gz
	packaging/man.py devmapd.conf.5 $(VERSION) | gzip -9n >$(DESTDIR)$(PREFIX)/share/man/man5/devmapd.conf.5.gz
	ln -sf ../lib/devmapd/devmapctl $(DESTDIR)$(PREFIX)/bin/devmapctl
	packaging/man.py devmapctl.1 $(VERSION) | gzip -9n >$(DESTDIR)$(PREFIX)/share/man/man1/devmapctl.1.gz
	$(PUBLISHED)/devmapctl completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/devmapctl
	$(PUBLISHED)/devmapctl completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_devmapctl
	$(PUBLISHED)/devmapctl completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/devmapctl.fish
	packaging/completion.py $(PUBLISHED)/devmapd >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/devmapd
	@# The settings of the unit: the unix socket alone. All commands find them, because they are the settings beside the program.
	test -e $(DESTDIR)/etc/devmapd/devmapd.conf || \
		sed -E 's#"(Rest|Grpc)": "http[^"]*"#"\1": ""#' appsettings.json >$(DESTDIR)/etc/devmapd/devmapd.conf
	ln -sf /etc/devmapd/devmapd.conf $(DESTDIR)$(PREFIX)/lib/devmapd/appsettings.json

# A daemon with its own runtime, compiled ahead of time, and its files under STAGE. Built apart, so that the build of now stays as it is.
.PHONY: stage
stage: setup
	@$(DOTNET) publish $(DAEMON) -c $(CONFIGURATION) -v quiet --nologo --artifacts-path artifacts/ahead -o artifacts/ahead/published \
		-r $(RUNTIME) --self-contained -p:PublishReadyToRun=true -p:VersionPrefix=$(VERSION) -p:DebugType=none
	@$(DOTNET) publish $(CTL) -c $(CONFIGURATION) -v quiet --nologo --artifacts-path artifacts/ahead -o artifacts/ahead/ctl \
		-r $(RUNTIME) -p:PublishAot=true -p:VersionPrefix=$(VERSION) -p:DebugType=none
	@cp artifacts/ahead/ctl/devmapctl artifacts/ahead/published/
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory --silent install-files PUBLISHED=artifacts/ahead/published DESTDIR=$(STAGE)

.PHONY: deb
deb: stage ## Build a Debian package with its own runtime
	@packaging/deb.sh $(VERSION) $(STAGE) artifacts/packages

.PHONY: image
image: stage ## Build an OCI image, without a container engine
	@packaging/image.py $(VERSION) $(STAGE) artifacts/packages

.PHONY: clean
clean: ## Remove what was built; state and pins stay
	rm -rf artifacts tools/node_modules clients/python/build clients/typescript/node_modules clients/typescript/dist clients/typescript/src/gen
	find src tests bench -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
