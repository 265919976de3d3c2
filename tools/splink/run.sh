#!/usr/bin/env bash
# P7: whose some thousand rows in doubt are, among a million invented persons: our candidates beside Splink on DuckDB, from
# the same files, in turns, judged by the same truth; then our arm alone among ten million, for the time of a row.
# Usage: tools/splink/run.sh [--residents N] [--rows N] [--seed N] [--turns N] [--large N]
set -euo pipefail
cd "$(dirname "$0")/../.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/chengdang"
venv="$cache/splink-$(sha256sum tools/splink/requirements.txt | cut -c1-16)"
if [ ! -e "$venv/complete" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement tools/splink/requirements.txt
  touch "$venv/complete"
fi

cargo build --quiet --locked --release --package synth --example candidates
binary="$(cargo metadata --format-version 1 --no-deps --locked |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/examples/candidates"
folder="$(mktemp -d)"
trap 'rm -rf -- "$folder"' EXIT
"$venv/bin/python" tools/splink/compare.py --binary "$binary" --folder "$folder" "$@"
