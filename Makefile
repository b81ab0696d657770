# What a developer types. `make demo` and `make test` need Python 3.11 or newer and make, nothing
# else; only `make deps` installs Debian packages, and only `make lab` needs them.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lab check deps bench fuzz soak deb clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | while IFS='	' read -r target what; do \
		printf '  make %-7s %s\n' "$$target" "$$what"; done

demo: $(VENV)/.demo ## an office, a gateway and two laptops on loopback; ARGS=--once ends by itself
	@$(VENV)/bin/enclave-dns demo $(ARGS)

test: $(VENV)/.test ## every test that needs neither root nor a Debian package
	$(RUN) pytest -m "not lab" $(ARGS)

lab: ## real dig, unbound, dnsmasq and WireGuard in network namespaces (root, after `make deps`)
	@[ "$$(id -u)" -eq 0 ] || { echo "make lab needs root for its network namespaces: sudo make lab" >&2; exit 1; }
	@for tool in dig dnsmasq dnsperf ip musl-gcc nft unbound wg wireguard-go; do PATH="$$PATH:/usr/sbin:/sbin" command -v $$tool >/dev/null \
		|| { echo "make lab needs $$tool: run make deps first" >&2; exit 1; }; done
	@$(MAKE) --silent $(VENV)/.test
	PYTHONDONTWRITEBYTECODE=1 $(RUN) pytest -p no:cacheprovider -m lab $(ARGS)

check: $(VENV)/.test ## style and types: ruff check, ruff format --check, mypy --strict
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

deps: ## install the Debian packages that `make lab` and `make bench` need (root or sudo)
	@.ci/deps

bench: $(VENV)/.$(if $(filter-out speed,$(BENCH)),test,bench) ## how fast we are beside our peers (after `make deps`); BENCH=latency, parsing, forgery, randomness, junk, hostile
	$(RUN) tests.benchmarks.$(or $(BENCH),speed) $(ARGS)

soak: $(VENV)/.test ## pairs of worlds for MINUTES (30), then a mutant of every condition of the rule
	$(RUN) tests.soak.pairs --minutes $(or $(MINUTES),30)
	$(RUN) tests.mutants.run

fuzz: $(VENV)/$(if $(TARGET)$(SECONDS),.fuzz,.made) ## list the targets; search for SECONDS (60) each: TARGET=query, or all of them
	@$(RUN) tests.fuzz.run $(if $(TARGET)$(SECONDS),$(or $(TARGET),all) --seconds $(or $(SECONDS),60))

deb:
	@echo "make $@: not there yet" >&2; exit 1

clean: ## remove everything that make and the tests have made here
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -path ./.git -prune -o -name __pycache__ -type d -exec rm -rf {} +

# An environment works only where it was made, and only while its interpreter is there.
ifneq ($(shell [ -x $(VENV)/bin/python ] && cat $(VENV)/.made 2>/dev/null),$(CURDIR))
$(VENV)/.made: stale
endif
.PHONY: stale
stale:

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null \
		|| { echo "no $(PYTHON) here: install Python 3.11 or newer, or name one: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed, $(PYTHON) is older: name one with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) cannot make virtual environments: apt-get install python3-venv" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@echo "$(CURDIR)" >$@

$(VENV)/.bench $(VENV)/.demo $(VENV)/.fuzz $(VENV)/.test: $(VENV)/.%: $(VENV)/.made pyproject.toml
	@echo "installing enclave-dns[$*] into $(VENV)"
	@$(RUN) pip install --quiet --disable-pip-version-check --editable '.[$*]' || { [ $* != fuzz ] \
		|| echo "make fuzz needs atheris, which has wheels for Python 3.11 to 3.13: PYTHON=..." >&2; exit 1; }
	@touch $@
