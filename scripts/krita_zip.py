#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes the zip for Krita's Tools > Scripts > Import Python Plugin from File, with all that it needs.

    python3 scripts/krita_zip.py --library target/release/libscumble.so --out out/scumble-krita.zip [--check]

A library for Windows (target/x86_64-pc-windows-gnu/…/scumble.dll) makes the zip for Windows. --check imports
it with Krita's own importer into an empty folder and loads the library from there.
"""

from __future__ import annotations

import argparse
import builtins
import ctypes
import importlib
import os
import sys
import tempfile
import zipfile
from pathlib import Path

from krita_install import ROOT, SOURCE, WINDOWS, copy_plugin, fill_lib, find_runtime, find_worker, system_of

IMPORTERS = ("/usr/share/krita/pykrita", "/usr/local/share/krita/pykrita")


def make(out: Path, library: Path, model: Path | None, runtime: Path | None) -> int:
    """Writes the zip; returns its size. The importer finds plug-ins by their directory entries."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        copy_plugin(root / "scumble")
        fill_lib(root / "scumble/lib", library, model, runtime, find_worker(library))
        (root / "scumble.desktop").write_bytes((SOURCE / "scumble.desktop").read_bytes())
        # The importer takes the actions from beside the plug-in's folder.
        os.replace(root / "scumble/scumble.action", root / "scumble.action")
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for path in sorted(root.rglob("*")):
                archive.write(path, path.relative_to(root))
    return out.stat().st_size


def bring_in(out: Path, place: Path) -> str:
    """Imports the zip with Krita's PluginImporter, as its menu does; returns what is wrong, "" if nothing."""
    folder = next((place for place in IMPORTERS if (Path(place) / "plugin_importer").is_dir()), None)
    if folder is None:
        return "Krita's importer is not installed (apt-get install krita)"
    sys.path.insert(0, f"{folder}/plugin_importer")
    builtins.i18n = lambda text, *_: text
    importer = importlib.import_module("plugin_importer")
    found = importer.PluginImporter(str(out), str(place), lambda plugin: True).import_all()
    if [plugin["name"] for plugin in found] != ["scumble"]:
        return f"the importer found {found}"
    for name in ("__init__.py", "docker.py", "lib/libscumble.so", "../scumble.desktop"):
        if not (place / "pykrita/scumble" / name).is_file():
            return f"{name} did not arrive"
    if not (place / "actions/scumble.action").is_file():
        return "the actions did not arrive"
    return ""


def check(out: Path) -> str:
    with tempfile.TemporaryDirectory() as place:
        wrong = bring_in(out, Path(place))
        if wrong:
            return wrong
        library = ctypes.CDLL(str(Path(place) / "pykrita/scumble/lib/libscumble.so"))
        return "" if library.scumble_abi_version() >> 16 >= 1 else "the library does not answer"


def main() -> int:
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("--library", type=Path, default=ROOT / "target/release/libscumble.so")
    options.add_argument("--model", type=Path, default=ROOT / "models/default")
    options.add_argument("--out", type=Path, default=ROOT / "out/scumble-krita.zip")
    options.add_argument("--check", action="store_true")
    chosen = options.parse_args()
    if not chosen.library.is_file():
        print(f"There is no library at {chosen.library}; make build, or name one with --library.")
        return 2
    system = system_of(chosen.library)
    model, runtime = chosen.model if chosen.model.is_dir() else None, find_runtime(system)
    size = make(chosen.out, chosen.library, model, runtime)
    for what, there in (("ONNX Runtime", runtime), ("the default model", model)):
        if there is None:
            print(f"Note: {what} was not found and is not inside.")
    print(f"{chosen.out}: {size / 1e6:.1f} MB")
    if chosen.check and system is not WINDOWS:
        wrong = check(chosen.out)
        print(
            f"FAIL {wrong}" if wrong else "ok   Krita's importer takes it, and the library loads from there"
        )
        return 1 if wrong else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
