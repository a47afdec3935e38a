#!/usr/bin/env bash
# Whether Rust here can build for Windows (exit code 0), or what is missing. --add gets Rust's standard library for it,
# which takes minutes. The C compiler is for the one crate that brings C.
set -euo pipefail
target=x86_64-pc-windows-gnu

has_target() { [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; }

if ! has_target && [ "${1:-}" = --add ] && command -v rustup >/dev/null; then
    rustup target add "$target"
fi
if ! has_target; then
    echo "Rust's standard library for $target is missing (rustup target add $target)"
    exit 1
fi
if ! command -v x86_64-w64-mingw32-gcc >/dev/null; then
    echo "the C compiler for Windows is missing (apt-get install gcc-mingw-w64-x86-64)"
    exit 1
fi
