# Everything that is done to this repository, by name: `make` lists it.
# Two commands suffice on a fresh machine: `make demo` and `make test`. PYTHON=... names the interpreter to start from.

SHELL := /bin/sh
.DEFAULT_GOAL := help
export PYTHON

BIN := .venv/bin
# Passed on to what the target runs: make demo ARGS=--reset, make test ARGS="-k lake", make lock ARGS=--upgrade
ARGS ?=
WORKERS ?= 2
# What must also hold on the older versions that the GPU packages ask for: that plans give equal results. What starts
# servers to say the same by them is marked `newest` and left out.
LOWER_TESTS := tests/contract tests/unit/compute tests/unit/analytics

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

.PHONY: demo
demo: environment ## from nothing to a checked dataset and a report, and what to do next
	@$(BIN)/workbench demo $(ARGS)

.PHONY: test
test: check ## every check and the tests, on the newest set and on the lower one
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m "not long" $(ARGS)
	$(MAKE) --no-print-directory test-lower

.PHONY: test-long
test-long: check ## the same with the long tests (crashes, the whole demo, the wheel)
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ARGS)
	$(MAKE) --no-print-directory test-lower

.PHONY: show-sources
show-sources: development ## five real sources, every sync of them killed, and a table of the rows that differ (none)
	$(BIN)/pytest -n 0 -s -q tests/crash/test_all_sources.py -k long_show $(ARGS)

.PHONY: test-lower
test-lower: ## contract and compute tests on Polars 1.44, pandas 3.0, Dask 2026.7
	@sh scripts/bootstrap.sh lower
	.venv-lower/bin/pytest -n $(WORKERS) --dist loadgroup -m "not long and not newest" $(LOWER_TESTS)

.PHONY: check
check: development ## formatting, lint, types, import contracts; no tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: development ## rewrite the code as the formatter and the lint's fixes would have it
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: dev
dev: development ## serve this folder and follow the sources: Python is reloaded, TypeScript built again
	@$(BIN)/python scripts/dev.py

.PHONY: docs
docs: development ## write what is made from the code (docs/settings.md, the types of the API for TypeScript)
	$(BIN)/python scripts/settings_page.py
	$(BIN)/python scripts/typescript_types.py

.PHONY: bench
bench: development ## time what the performance promises are about
	@for part in benchmarks/[a-z]*.py; do $(BIN)/python -m benchmarks.$$(basename $$part .py) $(ARGS) || exit 1; done

.PHONY: wheel
wheel: development ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

.PHONY: lock
lock: ## write the lock files from pyproject.toml (ARGS=--upgrade moves every version)
	@sh scripts/bootstrap.sh installer
	sh scripts/lock.sh $(ARGS)

.PHONY: environment
environment: ## .venv with what the workbench needs to run
	@sh scripts/bootstrap.sh runtime

.PHONY: development
development: ## .venv with the tools too, and the programs that the tests use
	@sh scripts/bootstrap.sh development
	@sh scripts/system-packages.sh

.PHONY: clean
clean: ## remove environments, caches and builds; a workspace's data stays
	rm -rf .venv .venv-lower build dist .artifacts extensions/lab/node_modules extensions/lab/lib extensions/lab/labextension extensions/lab/.built extensions/voila/page/node_modules extensions/voila/page/.built extensions/voila/workbench_voila/static .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
