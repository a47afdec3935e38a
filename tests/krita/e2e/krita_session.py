# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the real Krita on an X server and a profile of its own, and takes both down again."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


class KritaSession:
    """`with KritaSession(...) as s: s.run(script, seconds)`; everything it starts ends with it."""

    def __init__(
        self,
        library: Path | None,
        plugin: bool = True,
        size: str = "1600x1000",
        keep: bool = False,
        krita: tuple = ("krita",),
        opengl: bool = False,
        instant_preview: bool = False,
    ):
        """`krita` is the command that starts it, e.g. in a chroot (scripts/chroot.sh run DIR krita).

        `opengl` draws the canvas with OpenGL (Mesa's, in software), as nearly every artist's Krita does;
        `instant_preview` switches that on too (View > Instant Preview Mode).
        """
        self.home = Path(tempfile.mkdtemp(prefix="scumble-krita-", dir="/tmp"))
        self.krita = krita
        self.library, self.plugin, self.size, self.keep = library, plugin, size, keep
        self.opengl, self.instant_preview = opengl, instant_preview
        self.started: list[subprocess.Popen] = []

    def __enter__(self):
        try:
            self._profile()
            self._server()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        if not self.keep:
            shutil.rmtree(self.home, ignore_errors=True)

    def _profile(self):
        data = self.home / ".local/share/krita"
        for folder in (self.home / ".config", self.home / ".cache", data / "pykrita", data / "actions"):
            folder.mkdir(parents=True)
        (self.home / "run").mkdir(mode=0o700)
        plugins = [HERE / "driver/scumble_driver"]
        if self.plugin:
            plugins.append(ROOT / "plugin-krita/scumble")
        for folder in plugins:
            (data / "pykrita" / folder.name).symlink_to(folder)
            shutil.copy(folder.with_suffix(".desktop"), data / "pykrita")
        names = "".join(f"enable_{folder.name}=true\n" for folder in plugins)
        preview = f"levelOfDetailEnabled={str(self.instant_preview).lower()}\n"
        (self.home / ".config/kritarc").write_text(preview + "[python]\n" + names)
        renderer = "opengl" if self.opengl else "none"
        (self.home / ".config/kritadisplayrc").write_text(
            f"[General]\nOpenGLRenderer={renderer}\ncanvasState=OPENGL_SUCCESS\n"
        )
        # As the painter's own changes under Settings > Configure Krita > Keyboard Shortcuts.
        (self.home / ".config/kritashortcutsrc").write_text("[Shortcuts]\nscumble_new_seed=Ctrl+Alt+J\n")
        self.env = dict(
            os.environ,
            HOME=str(self.home),
            XDG_CONFIG_HOME=str(self.home / ".config"),
            XDG_DATA_HOME=str(self.home / ".local/share"),
            XDG_CACHE_HOME=str(self.home / ".cache"),
            XDG_RUNTIME_DIR=str(self.home / "run"),
            PATH="/usr/bin:/bin",  # Krita's Python looks for its modules beside `python3`
            PYTHONDONTWRITEBYTECODE="1",
            LC_ALL="C.UTF-8",
            LIBGL_ALWAYS_SOFTWARE="1",
        )
        self.env.pop("WAYLAND_DISPLAY", None)
        if self.library:
            self.env["SCUMBLE_LIBRARY"] = str(self.library)

    def _server(self):
        read, write = os.pipe()
        self.started.append(
            subprocess.Popen(
                ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{self.size}x24", "+extension", "GLX",
                 "-nolisten", "tcp"],
                pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        self.env["DISPLAY"] = f":{number}"
        self.started.append(
            subprocess.Popen(
                ["openbox", "--sm-disable"],
                env=self.env,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        time.sleep(0.5)

    def run(self, script: Path, seconds: float, on_line=print, **env) -> int:
        """Runs Krita with the driver on `script`; each line the script prints goes to `on_line`.

        Returns Krita's exit code, or 124 when the time was up.
        """
        log = open(self.home / "krita.log", "w")
        results = self.home / "results.txt"
        results.write_text("")
        process = subprocess.Popen(
            [*self.krita, "--nosplash"],
            env=dict(
                self.env,
                SCUMBLE_DRIVER=str(script),
                SCUMBLE_RESULTS=str(results),
                SCUMBLE_SECONDS=str(seconds),
                **env,
            ),
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.started.append(process)
        end = time.monotonic() + seconds
        with open(results) as lines:
            while True:
                code = process.poll()
                for line in lines:
                    on_line(line.rstrip("\n"))
                if code is not None:
                    return code
                if time.monotonic() > end:
                    process.kill()
                    process.wait()
                    return 124
                time.sleep(0.2)

    def log(self) -> str:
        return (self.home / "krita.log").read_text(errors="replace")
