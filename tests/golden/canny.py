#!/usr/bin/env python3
"""What OpenCV's Canny makes of two paintings, as ControlNet's own detector calls it: canny/NAME.png and
canny/NAME-edges.png. Needs Pillow and opencv-python-headless (whole numbers: every version since 4.0 says the
same).

python tests/golden/canny.py
"""

import pathlib

import cv2
import numpy
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
SHEET = HERE.parent.parent / "models/default/sheet.jpg"

PICTURES = {"castle": (0, 238, 186, 400), "sunset": (0, 30, 180, 186)}

if __name__ == "__main__":
    folder = HERE / "canny"
    folder.mkdir(exist_ok=True)
    sheet = Image.open(SHEET).convert("RGB")
    for name, box in PICTURES.items():
        picture = sheet.crop(box)
        picture.save(folder / f"{name}.png", optimize=True)
        edges = cv2.Canny(numpy.asarray(picture), 100, 200)
        Image.fromarray(edges).convert("1").save(folder / f"{name}-edges.png", optimize=True)
