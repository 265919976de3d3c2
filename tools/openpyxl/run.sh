#!/usr/bin/env bash
# Reads a workbook with openpyxl and prints what it found and the processor time it took, as JSON: the peer of
# `make bench` for workbooks.
# Usage: tools/openpyxl/run.sh FILE.xlsx
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

cache="${XDG_CACHE_HOME:-$HOME/.cache}/chengdang"
venv="$cache/openpyxl-$(sha256sum "$here/requirements.txt" | cut -c1-16)"
if [ ! -e "$venv/complete" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$here/requirements.txt"
  touch "$venv/complete"
fi
exec "$venv/bin/python" "$here/read.py" "$1"
