#!/bin/sh
# Resolves both locks. The Python lock carries hashes and no registry address.
set -eu
cd "$(dirname "$0")/.."
[ -x .venv/bin/uv ] || { echo "saulyq lock: run make setup first" >&2; exit 1; }
.venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
    --extra dev --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml
.venv/bin/python scripts/npm.py install --silent --package-lock-only
