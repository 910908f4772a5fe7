#!/usr/bin/env bash
# fuzz.sh [TARGET]...: feeds parsers with bytes of nobody's making, for FUZZ_SECONDS (60) each; without targets all of
# them. What is new stays in fuzz/corpus for the next run here; the tests' fixtures, which are in git, are read beside it. A finding is left
# under fuzz/artifacts and ends this with an error. No sanitizer: the code has no unsafe blocks, and the pinned
# compiler needs none for coverage.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

seconds=${FUZZ_SECONDS:-60}
if [ $# -eq 0 ]; then set -- stripe paddle braintree rates imports; fi

for target in "$@"; do
  mkdir -p "fuzz/corpus/$target"
  seeds=("fuzz/corpus/$target")
  # libFuzzer reads files, not trees.
  while IFS= read -r folder; do seeds+=("$folder"); done \
    < <(find "server/tests/fixtures/$target" -type d 2>/dev/null || true)
  tools/step.sh "fuzzing $target for $seconds s" cargo fuzz run --dev --sanitizer none "$target" "${seeds[@]}" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=262144 -print_final_stats=1 -print_funcs=0 -verbosity=0
done
