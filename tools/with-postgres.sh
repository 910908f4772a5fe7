#!/usr/bin/env bash
# with-postgres.sh COMMAND...: runs a command with a PostgreSQL of its own, which is gone when the command has ended.
# The command finds it in DATABASE_URL, and the server's programs (pgbench, psql) in PG_BIN. Tests must neither need a
# database that somebody has set up nor leave one behind. It may forget everything in a crash, which makes it fast;
# with TRIBUTARY_DURABLE=1 it keeps PostgreSQL's own durable settings, for benchmarks. Its files are in TMPDIR.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

if [ $# -eq 0 ]; then
  echo "usage: ${BASH_SOURCE[0]} COMMAND..." >&2
  exit 2
fi
if ! PG_BIN=$(postgres_bin); then
  echo "PostgreSQL 14 or newer isn't installed: type make install-test" >&2
  exit 1
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/tributary-postgres.XXXXXX")
server=
stop() {
  trap '' INT TERM
  # SIGQUIT is PostgreSQL's immediate shutdown: the data needn't be in order, it goes away.
  if [ -n "$server" ] && kill -QUIT "$server" 2>/dev/null; then wait "$server" || true; fi
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# PostgreSQL refuses to run as root.
drop=()
if [ "$(id -u)" -eq 0 ]; then
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  drop=(--reuid="$(id -u "$user")" --regid="$(id -g "$user")" --clear-groups)
  chown "$user" "$dir"
fi

# Not in our working directory, which that user may not be allowed to enter.
if ! (cd "$dir" && setpriv "${drop[@]}" "$PG_BIN/initdb" --pgdata="$dir/data" --username=tributary --auth=trust \
  --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1); then
  cat "$dir/initdb.log" >&2
  exit 1
fi

settings=(max_connections=300 shared_buffers=256MB timezone=UTC listen_addresses=127.0.0.1 unix_socket_directories=)
if [ "${TRIBUTARY_DURABLE:-}" != 1 ]; then
  settings+=(fsync=off synchronous_commit=off full_page_writes=off)
fi

# start PORT: true when the server answers there. A session of its own keeps it from a terminal's Ctrl-C, which is for
# the command; --pdeathsig stops it even when this script is killed.
start() {
  (cd "$dir" && exec setsid setpriv --pdeathsig QUIT "${drop[@]}" "$PG_BIN/postgres" -D "$dir/data" -p "$1" \
    "${settings[@]/#/--}") >"$dir/postgres.log" 2>&1 </dev/null &
  server=$!
  local deadline=$((SECONDS + 30))
  while kill -0 "$server" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do
    grep -q 'database system is ready' "$dir/postgres.log" && return
    sleep 0.05
  done
  return 1
}

# There is no asking for a free port: try some, below those that the system hands out.
for attempt in {1..8}; do
  port=$((20000 + RANDOM % 10000))
  if start "$port"; then break; fi
  if [ "$attempt" -eq 8 ] || ! grep -q 'Address already in use' "$dir/postgres.log"; then
    cat "$dir/postgres.log" >&2
    exit 1
  fi
done

at=postgres://tributary@127.0.0.1:$port
"$PG_BIN/psql" --no-psqlrc --quiet --command='create database tributary' "$at/postgres"
export PG_BIN DATABASE_URL=$at/tributary

attend "$@"
