#!/usr/bin/env bash
# The compiler of the fuzz targets. Two libraries make tables of what they look for, the signs of CSV and the words of the
# catalogue, for each input anew, and compare a great deal for it, none of it with the input: that took two thirds of the
# time of `csv` and more of `header`. They guide the fuzzer by what is reached, as everything does, and not by comparisons.
set -euo pipefail
rustc="$1"
shift
if [[ " $* " == *" --crate-name csv_core "* || " $* " == *" --crate-name aho_corasick "* ]]; then
  kept=()
  for argument in "$@"; do
    [[ "$argument" == -Cllvm-args=-sanitizer-coverage-trace-compares ]] || kept+=("$argument")
  done
  set -- "${kept[@]}"
fi
exec "$rustc" "$@"
