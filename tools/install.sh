#!/usr/bin/env bash
# install.sh [build|test|check|fuzz]...: installs what is needed and missing here, and says where a person has to do it.
# Safe to run again: what is there is only looked at, and an interrupted compilation goes on where it stopped.
# Nothing is put into the clone except end2end/node_modules.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

cargo_leptos=0.3.10
binaryen=132.0.0
cargo_fuzz=0.13.2
localstripe=1.15.10
agentref=5.0.1
schemathesis=4.32.5
missing=0
get_node="the installer of nodejs.org, or sudo apt-get install nodejs npm where that is new enough"

have() { echo "have $*"; }

# lacking WHAT HOW: this can't be installed from here. Goes on, so that one run tells everything.
lacking() {
  echo "MISSING $1"
  echo "        type: $2"
  missing=1
}

# installing WHAT COMMAND...: the output is shown only when it fails.
installing() {
  local what=$1 start=$SECONDS log
  shift
  log=$(mktemp)
  printf 'installing %s ... ' "$what"
  if "$@" >"$log" 2>&1; then
    echo "done in $((SECONDS - start)) s"
    rm -f "$log"
  else
    echo "failed after $((SECONDS - start)) s:"
    tail -n 30 "$log" | sed 's/^/    /'
    rm -f "$log"
    return 1
  fi
}

# cargo_install CRATE VERSION OPTION...: a ready binary where cargo-binstall is there and finds one, else from source.
# shellcheck disable=SC2317  # called through installing
cargo_install() {
  local crate=$1 version=$2
  shift 2
  if command -v cargo-binstall >/dev/null; then
    cargo binstall --no-confirm --force --disable-strategies compile "$crate@$version" && return
  fi
  # Kept until it succeeds, so that an interrupted installation goes on.
  local work=$cache/install/$crate-$version
  env -u CARGO_BUILD_BUILD_DIR CARGO_TARGET_DIR="$work" \
    cargo install --force --version "$version" "$@" "$crate" || return
  rm -rf "$work"
}

# shellcheck disable=SC2317
apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update && apt-get install -y --no-install-recommends "$@"
}
may_apt() { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; }

# ---- build: what `cargo leptos build` calls

wasm_target() {
  local target=wasm32-unknown-unknown
  if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
    have "the Rust target $target"
  elif ! command -v rustup >/dev/null || ! installing "the Rust target $target" rustup target add "$target"; then
    lacking "the Rust target $target" "rustup target add $target"
  fi
}

leptos() {
  local options=(--locked --features no_downloads
    --config profile.release.lto=false
    --config profile.release.codegen-units=16
    --config profile.release.opt-level=1)
  if [ "$(cargo-leptos --version 2>/dev/null)" = "cargo-leptos $cargo_leptos" ]; then
    have "cargo-leptos $cargo_leptos"
  elif ! installing "cargo-leptos $cargo_leptos (5 to 10 minutes, once)" \
    cargo_install cargo-leptos "$cargo_leptos" "${options[@]}"; then
    lacking "cargo-leptos $cargo_leptos" "cargo install cargo-leptos --version $cargo_leptos --locked"
  fi
}

