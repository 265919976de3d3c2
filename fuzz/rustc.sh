#!/usr/bin/env bash
# The compiler of the fuzz targets. The parser of CSV compares each byte of its table's alphabet with each of its signs when
# it is made, twice an input: that took two thirds of the time of `csv`. It is guided by what was reached, as everything is,
# and the fuzzer is not told of its comparisons.
set -euo pipefail
rustc="$1"
shift
if [[ " $* " == *" --crate-name csv_core "* ]]; then
  kept=()
  for argument in "$@"; do
    [[ "$argument" == -Cllvm-args=-sanitizer-coverage-trace-compares ]] || kept+=("$argument")
  done
  set -- "${kept[@]}"
fi
exec "$rustc" "$@"
