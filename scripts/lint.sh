#!/bin/sh
# The checks CI runs before the tests; each names itself so that a failure is easy to place.
set -u
cd "$(dirname "$0")/.."
status=0
check() { echo "== $1"; shift; "$@" || status=1; }
check "ruff check" .venv/bin/ruff check --quiet .
check "ruff format" .venv/bin/ruff format --quiet --check .
check "mypy" .venv/bin/mypy
check "import contracts" .venv/bin/lint-imports --no-cache
check "sqlfluff" sh scripts/sqlfluff/lint.sh dbt_project/models
exit $status
