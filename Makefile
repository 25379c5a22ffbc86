# Works with the make of macOS (3.81) and with GNU make 4.

ifeq ($(origin PYTHON), undefined)
PYTHON := $(shell for p in .venv/bin/python python3.13 python3.12 python3.11 python3.14 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { command -v $$p; break; }; done)
endif
BIN := .venv/bin
SUITE ?=
ARGS ?=

.PHONY: help run test check format bench lock translations stack-up stack-down clean

help: ## what can be asked for
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

python-found:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (Debian, Ubuntu: apt-get install python3-venv)." >&2; exit 1; }

env: python-found
	@$(PYTHON) scripts/prepare.py app

env-dev: python-found
	@$(PYTHON) scripts/prepare.py dev

run: env ## serve the demo on http://127.0.0.1:8000 (PORT, HOST, DGS_HOME may be set)
	@exec scripts/run

test: env-dev ## the whole suite, on SQLite and on PostGIS + Redis, with a browser (ARGS='-k word')
	@$(BIN)/python -m scripts.suite $(ARGS)

check: env-dev ## format, lint, types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy -p geo -p webapp -p workers -p scripts
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/contracts/test_imports.py

format: env-dev ## put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: env-dev ## measure; figures to var/bench/<suite>.json (SUITE=name for one)
	@$(BIN)/python -m scripts.bench $(SUITE)

stack-up: env ## the production shape natively: PostGIS, Redis, web, worker, relay
	@scripts/stack up $(ARGS)

stack-down: ## stop it; the data stay
	@scripts/stack down $(ARGS)

lock: python-found ## make the lock files anew from pyproject.toml (needs the network)
	@$(PYTHON) scripts/lock.py

translations: env-dev ## gather the messages and update the catalogues
	@$(BIN)/python -m scripts.translations

clean: ## remove what is built; instances under var/ stay
	rm -rf .venv node_modules static/vendor var/tools .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
