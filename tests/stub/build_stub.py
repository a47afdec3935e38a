# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compiles the engine without a model that the hosts' tests load."""

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def build_stub(folder: Path) -> Path:
    """-> the library, in `folder`"""
    out = folder / "libscumble_stub.so"
    flags = ["-shared", "-fPIC", "-O2", "-pthread", "-Wall", "-Wextra", f"-I{HERE.parents[1] / 'include'}"]
    sources = sorted(map(str, HERE.glob("*.c")))
    subprocess.run([os.environ.get("CC", "cc"), *flags, *sources, "-o", str(out)], check=True)
    return out
