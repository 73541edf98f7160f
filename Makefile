# The façade: the only way people and CI run anything.
# A fresh machine needs make, git and Python >= 3.11; everything else comes with these commands.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
BIN := .venv/bin
MEMBERS := contracts chassis documents operations services/intake services/payment services/certification services/notification deploy/local simulators examples/agency_python checker chaos
CODE := contracts chassis documents operations services deploy simulators examples checker chaos gates tests benchmarks

.PHONY: help
help: ## show the commands
	@grep -hE '^[a-z]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

.uv/bin/uv:
	@echo "uv is not on the PATH: installing uv $(UV_VERSION) into .uv"
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=<path>")'
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

# Made once per lock file; the packages of the workspace are editable, so code changes need no install.
.venv/installed: requirements.lock $(MEMBERS:%=%/pyproject.toml) | $(filter .uv/bin/uv,$(UV))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(MEMBERS:%=-e ./%)
	@touch $@

.PHONY: demo
demo: .venv/installed ## two dossiers, end to end, on real engines (ONCE=1 ends by itself)
	$(BIN)/motcua demo $(if $(ONCE),--once)

.PHONY: test
test: .venv/installed ## every test, on real Kafka and PostgreSQL
	$(BIN)/pytest -n 2 --no-loadscope-reorder $(ARGS)

.PHONY: tools
tools: ## programs that a few tests need beside Python: SoftHSM, pdfsig, a browser (as root, Debian)
	@.ci/tools

.PHONY: check
check: .venv/installed ## format, lint, types, imports, sizes, generated documents, contract compatibility
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/python -m gates

.PHONY: fix
fix: .venv/installed ## format, mend what the linter can, regenerate the documents
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/python -m gates.documents

.PHONY: lock
lock: | $(filter .uv/bin/uv,$(UV)) ## pin every dependency anew, with hashes
	$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	  --group dev $(MEMBERS:%=%/pyproject.toml) \
	  --no-emit-package motcua-contracts --no-emit-package motcua-chassis \
	  --no-emit-package motcua-documents --no-emit-package motcua-operations \
	  --no-emit-package motcua-local --no-emit-package motcua-checker \
	  -o requirements.lock

.PHONY: bench
bench: .venv/installed ## how fast it is, against bare loops
	$(BIN)/python benchmarks/certify.py
	$(BIN)/python benchmarks/proxy.py

.PHONY: chaos
chaos: .venv/installed ## try to break it (SEED=, MINUTES=15, DOSSIERS=5000, BROKERS=3); PLANTED=1 shows that bugs are caught
	$(BIN)/python -m chaos $(if $(PLANTED),planted,run $(CHAOS))

CHAOS = $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) \
  $(if $(DOSSIERS),--dossiers $(DOSSIERS)) $(if $(BROKERS),--brokers $(BROKERS))
