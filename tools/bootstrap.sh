#!/bin/sh
# Make .venv and install a requirements file into it, unless that was done: tools/bootstrap.sh requirements.txt
# Needs a Python of 3.11 or later, taken from $PYTHON where it is set. Says what is missing and ends with 2.
set -eu
cd "$(dirname "$0")/.."

requirements=$1
python=.venv/bin/python
# What was installed, word for word: a change of the file, or another .venv, installs again.
stamp=.venv/installed-$requirements

missing() {
    printf '\nparley: %s\n' "$1" >&2
    shift
    printf '  %s\n' "$@" >&2
    exit 2
}

fits() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

can_make() {
    "$1" -c 'import venv, ensurepip' >/dev/null 2>&1
}

# Print the first Python that fits and can make an environment, else the first that fits, else nothing.
find_python() {
    first=
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        fits "$candidate" || continue
        if can_make "$candidate"; then
            echo "$candidate"
            return
        fi
        first=${first:-$candidate}
    done
    echo "$first"
}

make_environment() {
    base=$(find_python)
    [ -n "$base" ] || missing "no Python 3.11 or later was found${PYTHON:+ at $PYTHON}" \
        "Debian 12 or later, Ubuntu 24.04 or later:  apt install python3 python3-venv" \
        "Fedora:  dnf install python3        macOS:  brew install python3" \
        "or name one that is elsewhere:  make run PYTHON=/path/to/python3"
    version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    can_make "$base" || missing "$base (Python $version) cannot make environments: venv or ensurepip is not installed" \
        "Debian, Ubuntu:  apt install python3-venv  (or python$version-venv)"
    echo "parley: making .venv with Python $version"
    "$base" -m venv --clear .venv ||
        missing "$base could not make .venv; its own words are above" "Debian, Ubuntu:  apt install python$version-venv"
}

install() {
    echo "parley: installing $requirements; the first time takes a minute"
    log=.venv/install.log
    "$python" -m pip install --disable-pip-version-check --no-input --quiet \
        --require-hashes --requirement "$requirements" >"$log" 2>&1 && return
    cat "$log" >&2
    if grep -qiE 'connection(error| broken| refused)|newconnection|name resolution|getaddrinfo|unreachable|timed? ?out|proxyerror' "$log"; then
        missing "the package registry cannot be reached, from which $requirements is installed" \
            "Connect this machine to the network, or set PIP_INDEX_URL to a mirror (PIP_PROXY to a proxy)."
    fi
    missing "$requirements could not be installed; pip's own words are above" \
        "Where a package was to be compiled: use a Python that has wheels (3.11 to 3.14), or install a C compiler."
}

fits "$python" && "$python" -m pip --version >/dev/null 2>&1 || make_environment
if ! cmp -s "$requirements" "$stamp"; then
    install
    cp "$requirements" "$stamp"
fi
