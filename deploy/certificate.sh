#!/bin/sh
# Make a certificate of its own for a load balancer, unless it is there: deploy/certificate.sh FILE NAME...
# Browsers warn of it. It is for trying things out; give a load balancer that people use one of a known authority.
set -eu

file=$1
shift
[ ! -s "$file" ] || exit 0

names=
for name in "$@"; do
    case $name in
        *[!0-9.]*) names=$names,DNS:$name ;;
        *) names=$names,IP:$name ;;
    esac
done

umask 077
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=$1" \
    -addext "subjectAltName=${names#,}" -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth \
    -keyout "$made/key" -out "$made/certificate" 2>/dev/null
mkdir -p "$(dirname "$file")"
# Whole or not at all, for whoever reads it.
cat "$made/certificate" "$made/key" >"$file.new"
mv "$file.new" "$file"
