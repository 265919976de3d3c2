#!/usr/bin/env bash
# Sends what Schemathesis makes of the API's document to the real server.
# Usage: tools/schemathesis/run.sh CHENGDANG [CASES]
set -euo pipefail
cd "$(dirname "$0")/../.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/chengdang"
venv="$cache/schemathesis-$(sha256sum tools/schemathesis/requirements.txt | cut -c1-16)"
if [ ! -e "$venv/complete" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement tools/schemathesis/requirements.txt
  touch "$venv/complete"
fi
exec "$venv/bin/python" tools/schemathesis/check.py "$@"
