#!/usr/bin/env bash
# Compares our verdicts on cells with frictionless-py's, on 10^5 random rows under one schema, which comes from the
# catalogue. Fails on a difference that docs/frictionless-differences.md does not explain.
# Usage: tools/frictionless/run.sh [--count N] [--seed N]
set -euo pipefail
cd "$(dirname "$0")/../.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/chengdang"
venv="$cache/frictionless-$(sha256sum tools/frictionless/requirements.txt | cut -c1-16)"
if [ ! -e "$venv/complete" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement tools/frictionless/requirements.txt
  touch "$venv/complete"
fi

cargo build --quiet --locked --workspace --example check_cells
binary="$(cargo metadata --format-version 1 --no-deps --locked |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/debug/examples/check_cells"
exec "$venv/bin/python" tools/frictionless/compare.py --binary "$binary" "$@"
