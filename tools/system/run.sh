#!/usr/bin/env bash
# Runs the sample of a department's system (tools/system/system.py) against the real server.
# Usage: tools/system/run.sh CHENGDANG
set -euo pipefail
cd "$(dirname "$0")/../.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/chengdang"
venv="$cache/system-$(sha256sum tools/system/requirements.txt | cut -c1-16)"
if [ ! -e "$venv/complete" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement tools/system/requirements.txt
  touch "$venv/complete"
fi
exec "$venv/bin/python" tools/system/check.py "$1"
