#!/bin/sh
# Check the types of the page, which are JSDoc, with TypeScript's compiler. It is locked in tools/typescript.
set -eu
cd "$(dirname "$0")/typescript"

if ! command -v npm >/dev/null 2>&1; then
    if [ "${CI:-}" = true ]; then
        echo "parley: no npm: the types of the page cannot be checked" >&2
        exit 1
    fi
    echo "parley: the types of the page are not checked: no npm (Debian, Ubuntu:  apt install nodejs npm)"
    exit 0
fi
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed
fi
node_modules/.bin/tsc --project jsconfig.json
