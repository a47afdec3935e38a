#!/usr/bin/env bash
# The end-to-end checks in the Kritas of newer Debian releases, each in a chroot: Krita 5.2, 5.3 and 6.0.
#   krita_chroots.sh [options of tests/krita/run_e2e.py]      RELEASES="trixie sid" does only these
set -euo pipefail
cd "$(dirname "$0")/.."

# Krita's Python needs the Qt that Krita itself runs on.
declare -A qt=([trixie]=python3-pyqt5 [sid]=python3-pyqt5 [experimental]="python3-pyqt6 qt6-svg-plugins")
failed=()
for release in ${RELEASES:-trixie sid experimental}; do
    scripts/chroot.sh "$release" "$release" krita ${qt[$release]} libgl1-mesa-dri
    python3 tests/krita/run_e2e.py --krita "scripts/chroot.sh run $release krita" "$@" || failed+=("$release")
done
[ ${#failed[@]} = 0 ] || { echo "Failed in: ${failed[*]}" >&2; exit 1; }
