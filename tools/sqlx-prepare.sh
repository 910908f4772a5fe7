#!/usr/bin/env bash
# sqlx-prepare.sh [--check]: writes .sqlx, what the database says of every query, from the migrations and the store's
# SQL; with --check only tells whether it is fresh. Everything is compiled against .sqlx, so that a build needs no
# database. Does without sqlx-cli: sqlx's macros themselves write into SQLX_OFFLINE_DIR when they ask a database.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

# Always a database of its own: one that is lying around may have other migrations.
if [ -z "${SQLX_PREPARE_DATABASE:-}" ]; then
  SQLX_PREPARE_DATABASE=1 exec tools/with-postgres.sh tools/sqlx-prepare.sh "$@"
fi

fresh=$(mktemp -d)
stamp=$(mktemp)
trap 'rm -rf "$fresh" "$stamp"' EXIT

for migration in migrations/*.sql; do
  together=(--single-transaction)
  # As sqlx does it.
  if [[ $(head -n 1 "$migration") == "-- no-transaction"* ]]; then together=(); fi
  PGOPTIONS="--client-min-messages=warning" "$PG_BIN/psql" --no-psqlrc --quiet --output=/dev/null \
    --set=ON_ERROR_STOP=1 "${together[@]}" --file="$migration" "$DATABASE_URL"
done

# The macros write only where the compiler runs: make the store look changed, and unchanged again afterwards, unless
# somebody has really changed it meanwhile.
entry=store/src/lib.rs
touch -r "$entry" "$stamp"
touch "$entry"
touched=$(stat -c %y "$entry")
untouch() {
  if [ "$(stat -c %y "$entry")" = "$touched" ]; then touch -r "$stamp" "$entry"; fi
}
status=0
SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$fresh cargo check --quiet -p store --all-targets || status=$?
untouch
if [ "$status" -ne 0 ]; then exit "$status"; fi

# differences: one line for each query that .sqlx has wrong, with the beginning of its SQL.
sql() { sed -n 's/^  "query": "\(.*\)",$/\1/p' "$1" | sed 's/\\n/ /g; s/\\"/"/g; s/  */ /g' | cut -c 1-110; }
differences() {
  local file name
  for file in "$fresh"/*.json; do
    name=.sqlx/$(basename "$file")
    if [ ! -e "$name" ]; then
      echo "missing: $(sql "$file")"
    elif ! cmp -s "$file" "$name"; then
      echo "changed: $(sql "$file")"
    fi
  done
  for file in .sqlx/*.json; do
    [ -e "$fresh/$(basename "$file")" ] || echo "unused:  $(sql "$file")"
  done
}
shopt -s nullglob
stale=$(differences)
all=("$fresh"/*.json)

if [ -z "$stale" ]; then
  echo ".sqlx is fresh: ${#all[@]} queries"
elif [ "${1:-}" = --check ]; then
  echo "$stale"
  echo ".sqlx is stale: type make sqlx-prepare, and commit what it changes" >&2
  exit 1
else
  mkdir -p .sqlx
  rm -f .sqlx/*.json
  cp -R "$fresh/." .sqlx/
  # Cargo doesn't know that the store is compiled from these too.
  touch "$entry"
  echo "$stale"
  echo ".sqlx written: ${#all[@]} queries"
fi
