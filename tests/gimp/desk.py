# SPDX-License-Identifier: MIT OR Apache-2.0
"""An artist at GIMP's windows: opens images, paints with the pointer, presses keys, looks at layers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pictures
from gimp_session import GimpSession
from report import NotReady

DIALOG = "^Scumble(:|$)"
LEFT, TOP = 1035, 10  # where dialog() puts it, beside the image
# GIMP's ways to say that something went wrong; the plug-in's own dialog is none of them.
TROUBLE = "Message|Error|Warning|crash|Crash"


class Desk:
    def __init__(self, session: GimpSession):
        self.s = session
        self.image = self.layer = self.display = 0
        self.window = ""
        self.greeted = False
        self.place = (0, 0, 0, 0)

    def open(self, width=600, height=450):
        """A light gray image in GIMP's window, the paint brush in hand."""
        answer = self.s.do(f"(t-show {width} {height})")
        self.image, self.layer, self.display = (int(n) for n in re.findall(r"\d+", answer)[:3])
        self._sit_down(width, height, 1024, 768)

    def take(self, path: Path, across: int, down: int):
        """A picture from a file, in a window of that size."""
        self.image = int(self.s.do(f'(t-load "{path}")'))
        self.layer = self.active()
        self.s.do(f"(begin (gimp-context-set-foreground (t-rgb 40 60 30)) (gimp-display-new {self.image}))")
        size = re.findall(r"\d+", self.s.do(f"(list (t-width {self.layer}) (t-height {self.layer}))"))
        self._sit_down(*size[:2], across, down)

    def _sit_down(self, width, height, across: int, down: int):
        found = self.s.until(lambda: self.s.windows_named(f"{width}x{height}.*GIMP"), 20)
        if not found:
            raise NotReady("the image did not appear in a window")
        self.window = found[0]
        self.dismiss_welcome()
        self.s.x("windowmove", self.window, 0, 0)
        self.s.x("windowsize", self.window, across, down)
        time.sleep(0.7)
        self.place = self.geometry(self.window)
        self.focus()
        self.s.x("key", "p")
        time.sleep(0.3)

    def dismiss_welcome(self):
        """GIMP 3 greets a fresh profile, a moment after its first window."""
        if self.s.gimp.number == "2" or self.greeted:
            return
        self.greeted = True
        for window in self.s.until(lambda: self.s.windows_named("^Welcome to GIMP"), 5) or []:
            self.s.x("windowactivate", "--sync", window)
            self.key("Escape")
            self.s.until(lambda: not self.s.windows_named("^Welcome to GIMP"), 5)

    def centre(self) -> tuple[int, int]:
        x, y, width, height = self.place
        return x + width // 2, y + height // 2 + 20

    def focus(self):
        """Clicks nowhere: the title and the canvas' grey border take the focus without painting."""
        self.s.x("windowactivate", "--sync", self.window)
        time.sleep(0.15)

    def key(self, *keys: str, pause=0.12):
        for key in keys:
            self.s.x("key", "--clearmodifiers", key)
            time.sleep(pause)

    def dialog(self, live=False) -> str:
        """Opens Scumble by its shortcut and puts its window beside the image; returns it."""
        before = self.dialogs()
        self.focus()
        self.key("ctrl+shift+F10" if live else "ctrl+shift+F9")
        found = self.s.until(lambda: [one for one in self.dialogs() if one not in before], 20)
        if not found:
            raise RuntimeError("the dialog did not open: " + self.s.log()[-500:])
        self.s.x("windowmove", found[-1], LEFT, TOP)
        time.sleep(0.4)
        self.front(found[-1])
        return found[-1]

    def dialogs(self) -> list[str]:
        return self.s.windows_named(DIALOG)

    def front(self, window: str):
        self.s.x("windowactivate", "--sync", window)
        time.sleep(0.15)

    def shut(self, window: str = "") -> bool:
        """Escape in the dialog, and it is gone."""
        self.front(window or self.dialogs()[0])
        self.key("Escape")
        return self.s.until(lambda: window not in self.dialogs() if window else not self.dialogs(), 8)

    def close(self):
        """Ends the scenario's dialogs and images, whatever state they are in."""
        self.dismiss()
        for window in self.dialogs():
            self.s.x("windowactivate", "--sync", window)
            self.key("Escape", "Escape", pause=0.3)
        for image in re.findall(r"\d+", self.images()):
            self.image = int(image)
            self.close_image()

    def pixels(self, layer: int, name="pixels") -> pictures.Picture:
        """A layer's pixels with its alpha, sRGB in 8 bits."""
        path = self.s.home / f"{name}.png"
        self.s.do(f'(t-export {layer} 150 "{path}")')
        return pictures.read(path)

    def shows(self, layer: int, value: int, seconds=8.0) -> bool:
        """Whether the layer becomes flat and of this gray."""
        return self.s.until(lambda: abs(self.mean(layer) - value) < 0.6, seconds)

    def press(self, points):
        x, y = self.centre()
        self.s.x("mousemove", x + points[0][0], y + points[0][1], "mousedown", 1)
        for dx, dy in points[1:]:
            self.s.x("mousemove", x + dx, y + dy)
            time.sleep(0.012)

    def release(self):
        self.s.x("mouseup", 1)
        time.sleep(0.15)

    def stroke(self, points):
        self.press(points)
        self.release()

    def layers(self) -> list[int]:
        return [int(n) for n in re.findall(r"\d+", self.s.do(f"(t-layers {self.image})"))]

    def names(self) -> str:
        return self.s.do(f"(t-names {self.image})")

    def active(self) -> int:
        return int(self.s.do(f"(t-active {self.image})"))

    def mean(self, layer: int) -> float:
        """Of its colours, 0 to 255; GIMP says 0 to 1 where there are more than 8 bits."""
        value = float(self.s.do(f"(t-mean {layer})"))
        return value * 255 if 0 < value <= 1 else value

    def live_layer(self) -> int:
        """The top layer, as soon as there is one more than painted."""
        found = self.s.until(lambda: len(self.layers()) > 1 and self.layers(), 15)
        return found[0] if found else 0

    def dump(self, layer: int, name="dump") -> bytes:
        """The pixels of a layer, RGB after RGB."""
        path = self.s.home / f"{name}.ppm"
        self.s.do(f'(t-dump {layer} "{path}")')
        return pictures.ppm(path)

    def close_image(self, by_menu=False):
        """As an artist does: Ctrl+W or File > Close View, and "Discard Changes" where GIMP asks."""
        self.focus()
        self.key(*(("alt+f", "c") if by_menu else ("ctrl+w",)))
        asks = lambda: self.s.windows_named("Close|Quit|Save")  # noqa: E731
        self.s.until(lambda: asks() or self.image_closed(), 8)
        if asks():
            time.sleep(0.15)
            self.key("alt+d")
        return self.s.until(self.image_closed, 8)

    def image_closed(self) -> bool:
        return f"{self.image}" not in re.findall(r"\d+", self.images())

    def trouble(self) -> list[str]:
        """What error windows say."""
        shot = os.environ.get("SCUMBLE_SHOT")
        if shot and not Path(shot).exists() and self.s.windows_named(TROUBLE):
            self.shot_to(shot)
        return [self.message(window) for window in self.s.windows_named(TROUBLE)]

    def dismiss(self):
        """Closes error windows, which would stand in the way of all that follows."""
        for window in self.s.windows_named(TROUBLE):
            self.front(window)
            self.key("Escape")

    def message(self, window: str) -> str:
        """A message window's title and text, which can be selected."""
        title = self.s.x("getwindowname", window)
        self.s.x("windowactivate", "--sync", window)
        clipboard(self, text="")
        x, y, width, _ = self.geometry(window)
        self.s.x("mousemove", x + width // 2 + 20, y + 30, "click", 1)
        self.key("ctrl+a", "ctrl+c")
        return f"{title}: {clipboard(self, '-o')}"

    def geometry(self, window: str) -> tuple[int, int, int, int]:
        said = self.s.x("getwindowgeometry", "--shell", window)
        found = dict(line.split("=") for line in said.split() if "=" in line)
        return tuple(int(found[k]) for k in ("X", "Y", "WIDTH", "HEIGHT"))

    def plug_ins(self) -> list[int]:
        """Our plug-in's processes in this session."""
        mine, found = str(self.s.profile), []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if os.readlink(entry / "exe").endswith("/scumble") and mine in (
                        entry / "environ"
                    ).read_text(errors="replace"):
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def memory(self) -> float:
        """MiB that GIMP itself has in memory and swap."""
        said = Path(f"/proc/{self.gimp_process()}/status").read_text()
        return sum(int(kib) for kib in re.findall(r"(?:VmRSS|VmSwap):\s+(\d+)", said)) / 1024

    def gimp_process(self) -> int:
        """In a chroot there are shells around it."""
        process = self.s.process.pid
        while "/gimp-" not in os.readlink(f"/proc/{process}/exe"):
            children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
            if not children:
                raise RuntimeError("GIMP's process was not found")
            process = int(children[0])
        return process

    def images(self) -> str:
        """The numbers of all images that GIMP has, shown or not."""
        return self.s.do("(t-images)")

    def kill_plug_in(self):
        for pid in self.plug_ins():
            os.kill(pid, signal.SIGKILL)

    def shot_to(self, path) -> None:
        subprocess.run(["import", "-window", "root", f"PNG24:{path}"], env=self.s.env, check=True)

    def shot(self) -> pictures.Picture:
        path = self.s.home / "shot.png"
        self.shot_to(path)
        return pictures.read(path)


def line(index: int) -> list[tuple[int, int]]:
    """A straight stroke of its own for each index, around the middle of the canvas. A bent one would have
    another shape each time, because GIMP may take several moves of the pointer for one."""
    y = -150 + 30 * index
    return [(-200 + 20 * k, y + k) for k in range(21)]


def clipboard(d: Desk, *arguments: str, text: str | None = None) -> str:
    command = ["xclip", "-selection", "clipboard", *arguments]
    # It stays to hand the text out: nothing of it may be waited for when it is given one.
    out = subprocess.PIPE if text is None else subprocess.DEVNULL
    done = subprocess.run(
        command, env=d.s.env, input=text, stdout=out, stderr=subprocess.DEVNULL, text=True, check=False
    )
    return done.stdout or ""
