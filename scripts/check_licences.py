#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Holds the SPDX lines in the files against REUSE.toml, and that every licence named has its text.

    python3 scripts/check_licences.py
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The tag is put together here, so that this line is not one.
LINE = re.compile(r"SPDX-License-" + r"Identifier: *([A-Za-z0-9.()+ -]*[A-Za-z0-9.)])")
# A file says it at its beginning.
HEAD = 4096
# Written in each of them: what somebody takes out of the tree by itself.
SPEAKS = ("plugin-krita/scumble/*.py", "plugin-gimp/*.[ch]", "include/*.h", "scripts/*.py")


def pattern(glob: str) -> re.Pattern[str]:
    """REUSE's: ** is anything, * anything but a slash."""
    parts = re.split(r"(\*\*|\*)", glob)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts) + "$")


def rules() -> list[tuple[re.Pattern[str], str]]:
    with (ROOT / "REUSE.toml").open("rb") as file:
        entries = tomllib.load(file)["annotations"]
    found = []
    for entry in entries:
        globs = entry["path"] if isinstance(entry["path"], list) else [entry["path"]]
        found.extend((pattern(glob), entry["SPDX-License-Identifier"]) for glob in globs)
    return found


def main() -> int:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    files = [name for name in tracked.decode().split("\0") if name and (ROOT / name).is_file()]
    wrong, named, known = [], set(), rules()
    for name in files:
        licences = [licence for match, licence in known if match.match(name)]
        if not licences:
            wrong.append(f"{name}: no entry in REUSE.toml")
            continue
        named.add(licences[-1])
        text = (ROOT / name).read_bytes()[:HEAD].decode("utf-8", "replace")
        said = LINE.search(text)
        if said and said[1].strip() != licences[-1]:
            wrong.append(f"{name}: says {said[1].strip()}, REUSE.toml {licences[-1]}")
        if not said and any(Path(name).match(glob) for glob in SPEAKS):
            wrong.append(f"{name}: has no SPDX line; it is {licences[-1]}")
    told = (ROOT / "LICENSE").read_text()
    for licence in {part for whole in named for part in re.split(r" (?:OR|AND) ", whole)}:
        text = ROOT / "LICENSES" / f"{licence}.txt"
        if not text.is_file() or text.stat().st_size < 500:
            wrong.append(f"LICENSES/{licence}.txt is missing")
    wrong.extend(f"LICENSE does not name {licence}" for licence in named if licence not in told)
    print("\n".join(wrong) or f"{len(files)} files, {len(named)} licences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
