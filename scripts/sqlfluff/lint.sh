#!/bin/sh
# sqlfluff on models; dbt's compiled models stay out of the source tree.
cd "$(dirname "$0")/../.."
home="${SAULYQ_HOME:-$PWD/var}"
DBT_TARGET_PATH="$home/lint/target" DBT_LOG_PATH="$home/lint/logs" \
    exec .venv/bin/sqlfluff lint --disable-progress-bar --nocolor "$@"
