#!/usr/bin/env bash
# Compares our verdicts on identity numbers (GB 11643) and credit codes (GB 32100) with python-stdnum's, on 10^5
# invented numbers. Fails on a difference that docs/stdnum-differences.md does not explain.
# Usage: tools/stdnum/run.sh [--count N] [--seed N]
set -euo pipefail
cd "$(dirname "$0")/../.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/chengdang"
venv="$cache/stdnum-$(sha256sum tools/stdnum/requirements.txt | cut -c1-16)"
if [ ! -e "$venv/complete" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement tools/stdnum/requirements.txt
  touch "$venv/complete"
fi

cargo build --quiet --locked --package domain --example check_numbers
binary="$(cargo metadata --format-version 1 --no-deps --locked |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/debug/examples/check_numbers"
exec "$venv/bin/python" tools/stdnum/compare.py --binary "$binary" "$@"
