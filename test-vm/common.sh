# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # what it takes from those who source it
# What the scripts here have in common. Sourced, with "root" and "cache" set.

say() { printf 'test-vm: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

missing=()
# need PACKAGE COMMAND-OR-FILE
need() { command -v "$2" >/dev/null 2>&1 || [ -e "$2" ] || missing+=("$1"); }
install_missing() {
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing from the distribution: ${missing[*]}"
  local log=$cache/install.log
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 </dev/null || {
    apt-get -qq update >>"$log" 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null
  } || die "could not install ${missing[*]}: $(tail -n 1 "$log")"
  missing=()
}

# Builds all that guests run, out here where it is quick. Maven's output goes to file $1.
build_tests() {
  "$root/baton" test -q -Dtest=NoSuchTest -Dsurefire.failIfNoSpecifiedTests=false -Dspotless.check.skip=true >"$1" 2>&1 || {
    grep -m 20 -F ERROR "$1" >&2
    die "the build failed (./baton test -Dtest=NoSuchTest says more)"
  }
}
