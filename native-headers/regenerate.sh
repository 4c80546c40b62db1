#!/bin/sh
# Makes java/bindings anew with the jextract on the PATH (JDK 25's FFM API, libclang 13 or newer).
# The build never needs it: what it makes is committed.
#
#   native-headers/regenerate.sh
#
# Needs libbpf-dev and linux-libc-dev for the headers. Set JEXTRACT_FLAGS for include folders that
# your jextract does not find by itself.
set -eu
cd "$(dirname "$0")"
out=../java/bindings/src/main/java
command -v jextract >/dev/null || {
  echo "regenerate.sh: no jextract on the PATH" >&2
  exit 2
}
includes() { sed -e 's/#.*//' "$1"; }

rm -rf "$out/dev/baton/bindings"
# Word splitting is wanted: each list is a list of arguments.
# shellcheck disable=SC2046,SC2086
{
  jextract ${JEXTRACT_FLAGS:-} --output "$out" -t dev.baton.bindings.libbpf --header-class-name LibBpf \
    -l :libbpf.so.1 $(includes libbpf.includes) libbpf.h
  jextract ${JEXTRACT_FLAGS:-} --output "$out" -t dev.baton.bindings.libc --header-class-name LibC \
    $(includes libc.includes) libc.h
  jextract ${JEXTRACT_FLAGS:-} --output "$out" -t dev.baton.bindings.flow --header-class-name Baton \
    $(includes baton.includes) baton.h
}
