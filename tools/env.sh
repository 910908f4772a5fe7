# shellcheck shell=bash
# Sourced by the other scripts: where things are, and how the tools are found.
# Linux, bash 4 or newer.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tributary

# Tools that npm installs for the build come first, then cargo's.
export PATH="$cache/tools/node_modules/.bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

# The browser of the end-to-end tests: an explicit CHROMIUM wins.
if [ -z "${CHROMIUM:-}" ]; then
  CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
fi
export CHROMIUM

# The stand-in for Stripe of the HTTP tests: an explicit LOCALSTRIPE wins.
export LOCALSTRIPE=${LOCALSTRIPE:-$cache/tools/localstripe/bin/localstripe}

# The Python with the published client of dialect B, for the HTTP tests: an explicit AGENTREF_PYTHON wins.
export AGENTREF_PYTHON=${AGENTREF_PYTHON:-$cache/tools/agentref/bin/python}

# What tries the API by its document, for the HTTP tests: an explicit SCHEMATHESIS wins.
export SCHEMATHESIS=${SCHEMATHESIS:-$cache/tools/schemathesis/bin/schemathesis}

# The directory of the newest PostgreSQL server there is; fails when none is of version 14 or newer.
postgres_bin() {
  local initdb dir version newest=13 best=
  for initdb in "$(command -v initdb || true)" /usr/lib/postgresql/*/bin/initdb; do
    [ -x "$initdb" ] || continue
    # What is on the PATH may be a link to one program of many.
    dir=$(dirname "$(readlink -f "$initdb")")
    if [ ! -x "$dir/postgres" ] || [ ! -x "$dir/psql" ]; then continue; fi
    version=$("$dir/postgres" --version | grep -oE '[0-9]+' | head -n 1)
    if [ "$version" -gt "$newest" ]; then newest=$version best=$dir; fi
  done
  [ -n "$best" ] && echo "$best"
}

# Runs a command and passes signals on to it. Bash puts off its traps while a command runs in the foreground, so the
# command runs in the background, with our stdin and with SIGINT as it was.
attend() {
  local status=0
  (trap - INT; exec "$@") <&0 &
  local child=$!
  # shellcheck disable=SC2064  # the number of this child, not of a later one
  trap "kill -INT $child 2>/dev/null || true" INT
  # shellcheck disable=SC2064
  trap "kill -TERM $child 2>/dev/null || true" TERM
  wait "$child" || status=$?
  # A trap ends `wait` before the child has ended.
  while kill -0 "$child" 2>/dev/null; do wait "$child" || status=$?; done
  trap - INT TERM
  return "$status"
}

# On CI every run is a fresh clone: what cargo compiles is kept in the cache, so that dependencies are compiled once.
# Cargo knows the crates of a workspace by their path inside it, and whether they are fresh by time stamps alone: it
# would take another clone's build for this one's. So in a clone that wasn't the last to build, all sources are touched.
if [ "${CI:-}" = true ] && [ -z "${CARGO_TARGET_DIR:-}${CARGO_BUILD_TARGET_DIR:-}${CARGO_BUILD_BUILD_DIR:-}" ]; then
  export CARGO_BUILD_BUILD_DIR=$cache/build CARGO_INCREMENTAL=0
  if ! cmp -s "$root/target/.clone" "$cache/build/.clone"; then
    mkdir -p "$root/target" "$cache/build"
    find "$root" \( -name .git -o -name target -o -name node_modules \) -prune -o -type f -exec touch -c {} +
    echo "$root $$ $(date +%s)" | tee "$root/target/.clone" >"$cache/build/.clone"
  fi
fi
