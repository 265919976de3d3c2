#!/usr/bin/env bash
# Fuzzes each target by libFuzzer, guided by coverage, on stable Rust. A panic, an input that takes more than a second or
# more than 256 MB is a failure; the input is kept in fuzz/found/ and reproduced by the printed command.
# Usage: fuzz/run.sh RUNS [TARGET …]; SEED=n repeats a run, SECONDS_MAX=n bounds each target by time as well;
# HANG_S=n is the time after which an input is a hang (1 s; more where others keep the machine busy).
set -euo pipefail
cd "$(dirname "$0")"

runs="${1:?number of executions a target}"
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(number csv gb18030 xlsx header catalogue frames)
seed="${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"

cache="${XDG_CACHE_HOME:-$HOME/.cache}/chengdang"
export CARGO_TARGET_DIR="${FUZZ_TARGET_DIR:-$cache/fuzz}"
# What cargo-fuzz asks of the compiler, without its address sanitizer: that needs a nightly compiler, and there is no
# `unsafe` of ours to look for. Only this machine's code is instrumented, so build scripts are left alone by --target.
export RUSTC_WRAPPER="$PWD/rustc.sh"
host="$(rustc -vV | sed -n 's/^host: //p')"
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
 -Cllvm-args=-sanitizer-coverage-trace-compares"
cargo build --quiet --locked --release --target "$host"

failed=0
mkdir -p found
for target in "${targets[@]}"; do
  learnt="$CARGO_TARGET_DIR/learnt/$target"
  mkdir -p "$learnt"
  log="$CARGO_TARGET_DIR/$target.log"
  begin=$(date +%s)
  status=0
  "$CARGO_TARGET_DIR/$host/release/$target" "$learnt" "corpus/$target" -runs="$runs" -seed="$seed" \
    -max_total_time="${SECONDS_MAX:-0}" -max_len=4096 -timeout="${HANG_S:-1}" -rss_limit_mb=256 -print_final_stats=1 \
    -artifact_prefix="found/$target-" ${DICT:+-dict="$DICT"} >"$log" 2>&1 || status=$?
  value() { sed -n "s/^stat::$1: *//p" "$log" | tail -1; }
  cover="$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -c6-)"
  done="$(value number_of_executed_units)"
  verdict=FAILED
  # Ended by its time: what was executed was sound, and that is not what was asked for.
  [ $status != 0 ] || verdict=$([ "${done:-0}" -ge "$runs" ] && echo sound || echo "sound so far, ended by SECONDS_MAX")
  printf '%-10s %10s executions  seed %-10s %5s s  peak %4s MB  slowest %s s  coverage %s  %s\n' "$target" \
    "$done" "$seed" "$(($(date +%s) - begin))" "$(value peak_rss_mb)" \
    "$(value slowest_unit_time_sec)" "$cover" "$verdict"
  if [ $status != 0 ]; then
    failed=1
    tail -25 "$log" >&2
    echo "reproduce: $CARGO_TARGET_DIR/$host/release/$target fuzz/found/$target-…" >&2
  fi
done
exit $failed
