#!/usr/bin/env bash
# Everything that building, testing and the demo need and that is not there yet. Run by make; safe to run again.
#   setup.sh build   compilers, Python, ONNX Runtime        (for `make demo`)
#   setup.sh test    the same, and valgrind, ruff           (for `make test`)
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-build}

if ! command -v cargo >/dev/null; then
    echo "Rust is missing. Install it from https://rustup.rs, then run this again." >&2
    exit 1
fi

# Debian packages by the command (or file) that shows that they are there.
missing=()
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
fi
if [ ${#missing[@]} -gt 0 ]; then
    echo "Installing ${missing[*]}"
    sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -q
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

mkdir -p .setup
python3 scripts/fetch_runtime.py .setup/runtime

if [ "$what" = test ]; then
    if ! .setup/venv/bin/python -c '' 2>/dev/null; then
        python3 -m venv .setup/venv
    fi
    if ! cmp -s scripts/test-requirements.txt .setup/test-requirements.done; then
        .setup/venv/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/test-requirements.txt
        cp scripts/test-requirements.txt .setup/test-requirements.done
    fi
fi
