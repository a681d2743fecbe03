#!/bin/sh
# Compile requirements.txt and requirements-dev.txt from pyproject.toml. `tools/lock.sh --upgrade` takes newer releases.
# Run it on Python 3.11, the oldest that is supported: a newer one leaves out what only the older need.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/venv"
python="$work/venv/bin/python"
"$python" -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2

# What stands in a lock beside the pins: a first line that is ours, and no folder of this machine.
finish() {
    { echo "# Compiled from pyproject.toml by tools/lock.sh: change it there."
        sed -e '/^# Compiled/d' -e 's/-r -$/dev (pyproject.toml)/' "$1"; } >"$work/lock"
    cat "$work/lock" >"$1"
}

"$python" -m piptools compile --quiet --output-file requirements.txt "$@" pyproject.toml
finish requirements.txt

# pip-compile knows no dependency groups, and takes the markers from an extra: the group reaches it as lines.
"$python" -c '
import tomllib
with open("pyproject.toml", "rb") as file:
    print("\n".join(tomllib.load(file)["dependency-groups"]["dev"]))
' | "$python" -m piptools compile --quiet --output-file requirements-dev.txt --constraint requirements.txt "$@" \
    pyproject.toml -
finish requirements-dev.txt

# The peers of the benchmark have environments of their own, and so locks of their own.
for folder in benchmarks/peers/*/; do
    if [ -e "$folder/requirements.in" ]; then
        "$python" -m piptools compile --quiet --no-annotate --output-file "$folder/requirements.txt" "$@" \
            "$folder/requirements.in"
        sed -i '1i # Compiled from requirements.in by tools/lock.sh.' "$folder/requirements.txt"
    fi
    if [ -e "$folder/package.json" ] && command -v npm >/dev/null 2>&1; then
        (cd "$folder" && npm install --package-lock-only --omit-lockfile-registry-resolved --silent
            node -e 'const fs = require("fs"), file = "package-lock.json", lock = JSON.parse(fs.readFileSync(file))
                for (const one of Object.values(lock.packages)) delete one.funding  // addresses
                fs.writeFileSync(file, JSON.stringify(lock, null, 2) + "\n")')
    fi
done
