#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Installs the plug-in into the user's Krita, or into a profile of its own, and can start Krita with it.

    python3 scripts/krita_install.py --library target/release/libscumble.so [--profile DIR] [--start]

PROFILE=DIR in the environment is the same as --profile; --remove takes the plug-in away again. The plug-in,
its library, ONNX Runtime and the default model are copied.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "plugin-krita"


@dataclass(frozen=True)
class System:
    """What files are called where the library is to run."""

    library: str
    worker: str
    """Looked for by the library beside itself, as the next."""
    runtime: str
    """ONNX Runtime, as a pattern; with the pattern of its providers."""
    providers: str
    fetched: str
    """Where scripts/fetch_runtime.py has put it."""


LINUX = System(
    "libscumble.so", "scumble-worker", "libonnxruntime.so*", "libonnxruntime_providers_*.so*", "runtime"
)
WINDOWS = System(
    "scumble.dll", "scumble-worker.exe", "onnxruntime.dll", "onnxruntime_providers_*.dll", "windows/runtime"
)


def system_of(library: Path) -> System:
    """The system that a library was built for."""
    return WINDOWS if library.suffix == ".dll" else LINUX


def places(profile: Path | None) -> tuple[Path, Path, dict]:
    """(data folder of Krita, its configuration file, environment to start it with)."""
    if profile is None:
        home = Path.home()
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        return data / "krita", config / "kritarc", dict(os.environ)
    profile = profile.resolve()
    runtime = profile / "run"
    runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
    env = dict(
        os.environ,
        HOME=str(profile),
        XDG_DATA_HOME=str(profile / ".local/share"),
        XDG_CONFIG_HOME=str(profile / ".config"),
        XDG_CACHE_HOME=str(profile / ".cache"),
    )
    env.setdefault("XDG_RUNTIME_DIR", str(runtime))
    return profile / ".local/share/krita", profile / ".config/kritarc", env


def find_runtime(system: System = LINUX) -> Path | None:
    """ONNX Runtime: what ORT_DYLIB_PATH names, else what scripts/fetch_runtime.py has put there."""
    named = Path(os.environ.get("ORT_DYLIB_PATH") or ".")
    if named.is_file() and (named.suffix == ".dll") == (system is WINDOWS):
        return named
    found = (ROOT / ".setup" / system.fetched).glob(system.runtime)
    numbers = lambda path: [int(number) for number in re.findall(r"\d+", path.name)]  # noqa: E731
    return max(found, key=numbers, default=None)


def find_worker(library: Path) -> Path | None:
    """The program that renders in a process of its own, beside the library (of tests a folder higher)."""
    name = system_of(library).worker
    places = (library.parent, *([library.parent.parent] if library.parent.name == "deps" else []))
    return next((place / name for place in places if (place / name).is_file()), None)


def fill_lib(
    lib: Path, library: Path, model: Path | None, runtime: Path | None, worker: Path | None = None
) -> None:
    """Puts library, its worker, runtime and model side by side, as the library looks for them."""
    system = system_of(library)
    shutil.rmtree(lib, ignore_errors=True)
    lib.mkdir(parents=True)
    shutil.copy(library, lib / system.library)
    if worker is not None:
        shutil.copy(worker, lib / system.worker)
    for licence in ("LICENSE-MIT", "LICENSE-APACHE"):
        shutil.copy(ROOT / licence, lib / licence)
    if runtime is not None:
        # One for a GPU loads its providers from beside itself.
        for library_of_it in (runtime, *runtime.parent.glob(system.providers)):
            shutil.copy(library_of_it, lib / library_of_it.name)
        for notice in ("LICENSE.onnxruntime", "ThirdPartyNotices.onnxruntime.txt"):
            if (runtime.parent / notice).is_file():
                shutil.copy(runtime.parent / notice, lib / notice)
    if model is not None:
        shutil.copytree(model, lib / "models/default", ignore=shutil.ignore_patterns("__pycache__"))


def copy_plugin(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted((SOURCE / "scumble").iterdir()):
        if file.is_file():
            shutil.copy(file, target / file.name)
    shutil.copytree(SOURCE / "scumble/translations", target / "translations", dirs_exist_ok=True)
    shutil.copy(SOURCE / "LICENSE", target / "LICENSE")


def switch(kritarc: Path, on: bool) -> None:
    """Krita loads a Python plug-in only when kritarc says so. The file has all of the artist's settings: it
    is replaced as a whole, and what is in it need not be UTF-8."""
    text = kritarc.read_text(errors="surrogateescape") if kritarc.is_file() else ""
    text = re.sub(r"^enable_scumble=.*\n?", "", text, flags=re.M)
    if on:
        if not re.search(r"^\[python\]$", text, re.M):
            text = text.rstrip("\n") + ("\n\n" if text.strip() else "") + "[python]\n"
        text = re.sub(r"^\[python\]\n", "[python]\nenable_scumble=true\n", text, count=1, flags=re.M)
    kritarc.parent.mkdir(parents=True, exist_ok=True)
    new = kritarc.with_name(kritarc.name + ".scumble-new")
    new.write_text(text, errors="surrogateescape")
    if kritarc.is_file():
        shutil.copymode(kritarc, new)
    os.replace(new, kritarc)


def install(data: Path, kritarc: Path, library: Path, model: Path | None, runtime: Path | None) -> Path:
    target = data / "pykrita/scumble"
    switch(kritarc, on=True)
    remove(data)
    copy_plugin(target)
    shutil.copy(SOURCE / "scumble.desktop", data / "pykrita/scumble.desktop")
    fill_lib(target / "lib", library, model, runtime, find_worker(library))
    return target


def remove(data: Path) -> None:
    target = data / "pykrita/scumble"
    if target.is_symlink():
        target.unlink()
    shutil.rmtree(target, ignore_errors=True)
    for left in ("pykrita/scumble.desktop", "actions/scumble.action"):  # the second is of a zip
        (data / left).unlink(missing_ok=True)


def main() -> int:
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("--library", type=Path, default=ROOT / "target/release/libscumble.so")
    options.add_argument("--model", type=Path, default=ROOT / "models/default")
    options.add_argument("--profile", type=Path, default=os.environ.get("PROFILE") or None)
    options.add_argument("--start", action="store_true", help="start Krita with a new document")
    options.add_argument("--remove", action="store_true")
    chosen = options.parse_args()
    data, kritarc, env = places(Path(chosen.profile) if chosen.profile else None)
    if chosen.remove:
        remove(data)
        if kritarc.is_file():
            switch(kritarc, on=False)
        print(f"Removed from {data}.")
        return 0
    if not chosen.library.is_file():
        print(f"There is no library at {chosen.library}; make build, or name one with --library.")
        return 2
    runtime, model = find_runtime(), chosen.model if chosen.model.is_dir() else None
    target = install(data, kritarc, chosen.library, model, runtime)
    print(f"Installed in {target}.")
    if runtime is None:
        print("ONNX Runtime was not found; `make runtime` puts it where the library looks.")
    if model is None:
        print("The default model was not found; choose a model folder in the docker.")
    if chosen.start:
        krita = shutil.which("krita")
        if krita is None:
            print("Krita itself is not installed.")
            return 2
        # Krita's Python looks for its modules beside the first `python3` on the path: the system's, please.
        env["PATH"] = "/usr/bin:" + env.get("PATH", "")
        return subprocess.call([krita, "--nosplash", "--new-image", "RGBA,U8,1024,1024"], env=env)
    print("Start Krita; the docker is under Settings > Dockers > Scumble.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
