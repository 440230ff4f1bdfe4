#!/bin/sh
# Prepares .venv from requirements.lock and the front-end packages from package-lock.json.
# Each part leaves a stamp with the checksum of what it was made from, so a second call does nothing.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "saulyq setup: $1" >&2; exit 1; }

suitable() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if suitable "$candidate"; then echo "$candidate"; return; fi
    done
    fail "needs Python 3.11, 3.12 or 3.13; install one (Debian: apt-get install python3 python3-venv) or name it: make setup PYTHON=/path/to/python"
}

# where a proxy opens TLS, its certificate is among those the system trusts and not among the tools' own
for store in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
    if [ -e "$store" ]; then
        export PIP_CERT="${PIP_CERT:-$store}" UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
        export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$store}"
        break
    fi
done

checksum() { cat "$@" | cksum | tr -d ' \n'; }

if [ ! -x .venv/bin/python ] || ! suitable .venv/bin/python; then
    python=$(find_python)
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
        fail "Python has no venv module; install it (Debian: apt-get install python3-venv)"
    rm -rf .venv
    "$python" -m venv .venv || fail "could not create .venv"
fi

stamp=$(checksum pyproject.toml requirements.lock scripts/setup.sh; .venv/bin/python -V)
if [ "$(cat .venv/.saulyq-python 2>/dev/null)" != "$stamp" ]; then
    uv_version=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements.lock)
    echo "saulyq setup: installing Python packages" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version" ||
        fail "could not install uv; is the package index reachable?"
    export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
    # a temporary build folder on another file system than the cache must not end in a warning for each file
    export UV_LINK_MODE="${UV_LINK_MODE:-copy}"
    .venv/bin/uv pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes requirements.lock ||
        fail "could not install the locked packages"
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . ||
        fail "could not install the project itself"
    echo "$stamp" > .venv/.saulyq-python
fi

stamp=$(checksum ops_app/ui/package.json ops_app/ui/package-lock.json)
if [ "$(cat ops_app/ui/node_modules/.stamp 2>/dev/null)" != "$stamp" ]; then
    echo "saulyq setup: installing front-end packages" >&2
    told=$(.venv/bin/python scripts/npm.py ci --loglevel=error --omit=optional 2>&1) ||
        fail "could not install the front-end packages: $(echo "$told" | sed -n 's/^npm error //p' | grep -Ev '^(code|errno) ' | head -n 1)"
    echo "$stamp" > ops_app/ui/node_modules/.stamp
fi

stamp=$(checksum ops_app/ui/node_modules/.stamp ops_app/ui/style.scss ops_app/ui/styles/*.css scripts/vendor.py)
if [ "$(cat ops_app/ui/static/vendor/.stamp 2>/dev/null)" != "$stamp" ]; then
    .venv/bin/python scripts/vendor.py || fail "could not build the style sheet"
    echo "$stamp" > ops_app/ui/static/vendor/.stamp
fi
