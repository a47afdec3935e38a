#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Commands that people are told, in Markdown and in sentences of the Rust sources, must run on Debian: it has no `python`, and its
# pip installs into virtual environments alone (FOLDER/bin/pip, FOLDER/bin/python). Prints the lines that would not.
#   check_commands.sh [FILE…]   default: what git knows
set -euo pipefail
cd "$(dirname "$0")/.."
files=("$@")
[ $# -gt 0 ] || mapfile -t files < <(git ls-files -- '*.md' '*.rs')
# No word's end, and no path's.
if grep -nsHE '(^|[^/[:alnum:]_.-])(pip3? (install|download)|python (-|[^ ]*\.py))' -- "${files[@]}"; then
    echo "check_commands.sh: write python3, or make a virtual environment and name its bin/python and bin/pip" >&2
    exit 1
fi
