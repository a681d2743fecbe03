#!/bin/sh
# Fail where the generated documents of docs/ are not what the program says now.
set -eu
cd "$(dirname "$0")/.."

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
.venv/bin/python server.py documents "$fresh"
[ -n "$(ls "$fresh")" ] || { echo "parley: server.py documents wrote nothing" >&2; exit 1; }

changed=
for file in $(cd "$fresh" && find . -type f | sed 's|^\./||' | sort); do
    diff -u "docs/$file" "$fresh/$file" | head -n 40
    cmp -s "docs/$file" "$fresh/$file" || changed="$changed docs/$file"
done
[ -z "$changed" ] || { echo "parley: make docs changes$changed: commit what it writes" >&2; exit 1; }
