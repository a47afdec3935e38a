# SPDX-License-Identifier: MIT OR Apache-2.0
"""What scripts/gimp_install.py makes of a profile; no GIMP is started."""

from __future__ import annotations

from pathlib import Path

from gimp_install import fill, remove
from report import Report


def installing(report: Report, folder: Path, plugin: Path, library: Path) -> None:
    theirs, target = folder / "theirs", folder / "plug-ins/scumble"
    theirs.mkdir()
    (theirs / "kept").touch()
    target.parent.mkdir()
    target.symlink_to(theirs)
    runtime = folder / "runtime/libonnxruntime.so.1"
    runtime.parent.mkdir()
    for name in (runtime.name, "libonnxruntime_providers_cuda.so", "other.so"):
        (runtime.parent / name).touch()
    fill(target, plugin, library, None, runtime)
    good = not target.is_symlink() and (target / "scumble").is_file() and (theirs / "kept").exists()
    report.check("installed over a link, the plug-in takes its place and leaves what it led to", good)
    names = {path.name for path in (target / "lib").glob("*.so*")}
    wanted = {"libscumble.so", "libonnxruntime.so.1", "libonnxruntime_providers_cuda.so"}
    report.check("ONNX Runtime comes with its providers", names == wanted, sorted(names))
    remove(target)
    report.check("and is taken away again", not target.exists())
