#!/usr/bin/env bash
# A log of 100,000 entries made by us, verified by two programs that share no code with ours: one over Go's own
# golang.org/x/mod/sumdb (Debian's package), one in Python over RFC 6962 with an Ed25519 of others. Both must verify the whole log
# and each true proof, and refuse each of 50 kinds of change. The kinds are listed in crates/translog/examples/log_peers.rs.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/chengdang"
venv="$cache/log-peers-$(sha256sum tools/log-peers/requirements.txt | cut -c1-16)"
if [ ! -e "$venv/complete" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    --requirement tools/log-peers/requirements.txt
  touch "$venv/complete"
fi

cargo build --quiet --locked --workspace --example log_peers
binary="$(cargo metadata --format-version 1 --no-deps --locked |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/debug/examples/log_peers"
folder="$(mktemp -d)"
trap 'rm -rf -- "$folder"' EXIT
"$binary" "$folder/log" 100000

# Debian's package lies in the folder that GOPATH names; nothing is fetched.
GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS=-buildvcs=false GOCACHE="$cache/go" \
  go build -o "$folder/verify-go" tools/log-peers/main.go
"$folder/verify-go" "$folder/log"
"$venv/bin/python" tools/log-peers/verify.py "$folder/log"
