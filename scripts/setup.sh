#!/usr/bin/env bash
# Everything that building, testing and the demo need and that is not there yet. Run by make; safe to run again.
#   setup.sh build   compilers, Python, ONNX Runtime        (for `make demo`)
#   setup.sh test    the same, and valgrind, ruff, a graphics card in software   (for `make test`)
#   setup.sh openvino   the same as build, and OpenVINO as a plug-in and in an ONNX Runtime   (for `make test-openvino`)
#   setup.sh krita   the same as build, and Krita, Xvfb, PyQt   (for `make test-krita`)
#   setup.sh gimp   the same as build, and GIMP and its headers   (for `make gimp`)
#   setup.sh gimp-test   the same as gimp, and Xvfb, openbox, xdotool   (for `make test-gimp`)
#   setup.sh windows the same as build, and what builds for Windows and runs it (Wine)   (for `make test-windows`)
#   setup.sh chroot  the same as build, and debootstrap         (for scripts/chroot.sh)
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-build}

# Before anything is installed: Debian's own Rust is too old, and would say so of one crate or another.
needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
here=$(rustc --version 2>/dev/null | sed -n 's/^rustc \([0-9.]*\).*/\1/p') || here=""
if [ -z "$here" ] || ! command -v cargo >/dev/null; then
    echo "Rust is missing, of which $needed or newer is needed. Install it from https://rustup.rs, then run this again." >&2
    exit 1
elif [ "$(printf '%s\n' "$needed" "$here" | sort -V | head -1)" != "$needed" ]; then
    echo "Rust is $here here, and $needed or newer is needed. Install it from https://rustup.rs (if that is where yours is" \
        "from: rustup update), then run this again." >&2
    exit 1
fi

# Debian packages by the command (or file) that shows that they are there.
missing=()
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
may_install() { command -v apt-get >/dev/null && { [ -z "$sudo" ] || command -v sudo >/dev/null; }; }
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need cc gcc
need c++ g++
need make make
need python3 python3
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
if [ "$what" = test ]; then
    # It does not start without the symbols of the C library, which Debian only recommends with it.
    valgrind -q true 2>/dev/null || missing+=(valgrind libc6-dbg)
    need nm binutils
    need pkg-config pkg-config
    need bindgen bindgen
    /sbin/ldconfig -p | grep -q libclang-[0-9] || missing+=(libclang1)
    need go golang-go
fi
if [ "$what" = krita ]; then
    need krita krita
    need Xvfb xvfb
    need openbox openbox
    /usr/bin/python3 -c 'import PyQt5' 2>/dev/null || missing+=(python3-pyqt5)
fi
if [ "$what" = gimp ] || [ "$what" = gimp-test ]; then
    need gimp gimp
    need pkg-config pkg-config
    # 2.10 on Debian 12, 3 on newer ones. A fresh system does not know yet what there is.
    if ! pkg-config --exists gimpui-2.0 2>/dev/null && ! pkg-config --exists gimpui-3.0 2>/dev/null; then
        apt-cache show gimp >/dev/null 2>&1 || ! may_install || $sudo apt-get update -q
        # With 2.10's own look.
        if apt-cache show libgimp-3.0-dev >/dev/null 2>&1; then missing+=(libgimp-3.0-dev); else missing+=(libgimp2.0-dev gtk2-engines-pixbuf); fi
    fi
    need unzip unzip
    [ -d /usr/share/doc/gtk2-engines-pixbuf ] || ! pkg-config --exists gimpui-2.0 2>/dev/null || missing+=(gtk2-engines-pixbuf)
fi
if [ "$what" = gimp-test ]; then
    need Xvfb xvfb
    need openbox openbox
    need xdotool xdotool
    need xclip xclip
    need import imagemagick
fi
[ "$what" != chroot ] || need debootstrap debootstrap
if [ "$what" = windows ]; then
    need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
    [ -x /usr/lib/wine/wine64 ] || need wine64 wine64
fi
if [ ${#missing[@]} -gt 0 ] && ! may_install; then
    why="there is no apt-get"
    ! command -v apt-get >/dev/null || why="only root installs packages, and there is no sudo"
    echo "These are missing, by the names of Debian's packages: ${missing[*]}. Install them, as $why here; then run this again." >&2
    exit 1
fi
if [ ${#missing[@]} -gt 0 ]; then
    echo "Installing ${missing[*]}"
    $sudo apt-get update -q
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

mkdir -p .setup
python3 scripts/fetch_runtime.py .setup/runtime

# venv NAME REQUIREMENTS: a Python environment that holds just these, made anew when the list changes.
venv() {
    # Without pip it was cut short, or Python was upgraded below it.
    if ! .setup/"$1"/bin/python -c 'import pip' 2>/dev/null; then
        rm -rf .setup/"$1" .setup/"$1".done
        python3 -m venv .setup/"$1"
    fi
    if ! cmp -s "$2" .setup/"$1".done; then
        .setup/"$1"/bin/python -m pip install --quiet --disable-pip-version-check -r "$2"
        cp "$2" .setup/"$1".done
    fi
}
case $what in
test)
    venv venv scripts/test-requirements.txt
    # What cli/tests/cli_devices.rs runs on; elsewhere it is left out.
    if [ "$(uname -sm)" = "Linux x86_64" ]; then
        python3 scripts/fetch_runtime.py .setup/webgpu onnxruntime-webgpu
        scripts/software_gpu.sh .setup/software-gpu
    fi
    ;;
openvino)
    python3 scripts/fetch_runtime.py .setup/openvino/scumble/runtime/openvino onnxruntime-ep-openvino
    python3 scripts/fetch_runtime.py .setup/openvino-built-in onnxruntime-openvino
    ;;
krita) venv krita-venv tests/krita/requirements.txt ;;
windows)
    scripts/windows_target.sh --add
    python3 scripts/fetch_runtime.py .setup/windows/runtime onnxruntime-windows
    ;;
esac
