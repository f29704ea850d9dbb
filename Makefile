# Every command of this project. `make` alone lists them.
# Paths are relative and unquoted names have no spaces, so that the folder's own name may have them.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The interpreter, a name or a path; without one, the first good one (scripts/find_python.sh).
# `make test PYTHON=python3.13` works in an environment of its own, .venv-3.13, beside .venv.
PYTHON ?=
VERSION := $(firstword $(shell sh scripts/find_python.sh "$(PYTHON)"))
DEFAULT_VERSION := $(if $(PYTHON),$(firstword $(shell sh scripts/find_python.sh)),$(VERSION))
VENV := $(if $(filter $(VERSION),$(DEFAULT_VERSION)),.venv,.venv-$(VERSION))

INSTALLED := $(VENV)/.installed
GENERATED := ihala/.generated
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
PROTOS := $(shell find protos -name '*.proto')
STUB_FOLDERS := $(patsubst protos/%,%,$(wildcard protos/ihala/*))

# More arguments for the command behind a target: make test ARGS="tests/runtime -k feed"
ARGS ?=

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: setup ## start everything on this machine, send the demo case through, stay until Ctrl-C
	@$(BIN)/ihala run $(ARGS)

.PHONY: test
test: setup ## run every test but the long ones
	@$(RUN) pytest $(ARGS)

.PHONY: faults
faults: setup ## break every part while referrals go on, print what held (about an hour)
	@$(RUN) tests.faults $(ARGS)

.PHONY: test-long
test-long: setup ## run the long forms of all tests: kills, attacks, simulations
	@$(RUN) pytest -m long $(ARGS)

.PHONY: bench
bench: setup ## measure speed against the bars, write bench/results.json
	@$(RUN) bench $(ARGS)

.PHONY: bench-matching
bench-matching: setup ## measure matching alone, and renew its table in docs/performance.md
	@$(RUN) bench.matching_run $(ARGS)

.PHONY: bench-postgis
bench-postgis: ## install the database that the bench compares with (Debian, as root)
	@apt-get install -y --no-install-recommends postgresql-15-postgis-3

.PHONY: lint
lint: setup ## check style, formatting and the floors of the house
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(BIN)/lint-imports --no-cache

.PHONY: fmt
fmt: setup ## put the code into its format and mend what can be mended
	@$(RUN) ruff format
	@$(RUN) ruff check --fix

.PHONY: types
types: setup ## check types, strictly
	@$(RUN) mypy

.PHONY: proto-check
proto-check: setup ## check the protos: style, comments, nothing broken since the baseline
	@$(RUN) scripts.proto_check

.PHONY: proto-baseline
proto-baseline: setup ## accept the protos as they are: what proto-check compares with from now on
	@$(RUN) scripts.proto_check --accept $(ARGS)

.PHONY: setup
setup: $(INSTALLED) $(GENERATED) ## make the environment, install from the lock, generate the stubs

.PHONY: gen
gen: $(GENERATED) ## generate the stubs from the protos

# An environment knows its own path: in a folder that was moved it is made anew.
MOVED := $(shell test ! -e $(INSTALLED) || grep -qxF "$$(pwd -P)" $(INSTALLED) || echo moved)
ifneq ($(MOVED),)
.PHONY: $(INSTALLED)
endif

$(INSTALLED): requirements.lock pyproject.toml scripts/make_venv.py
	@test -n "$(VERSION)" || { echo "This needs Python 3.11 or newer. Name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@found=$$(sh scripts/find_python.sh "$(PYTHON)") && "$${found#* }" scripts/make_venv.py $(VENV)

$(GENERATED): $(PROTOS) scripts/gen.py requirements.lock | $(INSTALLED)
	@$(RUN) scripts.gen
	@mkdir -p ihala && touch $(GENERATED)

.PHONY: docs
docs: setup ## write what the documents say of the code from the code: who may call what, and how over HTTP
	@$(RUN) scripts.document_methods
	@$(RUN) scripts.document_life
	@$(RUN) scripts.document_http

.PHONY: pictures
pictures: setup ## take the README's pictures from a demo started for them (needs `make browser`)
	@$(RUN) scripts.pictures $(ARGS)

.PHONY: lock
lock: setup ## choose versions anew and write requirements.lock
	@$(RUN) scripts.lock $(ARGS)

.PHONY: audit
audit: setup ## ask whether a locked version has a known vulnerability (asks the network)
	@$(RUN) pip_audit --require-hashes --disable-pip --requirement requirements.lock $(ARGS)

.PHONY: browser
browser: ## install the Chromium and the fonts that the page tests need (Debian, as root)
	@bash scripts/install_browser.sh

.PHONY: clean
clean: ## remove the data of `make run`, caches and generated stubs
	@rm -rf .ihala .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build
	@rm -rf $(GENERATED) ihala/protos.binpb $(STUB_FOLDERS)

.PHONY: distclean
distclean: clean ## remove the environments too
	@rm -rf .venv .venv.lock .venv-* *.egg-info
