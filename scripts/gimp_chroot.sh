#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The GIMP tests in the GIMP 3 of another Debian release, on this machine's X servers, then the zip for it.
#   gimp_chroot.sh SUITE [arguments of tests/gimp/run_gimp.py]   SUITE: trixie (GIMP 3.0), sid (3.2)
# Makes the release in .setup/chroots (or $SCUMBLE_CHROOTS) if it is not there yet: 1.7 GB, some minutes, and root. One
# Debian serves both hosts: krita_chroots.sh uses the same folders.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=$1
shift
root=$(realpath -m "${SCUMBLE_CHROOTS:-.setup/chroots}/$suite")
scripts/chroot.sh "$suite" "$root" gimp libgimp-3.0-dev gcc make pkg-config libc6-dev gir1.2-gimp-3.0 python3-gi
out=$PWD/out/gimp-3-$suite
scripts/chroot.sh run "$root" make --no-print-directory -C "$PWD/plugin-gimp" GIMP=3 OUT="$out" WERROR=1
python3 tests/gimp/run_gimp.py --gimp 3 --chroot "$root" --plugin "$out/scumble" "$@"
# What is handed out, too: a zip for this GIMP renders in a fresh profile. Libraries are named as for the tests.
library=()
while [ $# -gt 0 ]; do
    [ "$1" != --library ] || library=(--library "$2")
    shift
done
console=$(cd "$root" && ls usr/bin/gimp-console-3.*)
python3 scripts/gimp_zip.py --gimp 3 --plugin "$out/scumble" "${library[@]}" --out "$PWD/out/test/scumble-gimp-3.zip" \
    --check --console "bash $PWD/scripts/chroot.sh run $root /$console"
