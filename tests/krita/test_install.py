# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/krita_install.py: into a profile, and out of it again; scripts/krita_zip.py."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from conftest import ROOT

KRITARC = b"toolbar=\xff\xfe\n[python]\nenable_other=true\n\n[Last]\nx=1\n"


def script(profile, library, *more):
    command = [sys.executable, ROOT / "scripts/krita_install.py", "--profile", profile, "--library", library]
    return subprocess.run([*command, *more], capture_output=True, text=True)


@pytest.mark.parametrize("before", [None, KRITARC])
def test_installed_and_removed(tmp_path, stub_path, before):
    data, kritarc = tmp_path / ".local/share/krita", tmp_path / ".config/kritarc"
    (data / "actions").mkdir(parents=True)
    (data / "actions/scumble.action").write_text("of an imported zip")
    if before is not None:
        kritarc.parent.mkdir()
        kritarc.write_bytes(before)
    model = tmp_path / "no model"
    done = script(tmp_path, stub_path, "--model", model)
    assert done.returncode == 0, done.stderr
    assert (data / "pykrita/scumble/lib/libscumble.so").is_file()
    for file in ("pykrita/scumble/scumble.action", "pykrita/scumble.desktop"):
        assert (data / file).is_file()
    assert not (data / "actions/scumble.action").exists(), "the actions are not there twice"
    assert kritarc.read_bytes().count(b"[python]\nenable_scumble=true\n") == 1
    if before is not None:
        assert kritarc.read_bytes().replace(b"enable_scumble=true\n", b"") == before
    assert script(tmp_path, stub_path, "--remove").returncode == 0
    assert not (data / "pykrita/scumble").exists() and b"scumble" not in kritarc.read_bytes()


def test_a_krita_that_make_starts_is_told_no_runtime(tmp_path, stub_path):
    """The plug-in's lies beside its library, and what is got in Krita goes before that."""
    tools, target, profile, said = (tmp_path / name for name in ("bin", "target", "profile", "said"))
    tools.mkdir()
    (tools / "krita").write_text(f'#!/bin/sh\nenv > "{said}"\n')
    (tools / "krita").chmod(0o755)
    (target / "release").mkdir(parents=True)
    shutil.copy(stub_path, target / "release/libscumble.so")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    env["PATH"] = f"{tools}:{env['PATH']}"
    command = ["make", "-o", "build", "krita", f"TARGET={target}", f"PROFILE={profile}"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    told = dict(line.partition("=")[::2] for line in said.read_text().splitlines())
    assert told["HOME"] == str(profile) and "ORT_DYLIB_PATH" not in told
    lib = profile / ".local/share/krita/pykrita/scumble/lib"
    assert [path.name for path in lib.glob("libonnxruntime.so*")], "but the plug-in has it"


def test_a_library_for_windows_makes_a_zip_for_windows(tmp_path):
    files = ("scumble.dll", "scumble-worker.exe", "onnxruntime.dll", "onnxruntime_providers_shared.dll")
    for name in (*files, "scumble-worker"):
        (tmp_path / name).write_text(name)
    out = tmp_path / "out.zip"
    command = [sys.executable, ROOT / "scripts/krita_zip.py", "--library", tmp_path / "scumble.dll"]
    env = dict(os.environ, ORT_DYLIB_PATH=str(tmp_path / "onnxruntime.dll"))
    done = subprocess.run(
        [*command, "--out", out, "--model", tmp_path / "none"], capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(out) as archive:
        inside = {name.removeprefix("scumble/lib/") for name in archive.namelist() if "/lib/" in name}
    assert inside >= {*files} and "scumble-worker" not in inside
    assert "libscumble.so" not in inside
