# SPDX-License-Identifier: GPL-3.0-or-later
"""Another program that shares its model, for the tests of both hosts: says its engine's state and note once
the model is loaded, and ends with its input.

    python3 another_program.py LIBRARY MODEL
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Another:
    """That program. `env` is where it runs; XDG_RUNTIME_DIR is where programs meet."""

    def __init__(self, library: str, model: str, env: dict):
        pipe = subprocess.PIPE
        command = ["python3", __file__, library, model]
        self.process = subprocess.Popen(command, env=env, text=True, stdin=pipe, stdout=pipe)

    def loaded(self) -> str:
        """What it says once its model is there: its state, 1 for ready, and its note."""
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait(20)


def workers(library: str) -> list:
    """The processes that render for programs with this library."""
    program, found = Path(library).resolve().with_name("scumble-worker"), []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and os.readlink(folder / "exe") == str(program):
                found.append(int(folder.name))
        except OSError:
            continue  # it has ended, or is another user's
    return found


def main() -> None:
    sys.path.insert(0, str(ROOT / "plugin-krita"))
    sys.modules["krita"] = None  # this is no Krita, whatever Krita's own variables name
    from scumble import abi
    from scumble.engine import Engine
    from scumble.library import Library

    library, model = sys.argv[1:]
    with Engine(Library(library), model, process=abi.PROCESS_SHARED) as engine:
        while not (engine.info().ready or engine.info().failed):
            time.sleep(0.02)
        print(engine.info().state, engine.info().note, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
