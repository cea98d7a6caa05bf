# SPDX-License-Identifier: Apache-2.0
.DEFAULT_GOAL := help

CONFIGURATION ?= Release
DOTNET ?= dotnet
DESTDIR ?=
PREFIX ?= /usr
KILLS ?= 200
FRAMES ?= 5000000
CASES ?= 500
STATE := $(CURDIR)/.state
DAEMON := src/ControlPlane.Daemon
DEMO := tests/ControlPlane.Demo
TOOLS := tools/node_modules/.package-lock.json
BUF := $(CURDIR)/tools/node_modules/.bin/buf
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
	@echo "  make test GROUP=truth            only the tests of a group: truth, losses, soak, snapshot"
	@echo "  make soak KILLS=1000             kill it more often than 200 times, or less"
	@echo "  make soak FRAMES=50000000        frames over restarts, and over upgrades; 5,000,000 by default"
	@echo "  make truth CASES=1000 SEED=7     more random cases than 500; from a seed, to repeat a run"
	@echo "  make truth WITHOUT=tags-lost     with a rule switched off, so that the run must fail"
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
	@mkdir -p $(STATE)
	@exec $(ROOT) $(DAEMON)/bin/$(CONFIGURATION)/net10.0/devmapd run --ControlPlane:StateDirectory=$(STATE) \
		--Serilog:MinimumLevel:Override:ControlPlane.Daemon.Observability.RequestLog=Debug $(ARGS)

.PHONY: test
test: build ## Run all tests
	@CONFIGURATION=$(CONFIGURATION) DOTNET="$(ROOT) $(DOTNET)" scripts/test.sh $(if $(GROUP),--group $(GROUP)) $(FILTER)

.PHONY: soak
soak: build ## Kill, restart and upgrade the daemon under writes and traffic
	@CONFIGURATION=$(CONFIGURATION) DOTNET="$(ROOT) env DEVMAPD_KILLS=$(KILLS) DEVMAPD_LIVE_FRAMES=$(FRAMES) $(DOTNET)" HANG_TIMEOUT=10h \
		scripts/test.sh --group soak

.PHONY: truth
truth: build ## Compare what it says of entries with TCP and UDP, in random topologies
	@CONFIGURATION=$(CONFIGURATION) DOTNET="$(ROOT) env DEVMAPD_TRUTH_CASES=$(CASES)$(if $(SEED), DEVMAPD_TRUTH_SEED=$(SEED)) $(if $(WITHOUT),DEVMAPD_TRUTH_WITHOUT=$(WITHOUT)) $(DOTNET)" HANG_TIMEOUT=10h \
		scripts/test.sh --group truth

.PHONY: kernels
kernels: build ## Run the kernel tests, and some from end to end, on Debian's other kernels under emulation
	@CONFIGURATION=$(CONFIGURATION) $(ROOT) scripts/kernels.sh $(KERNELS)

.PHONY: snapshots
snapshots: build ## Rewrite the recorded contracts; git diff shows the change
	@DEVMAPD_UPDATE_SNAPSHOTS=1 $(DOTNET) test tests/ControlPlane.FunctionalTests -c $(CONFIGURATION) --no-build --nologo -v quiet --filter Group=snapshot >/dev/null || true
	@$(DOTNET) test tests/ControlPlane.FunctionalTests -c $(CONFIGURATION) --no-build --nologo -v quiet --filter Group=snapshot
	@git --no-pager diff --stat -- tests/ControlPlane.FunctionalTests/Snapshots

.PHONY: demo
demo: setup ## Show the daemon steer frames between namespaces
	@$(DOTNET) build $(DEMO) -c $(CONFIGURATION) -v quiet --nologo
	@exec $(ROOT) $(DEMO)/bin/$(CONFIGURATION)/net10.0/devmapd-demo $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

.PHONY: bench
bench: setup ## Measure, with plain C baselines beside it
	@$(DOTNET) build bench/ControlPlane.Bench -c $(CONFIGURATION) -v quiet --nologo
	@$(ROOT) bench/run.sh $(CONFIGURATION) $(BENCH)

.PHONY: format
format: $(TOOLS) ## Put all code in form
	$(DOTNET) format ControlPlane.sln
	$(if $(C_FILES),clang-format -i $(C_FILES))
	cd protos && $(BUF) format -w

.PHONY: lint
lint: lint-contract ## Check the form of all code, and the shell scripts
	$(DOTNET) format ControlPlane.sln --verify-no-changes
	$(if $(C_FILES),clang-format --dry-run --Werror $(C_FILES))
	@if command -v shellcheck >/dev/null; then shellcheck scripts/*.sh .ci/run; else echo "shellcheck is not installed: scripts are unchecked"; fi

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

.PHONY: install
install: ## Install daemon, unit and settings under DESTDIR (as root)
	$(DOTNET) publish $(DAEMON) -c $(CONFIGURATION) -v quiet --nologo -o artifacts/publish
	install -d $(DESTDIR)$(PREFIX)/lib/devmapd $(DESTDIR)$(PREFIX)/lib/systemd/system \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d $(DESTDIR)/etc/devmapd
	cp -r artifacts/publish/. $(DESTDIR)$(PREFIX)/lib/devmapd/
	install -m 0644 systemd/devmapd.service $(DESTDIR)$(PREFIX)/lib/systemd/system/
	install -m 0644 systemd/devmapd.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/devmapd.conf
	test -e $(DESTDIR)/etc/devmapd/appsettings.json || install -m 0644 appsettings.json $(DESTDIR)/etc/devmapd/

.PHONY: clean
clean: ## Remove what was built; state and pins stay
	rm -rf artifacts tools/node_modules
	find src tests bench -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