# The tool must be of the very version of the library that Cargo.lock names.
wasm_bindgen() {
  local version=
  if [ -f Cargo.lock ]; then
    version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
  fi
  version=${version:-0.2.130}
  if [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $version" ]; then
    have "wasm-bindgen $version"
  elif ! installing "wasm-bindgen $version (about 2 minutes, once)" cargo_install wasm-bindgen-cli "$version"; then
    lacking "wasm-bindgen $version" "cargo install wasm-bindgen-cli --version $version"
  fi
}

# From npm, because what Linux distributions carry is too old for today's wasm.
wasm_opt() {
  local dir=$cache/tools
  if grep -qs "\"version\": \"$binaryen\"" "$dir/node_modules/binaryen/package.json"; then
    have "wasm-opt $binaryen"
  elif ! command -v npm >/dev/null; then
    lacking "wasm-opt, because npm is missing" "$get_node"
  elif ! installing "wasm-opt $binaryen" \
    npm install --prefix "$dir" --no-save --no-audit --no-fund "binaryen@$binaryen"; then
    lacking "wasm-opt $binaryen" "npm install --prefix $dir binaryen@$binaryen"
  fi
}

install_build() {
  if ! command -v cargo >/dev/null; then
    lacking "Rust" "the command on the first page of rustup.rs, then: make install-build"
    return
  fi
  wasm_target
  leptos
  wasm_bindgen
  wasm_opt
}

# ---- test: a browser, its driver and a database

chromium() {
  local how="sudo apt-get install chromium (or set CHROMIUM to the path of a Chrome)"
  if [ -n "$CHROMIUM" ]; then
    if [ -x "$CHROMIUM" ]; then have "Chromium: $CHROMIUM"; else lacking "Chromium: CHROMIUM is $CHROMIUM" "$how"; fi
  elif ! may_apt || ! installing "Chromium" apt_install chromium fonts-liberation; then
    lacking "Chromium" "$how"
  fi
}

node_js() {
  local version
  version=$(node --version 2>/dev/null || true)
  if [[ $version =~ ^v([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 20 ]; then
    have "node $version"
  else
    lacking "node 20 or newer${version:+ (this is $version)}" "$get_node"
  fi
}

npm_packages() {
  [ -f end2end/package-lock.json ] || return 0
  # npm writes the inner file last.
  if [ end2end/node_modules/.package-lock.json -nt end2end/package-lock.json ]; then
    have "the npm packages of end2end"
  elif ! installing "the npm packages of end2end" \
    env PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefix end2end --no-audit --no-fund; then
    lacking "the npm packages of end2end" "npm ci --prefix end2end"
  fi
}

postgres() {
  local bin
  if bin=$(postgres_bin); then
    have "PostgreSQL: $bin"
  elif ! may_apt || ! installing "PostgreSQL" apt_install postgresql || ! postgres_bin >/dev/null; then
    lacking "PostgreSQL 14 or newer" "sudo apt-get install postgresql"
  fi
}

# python_package NAME VERSION PROGRAM OFF: a Python package in an environment of its own, unless PROGRAM is another's.
# Optional: with OFF the tests do without it.
python_package() {
  local name=$1 version=$2 program=$3 off=$4 dir
  dir=$(dirname "$(dirname "$program")")
  if [ "$("$dir/bin/pip" list --format=freeze 2>/dev/null | grep "^$name=")" = "$name==$version" ]; then
    have "$name $version"
  elif [ -x "$program" ] && [ "$dir" != "$cache/tools/$name" ]; then
    have "$name: $program"
  elif ! python3 -c 'import venv, ensurepip' 2>/dev/null || ! installing "$name $version" \
    python_install "$dir" "$name==$version"; then
    echo "without $name: install python3 with venv and type make install-test, or leave it out with $off"
  fi
}

# shellcheck disable=SC2317  # called through installing
python_install() {
  python3 -m venv --clear "$1" && "$1/bin/pip" install --quiet --disable-pip-version-check "$2"
}

install_test() {
  chromium
  node_js
  npm_packages
  postgres
  # A stand-in for Stripe, the published Python client of dialect B, and what tries the API by its document.
  python_package localstripe "$localstripe" "$LOCALSTRIPE" LOCALSTRIPE=none
  python_package agentref "$agentref" "$AGENTREF_PYTHON" AGENTREF_PYTHON=none
  python_package schemathesis "$schemathesis" "$SCHEMATHESIS" SCHEMATHESIS=none
}

# ---- fuzz: what `make fuzz` calls

install_fuzz() {
  if [ "$(cargo-fuzz --version 2>/dev/null)" = "cargo-fuzz $cargo_fuzz" ]; then
    have "cargo-fuzz $cargo_fuzz"
  elif ! installing "cargo-fuzz $cargo_fuzz" cargo_install cargo-fuzz "$cargo_fuzz" --locked; then
    lacking "cargo-fuzz $cargo_fuzz" "cargo install cargo-fuzz --version $cargo_fuzz --locked"
  fi
}

# ---- check: optional; `make check` skips what isn't there

install_check() {
  local tool
  for tool in cargo-deny cargo-machete; do
    if command -v "$tool" >/dev/null; then
      have "$tool"
    else
      echo "without $tool, which is optional; to have it: cargo install --locked $tool"
    fi
  done
}

for what in "${@:-build}"; do
  case $what in
    build) install_build ;;
    test) install_test ;;
    check) install_check ;;
    fuzz) install_fuzz ;;
    *)
      echo "usage: ${BASH_SOURCE[0]} [build|test|check|fuzz]..." >&2
      exit 2
      ;;
  esac
done
exit "$missing"
