#!/bin/sh
# The checks CI runs before the tests; each names itself so that a failure is easy to place.
set -u
cd "$(dirname "$0")/.."
status=0
# dbt's compiled models stay out of the source tree
export DBT_TARGET_PATH="${SAULYQ_HOME:-$PWD/var}/lint/target" DBT_LOG_PATH="${SAULYQ_HOME:-$PWD/var}/lint/logs"
check() { echo "== $1"; shift; "$@" || status=1; }
check "ruff check" .venv/bin/ruff check --quiet .
check "ruff format" .venv/bin/ruff format --quiet --check .
check "mypy" .venv/bin/mypy
check "import contracts" .venv/bin/lint-imports --no-cache
check "sqlfluff" .venv/bin/sqlfluff lint --disable-progress-bar --nocolor dbt_project/models
exit $status
