#!/usr/bin/env bash
# step.sh NAME COMMAND...: runs one step of a make target and says what it was, how it ended and how long it took.
# One place for that, so that a long log can be read by its "==" and "--" lines alone.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

name=$1
shift

echo "== $name"
status=0
attend "$@" || status=$?
if [ "$status" -eq 0 ]; then
  echo "-- $name: ok in $SECONDS s"
else
  echo "-- $name: failed after $SECONDS s (exit code $status)"
fi
exit "$status"
