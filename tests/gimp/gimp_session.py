# SPDX-License-Identifier: MIT OR Apache-2.0
"""Starts a real GIMP on an X server and a profile of its own, talks Script-Fu to it, takes all down again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

GIMPRC = """\
(plug-in-path "${gimp_dir}/plug-ins:${gimp_dir}/few")
(show-tips no)
(check-updates no)
(save-session-info no)
(save-device-status no)
(restore-session no)
(undo-levels 40)
(initial-zoom-to-fit yes)
"""
# GIMP's own plug-ins that the tests need; querying all 121 would take 20 s in a fresh profile.
FEW = ("script-fu", "script-fu-server", "file-png", "file-pnm", "python-eval")


class ScriptError(Exception):
    """What GIMP answered to a script that failed."""


class ScriptFu:
    """A connection to GIMP's Script-Fu server."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), 2)

    def do(self, script: str, seconds: float = 400.0) -> str:
        data = script.encode()
        self.socket.settimeout(seconds)
        self.socket.sendall(b"G" + struct.pack(">H", len(data)) + data)
        head = self._receive(4)
        text = self._receive(struct.unpack(">H", head[2:])[0]).decode(errors="replace")
        if head[1]:
            raise ScriptError(text)
        return text

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            # The server sends head and text apart, and keeps the text until told that the head is here.
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("GIMP has ended")
            data += more
        return data

    def close(self):
        self.socket.close()


class Gimp:
    """One kind of GIMP: how it is started, and what differs in its Script-Fu and its files."""

    def __init__(self, number: str, chroot: str | None = None):
        self.number, self.chroot = number, chroot
        self.inside = chroot or ""  # what is put before GIMP's own paths to see them from here
        inside = Path(self.inside or "/")
        folders = [
            *inside.glob("usr/lib/gimp/[23].*/plug-ins"),
            *inside.glob("usr/lib/*/gimp/[23].*/plug-ins"),
        ]
        if not folders:
            raise FileNotFoundError(f"there is no GIMP in {inside}")
        self.plug_ins = "/" + str(folders[-1].relative_to(inside))

    def command(self, *arguments: str) -> list[str]:
        if self.chroot:
            return ["bash", str(ROOT / "scripts/chroot.sh"), "run", self.chroot, *arguments]
        return list(arguments)

    def program(self, console: bool) -> str:
        names = {"2": ("gimp-console-2.10", "gimp-2.10"), "3": ("gimp-console-3.*", "gimp-3.*")}[self.number]
        found = sorted((Path(self.inside or "/") / "usr/bin").glob(names[0 if console else 1]))
        if not found:
            raise FileNotFoundError(f"there is no {names[0 if console else 1]} in {self.inside or '/'}")
        return "/usr/bin/" + found[-1].name

    def version(self) -> str:
        said = subprocess.run(
            self.command(self.program(True), "--version"), capture_output=True, text=True, check=False
        )
        lines = [line for line in said.stdout.splitlines() if "version" in line]
        return lines[0].split()[-1] if lines else "unknown"


