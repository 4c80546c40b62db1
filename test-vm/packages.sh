# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # what it takes from and gives to those who source it
# What the guests are made of, from Debian's archive: kernels, and a QEMU that they survive in. Sourced.
#
# The machine's own sources stay as they are: apt works on a private list of suites. Versions roll, so nothing is
# pinned: a series means the newest of it.

suites() {
  local main=${BATON_DEBIAN:-http://deb.debian.org/debian}
  local security=${BATON_DEBIAN_SECURITY:-http://deb.debian.org/debian-security}
  local suite
  for suite in bookworm bookworm-backports trixie trixie-backports sid; do
    echo "deb [signed-by=$keyring] $main $suite main"
  done
  for suite in bullseye-security bookworm-security trixie-security; do
    echo "deb [signed-by=$keyring] $security $suite main"
  done
}

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

private_apt() {
  local command=$1
  shift
  "$command" -q \
    -o Dir::Etc::SourceList="$cache/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o Dir::State::Lists="$cache/apt/lists" -o Dir::State::status="$cache/apt/status" \
    -o Dir::Cache::pkgcache="$cache/apt/packages.bin" -o Dir::Cache::srcpkgcache= \
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o APT::Architecture=amd64 "$@"
}

# Fresh lists, once a day.
package_lists() {
  [ -z "$(find "$cache/apt/fresh" -mtime -1 2>/dev/null)" ] || return 0
  mkdir -p "$cache/apt/lists/partial"
  : >"$cache/apt/status"
  suites >"$cache/apt/sources.list"
  say "reading the archive's package lists"
  private_apt apt-get update >"$cache/apt/update.log" 2>&1 ||
    say "some lists could not be read: $(grep -m1 -E '^(E|W|Err)' "$cache/apt/update.log")"
  touch "$cache/apt/fresh"
}

# All kernels there are, as uname -r says them, oldest first.
kernels() {
  package_lists
  private_apt apt-cache search --names-only '^linux-image-[0-9]+[.][0-9]+[.][0-9][^ ]*-cloud-amd64$' |
    sed -n 's/^linux-image-\([^ ]*\) .*/\1/p' | sort -Vu
}

# The newest of a series (6.1), or of all ("newest").
newest_kernel() {
  case $1 in
    newest) kernels | tail -n 1 ;;
    *) kernels | awk -v series="$1" 'index($0, series ".") == 1 || index($0, series "-") == 1 || $0 == series' | tail -n 1 ;;
  esac
}

# Sets "kernel" to a folder with vmlinuz and lib/modules of release $1.
fetch_kernel() {
  kernel=$cache/kernels/$1
  [ ! -e "$kernel/complete" ] || return 0
  local made=$kernel.$$ parts
  rm -rf "$made"
  mkdir -p "$made/debs" "$made/x"
  # Since 7.x an image is in parts.
  parts=$(private_apt apt-cache depends --no-recommends --no-suggests "linux-image-$1" |
    sed -n 's/^ *Depends: \(linux-\(binary\|modules\|base\)-[0-9][^ ]*\)$/\1/p' | sort -u)
  say "fetching Linux $1"
  # shellcheck disable=SC2086 # a list of words
  (cd "$made/debs" && private_apt apt-get download "linux-image-$1" $parts >apt.log 2>&1) ||
    die "cannot fetch Linux $1: $(tail -n 1 "$made/debs/apt.log")"
  local deb
  for deb in "$made"/debs/*.deb; do dpkg -x "$deb" "$made/x"; done
  mkdir -p "$made/lib/modules"
  mv "$(find "$made/x" -type d -path "*lib/modules/$1" -prune | head -n 1)" "$made/lib/modules/"
  find "$made/lib/modules" -name '*.ko.xz' -exec xz -d -T0 {} +
  find "$made/lib/modules" -name '*.ko.zst' -exec zstd -q -d --rm {} +
  cp "$(find "$made/x" "$made/lib" -name 'vmlinuz*' -type f | head -n 1)" "$made/vmlinuz"
  depmod -b "$made" "$1"
  rm -rf "$made/x" "$made/debs"
  touch "$made/complete"
  rm -rf "$kernel"
  mv "$made" "$kernel"
}

qemu_major() { "$@" --version 2>/dev/null | sed -n '1s/.*version \([0-9]*\).*/\1/p'; }

# Sets "qemu" to a command. Older than 8 kills guests with two processors: a newer one is unpacked beside it then.
find_qemu() {
  local here=$cache/qemu
  need qemu-system-x86 qemu-system-x86_64
  need qemu-system-common /usr/share/qemu
  install_missing
  qemu=(qemu-system-x86_64)
  [ "$(qemu_major "${qemu[@]}")" -lt 8 ] || return 0
  if [ ! -e "$here/complete" ]; then
    package_lists
    say "fetching a newer QEMU"
    rm -rf "$here" "$here.$$"
    mkdir -p "$here.$$/debs"
    local packages=(qemu-system-x86 qemu-system-data qemu-system-common) deb
    (
      cd "$here.$$/debs"
      private_apt apt-get download "${packages[@]/%//bookworm-backports}" seabios >apt.log 2>&1
    ) || die "cannot fetch QEMU: $(tail -n 1 "$here.$$/debs/apt.log")"
    for deb in "$here.$$"/debs/*.deb; do dpkg -x "$deb" "$here.$$"; done
    rm -rf "$here.$$/debs"
    touch "$here.$$/complete"
    mv "$here.$$" "$here"
  fi
  qemu=("$here/usr/bin/qemu-system-x86_64" -L "$here/usr/share/qemu" -L "$here/usr/share/seabios")
  [ "$(qemu_major "${qemu[0]}")" -ge 8 ] || die "QEMU 8 or newer is needed, and ${qemu[0]} does not start"
}

# Sets "virtiofsd" to a command that shares the folder $1 at the socket $2.
find_virtiofsd() {
  local old=/usr/lib/qemu/virtiofsd new=/usr/libexec/virtiofsd
  if [ -x "$old" ]; then
    virtiofsd=("$old" "--socket-path=$2" -o "source=$1" -o cache=auto -o sandbox=chroot -o log_level=err)
    return 0
  fi
  need virtiofsd "$new"
  install_missing
  virtiofsd=("$new" "--socket-path=$2" "--shared-dir=$1" --cache=auto --sandbox=chroot --log-level=error)
}
