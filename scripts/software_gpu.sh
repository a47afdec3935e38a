#!/usr/bin/env bash
# A graphics card in software, for tests: SwiftShader and a Vulkan loader, out of Debian's package of Chromium, which is
# not installed. The version is the newest of this Debian release (its archive keeps no older ones); apt checks it.
#   software_gpu.sh FOLDER
set -euo pipefail
[ $# = 1 ] || { sed -n '4s/^# *//p' "$0" >&2; exit 2; }
folder=$1
files=(libvk_swiftshader.so vk_swiftshader_icd.json libvulkan.so.1)

there() {
    local file
    for file in "${files[@]}"; do [ -f "$folder/$file" ] || return 1; done
}

if there; then exit 0; fi
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
    echo "software_gpu.sh: only Debian has it as a package; put ${files[*]} into $folder by hand" >&2
    exit 1
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo "Fetching a graphics card in software into $folder"
fetch() { (cd "$scratch" && apt-get download -q chromium-common >/dev/null 2>&1); }
fetch || {
    # The lists that apt has are older than the archive.
    sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    [ -z "$sudo" ] || command -v sudo >/dev/null || {
        echo "software_gpu.sh: the lists of apt are missing or too old; run apt-get update as root, then this again" >&2
        exit 1
    }
    $sudo apt-get update -q
    fetch || { echo "software_gpu.sh: apt has no package chromium-common" >&2; exit 1; }
}
dpkg-deb --fsys-tarfile "$scratch"/chromium-common_*.deb |
    tar -x -C "$scratch" --strip-components=4 "${files[@]/#/./usr/lib/chromium/}"
mkdir -p "$folder"
for file in "${files[@]}"; do mv "$scratch/$file" "$folder/$file"; done