class GimpSession:
    """`with GimpSession(gimp, plug_in) as s: s.do("(…)")`; everything it starts ends with it."""

    def __init__(
        self,
        gimp: Gimp,
        plug_in: Path | None,
        windows: bool = True,
        size: str = "1280x1000",
        settings: str = "",
        **env: str,
    ):
        self.gimp, self.plug_in, self.windows, self.size = gimp, plug_in, windows, size
        self.settings = settings  # more lines of gimprc
        self.home = Path(tempfile.mkdtemp(prefix="scumble-gimp-"))
        self.profile = self.home / "profile"
        self.extra = env
        self.started: list[subprocess.Popen] = []
        self.server: ScriptFu | None = None

    def __enter__(self):
        try:
            self._profile()
            if self.windows:
                self._screen()
            self._gimp()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.server:
            self.server.close()
        for process in reversed(self.started):
            # Plug-ins outlive a GIMP that is killed; they are in its process group.
            try:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(3)
            except ProcessLookupError:
                continue
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def _profile(self):
        few = self.profile / "few"
        few.mkdir(parents=True)
        for name in FEW:
            for file in (name, f"{name}.py"):
                if Path(f"{self.gimp.inside}{self.gimp.plug_ins}/{name}/{file}").exists():
                    (few / name).mkdir()
                    (few / name / file).symlink_to(f"{self.gimp.plug_ins}/{name}/{file}")
        (self.profile / "plug-ins").mkdir()
        if self.plug_in:
            (self.profile / "plug-ins/scumble").symlink_to(self.plug_in)
        (self.profile / "gimprc").write_text(GIMPRC + self.settings)
        keys = {"scumble": "F9", "scumble-live": "F10"}
        if self.gimp.number == "2":
            rows = [
                f'(gtk_accel_path "<Actions>/plug-in/plug-in-{name}" "<Primary><Shift>{key}")'
                for name, key in keys.items()
            ]
            (self.profile / "menurc").write_text("\n".join(rows) + "\n")
        else:
            rows = [f'(action "plug-in-{name}" "<Primary><Shift>{key}")' for name, key in keys.items()]
            (self.profile / "shortcutsrc").write_text("(file-version 1)\n" + "\n".join(rows) + "\n")
        self.env = dict(
            os.environ,
            HOME=str(self.home),
            XDG_CONFIG_HOME=str(self.home),
            XDG_CACHE_HOME=str(self.home),
            XDG_RUNTIME_DIR=str(self.home),
            LC_ALL="C.UTF-8",
            NO_AT_BRIDGE="1",
            GDK_BACKEND="x11",
            **{f"GIMP{self.gimp.number}_DIRECTORY": str(self.profile)},
            **self.extra,
        )
        self.env.pop("WAYLAND_DISPLAY", None)
        self.env.pop("DISPLAY", None)

    def _start(self, command: list[str], log: str, **more) -> subprocess.Popen:
        with open(self.home / log, "ab") as out:
            process = subprocess.Popen(
                command, env=self.env, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                start_new_session=True, **more,
            )  # fmt: skip
        self.started.append(process)
        return process

    def _screen(self):
        read, write = os.pipe()
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{self.size}x24", "-nolisten", "tcp"]
        self._start(command, "x.log", pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        self.env["DISPLAY"] = f":{number}"
        self._start(["openbox", "--sm-disable"], "wm.log")

    def _gimp(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = self.port = free.getsockname()[1]
        server = f'(plug-in-script-fu-server RUN-NONINTERACTIVE "127.0.0.1" {port} "{self.home}/server.log")'
        command = [
            self.gimp.program(not self.windows),
            "-s",
            "-f",
            "--batch-interpreter",
            "plug-in-script-fu-eval",
        ]
        if not self.windows:
            command[1:1] = ["-i", "-d"]  # no brushes either
        self.process = self._start(self.gimp.command(*command, "-b", server), "gimp.log")
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.server = ScriptFu(port)
                break
            except OSError:
                time.sleep(0.1)
        if not self.server:
            raise RuntimeError("GIMP did not start: " + self.log()[-2000:])
        for scripts in (f"scripts-{self.gimp.number}", "scripts"):
            self.do(f'(load "{HERE}/{scripts}.scm")')

    def do(self, script: str, seconds: float = 400.0) -> str:
        """Evaluates it in GIMP and returns what it is, as text. Raises ScriptError."""
        try:
            return self.server.do(script, seconds)
        except TimeoutError:
            # Its answer, when it comes, would be taken for that of the next one.
            self.server.close()
            self.server = ScriptFu(self.port)
            raise
        except ConnectionError as error:
            raise RuntimeError("GIMP has ended: " + self.log()[-2000:]) from error

    def another(self) -> ScriptFu:
        """A second connection, for another thread."""
        return ScriptFu(self.port)

    def log(self) -> str:
        return (self.home / "gimp.log").read_text(errors="replace")

    def alive(self) -> bool:
        return self.process.poll() is None

    # --- the artist's hands ---

    def x(self, *arguments) -> str:
        """xdotool."""
        command = ["xdotool", *map(str, arguments)]
        return subprocess.run(
            command, env=self.env, capture_output=True, text=True, check=False
        ).stdout.strip()

    def windows_named(self, name: str) -> list[str]:
        return self.x("search", "--onlyvisible", "--name", name).split()

    def until(self, condition, seconds: float = 15.0, every: float = 0.05):
        """What the condition gave as soon as that was true; its last value when the time is up. A busy
        machine has five times as long."""
        end = time.monotonic() + 5 * seconds
        while True:
            value = condition()
            if value or time.monotonic() > end:
                return value
            time.sleep(every)
