# SPDX-License-Identifier: MIT OR Apache-2.0
"""A model is got from the dialog: the real engine, and a hub of our own on this machine."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from desk import Desk
from dialog import preview, rest, said
from report import Report

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/krita"))

from hub_server import Hub  # noqa: E402

MODEL = ROOT / "models/tiny/lcm"
EDGES = ROOT / "models/tiny/annotators/soft-edges/model.onnx"
WINDOW = "^Get a Model$"


@contextmanager
def hub():
    """A model, painter/lcm, whose U-Net is cut once on the way, and what the catalogue's HED takes."""
    made = Hub()
    for file in MODEL.rglob("*"):
        if file.is_file():
            made.put("painter/lcm", str(file.relative_to(MODEL)), file.read_bytes())
    made.cut["unet/model.onnx"] = 50_000
    made.put("axodoxian/controlnet_onnx", "annotators/hed.onnx", EDGES.read_bytes())
    try:
        yield made
    finally:
        made.close()


def open_shop(d: Desk, r: Report) -> str:
    d.key("alt+m", "Tab", "space", pause=0.4)
    if not r.check("Get… opens its window", d.s.until(lambda: d.s.windows_named(WINDOW), 10)):
        return ""
    shop = d.s.windows_named(WINDOW)[0]
    d.s.x("windowactivate", "--sync", shop)
    return shop


def look_at_painter(d: Desk):
    d.key("alt+o")
    d.s.x("type", "--delay", "15", "painter/lcm")
    d.key("alt+l", pause=1.5)


def close_shop(d: Desk) -> bool:
    time.sleep(0.5)  # it has its place, and a moment later is told to be whole
    d.key("Escape")
    return d.s.until(lambda: not d.s.windows_named(WINDOW), 5)


def get_a_model(d: Desk, r: Report):
    """Looked at, its licence agreed to, downloaded, chosen, painted with."""
    kept, data = d.s.profile / "scumble.conf", Path(d.s.env["XDG_DATA_HOME"])
    kept.unlink(missing_ok=True)
    shutil.rmtree(data / "scumble/models", ignore_errors=True)
    d.open(240, 180)
    window = d.dialog()
    before = rest(d)
    shop = open_shop(d, r)
    if not shop:
        return
    width, height = d.geometry(shop)[2:]
    r.check("which fits a small screen", width <= 700 and height <= 560, f"{width} x {height}")
    look_at_painter(d)
    folder = data / "scumble/models/lcm"
    r.check("nothing is downloaded before somebody agrees", not (data / "scumble/models/.downloads").exists())
    d.key("alt+a", "alt+g", pause=0.4)
    r.check("it arrives whole", d.s.until(lambda: (folder / "unet/model.onnx").exists(), 60))
    same = (folder / "unet/model.onnx").read_bytes() == (MODEL / "unet/model.onnx").read_bytes()
    r.check("and as it was published, though the line was cut", same)
    r.check("Escape closes the window", close_shop(d))
    d.front(window)
    r.check("the model is chosen: another picture", d.s.until(lambda: preview(d) != before, 30))
    rest(d)
    d.key("alt+o")
    d.s.until(lambda: not d.dialogs(), 10)
    r.check("and kept", f"model={folder}\n" in kept.read_text(), kept.read_text())
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


def get_it_again(d: Desk, r: Report):
    """The chosen model's folder is deleted; got again into the same place, it is used."""
    folder, kept = Path(d.s.env["XDG_DATA_HOME"]) / "scumble/models/lcm", d.s.profile / "scumble.conf"
    shutil.rmtree(folder, ignore_errors=True)
    kept.write_text(f"[scumble]\nmodel={folder}\n")
    d.open(240, 180)
    window = d.dialog()
    told = d.s.until(lambda: str(folder) in said(d), 8)
    r.check("a model whose folder was deleted is told", told, said(d))
    blank = rest(d)
    if not open_shop(d, r):
        return
    look_at_painter(d)
    d.key("alt+a", "alt+g", pause=0.4)
    r.check("it is got into its old folder", d.s.until(lambda: (folder / "unet/model.onnx").exists(), 60))
    close_shop(d)
    d.front(window)
    there = d.s.until(lambda: preview(d) != blank, 20) and str(folder) not in said(d)
    r.check("and used, though it was chosen before", there, said(d))
    kept.unlink()
    d.shut()
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


def get_an_annotator(d: Desk, r: Report):
    """The last but one of the list; it is no model, so none is chosen."""
    data = Path(d.s.env["XDG_DATA_HOME"])
    shutil.rmtree(data / "scumble/annotators", ignore_errors=True)
    values = d.s.profile / "scumble.conf"
    values.unlink(missing_ok=True)
    d.open(240, 180)
    window = d.dialog()
    rest(d)
    d.key("alt+m", "Tab", "space", pause=0.4)
    d.s.until(lambda: d.s.windows_named(WINDOW), 10)
    d.s.x("windowactivate", "--sync", d.s.windows_named(WINDOW)[0])
    d.key("End", "Up", "alt+a", "alt+g", pause=0.4)
    got = data / "scumble/annotators/hed/model.onnx"
    arrived = d.s.until(got.exists, 30) and got.read_bytes() == EDGES.read_bytes()
    r.check("an annotator is got into a folder of its own", arrived)
    time.sleep(0.5)
    d.key("Escape")
    d.s.until(lambda: not d.s.windows_named(WINDOW), 5)
    d.front(window)
    told = d.s.until(lambda: "from the next stroke on" in said(d), 8)
    r.check("which is told", told, said(d))
    rest(d)
    d.key("alt+o")
    d.s.until(lambda: not d.dialogs(), 10)
    r.check("and no model is chosen", "model=\n" in values.read_text(), values.read_text())
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


REAL = [get_a_model, get_it_again, get_an_annotator]
