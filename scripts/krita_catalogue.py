#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes plugin-krita/scumble/translations/scumble.ts, the template for translators: all that tr() says.

    python3 scripts/krita_catalogue.py [--check]        --check only says whether the template is up to date

A translator copies it to scumble_<language>.ts and fills it with Qt Linguist; `lrelease` makes the .qm beside
it, which the plug-in loads.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "plugin-krita/scumble"
TEMPLATE = SOURCE / "translations/scumble.ts"


def strings(file: Path) -> list[str]:
    """What a file says through tr(), in the order of its lines."""
    calls = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr"
    ]
    found = []
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        text = call.args[0]
        if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
            raise SystemExit(f"{file.name}:{call.lineno}: tr() wants a string as it stands, not one made up")
        found.append(text.value)
    return found


def template() -> str:
    places: dict[str, str] = {}
    for file in sorted(SOURCE.glob("*.py")):
        if file.name != "qt.py":  # defines tr
            for text in strings(file):
                places.setdefault(text, file.name)
    messages = "".join(
        f'    <message>\n        <location filename="../{name}"/>\n'
        f"        <source>{escape(text)}</source>\n"
        f'        <translation type="unfinished"></translation>\n    </message>\n'
        for text, name in places.items()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n<TS version="2.1">\n<context>\n'
        f"    <name>Scumble</name>\n{messages}</context>\n</TS>\n"
    )


def main() -> int:
    made = template()
    if "--check" in sys.argv[1:]:
        same = TEMPLATE.is_file() and TEMPLATE.read_text() == made
        print("up to date" if same else f"{TEMPLATE} is not up to date; run scripts/krita_catalogue.py")
        return 0 if same else 1
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_text(made)
    print(f"{TEMPLATE}: {made.count('<message>')} strings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
