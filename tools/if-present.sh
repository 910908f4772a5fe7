#!/usr/bin/env bash
# if-present.sh TOOL COMMAND...: runs the command when the tool is installed, and says that it didn't otherwise. For
# checks that are worth having but not worth the minutes that their tool takes to compile.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

tool=$1
shift
if command -v "$tool" >/dev/null; then
  exec "$@"
fi
echo "skipped: $tool isn't installed"
