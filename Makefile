SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin/python
SAULYQ := .venv/bin/saulyq

.PHONY: help setup run test test-long docs lock lint fmt clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## prepare .venv and the front-end packages (quick when nothing changed)
	@sh scripts/setup.sh

run: setup ## start everything with the demo district; Ctrl-C ends it
	@exec $(SAULYQ) up --demo

# three on two cores: the third works while others wait for browsers, sockets and processes
test: setup ## every kind of test at small size
	@$(PY) -m pytest -n 3 --dist loadgroup --no-loadscope-reorder

test-long: setup ## the same tests at full size
	@SAULYQ_TEST_SIZE=full $(PY) -m pytest -n 2 --dist loadgroup --no-loadscope-reorder --timeout=7200

docs: setup ## write the reference pages that follow from the code
	@$(PY) docs/generate.py

lock: ## resolve requirements.lock and package-lock.json anew from pyproject.toml and package.json
	@sh scripts/lock.sh

lint: setup ## ruff, mypy, import contracts, sqlfluff
	@sh scripts/lint.sh

fmt: setup ## format Python
	@.venv/bin/ruff check --fix-only --quiet . && .venv/bin/ruff format --quiet .

clean: ## remove the environment and caches; keeps var/
	@rm -rf .venv ops_app/ui/node_modules ops_app/ui/static/vendor reports .pytest_cache .mypy_cache .ruff_cache .hypothesis
