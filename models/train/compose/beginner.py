"""Twelve beginner paintings and eight flat-shape paintings, drawn in code as a test set.

Every function is deterministic. Paintings return a 512x512 RGB image; the functions in SHAPES return
(image, mask), the mask an L image of 0 and 255 that marks the one small flat shape.
Run as a script to write contact.png (a contact sheet) beside this file.
"""

import sys
from pathlib import Path

import numpy as np
from beginner_land import (
    apple_window,
    autumn_path,
    castle_hill,
    desert_sunset,
    flower_meadow,
    foggy_pines,
    house_snow,
)
from beginner_shapes import (
    shape_boat,
    shape_castle,
    shape_house,
    shape_moon,
    shape_red_stroke,
    shape_snow_cap,
    shape_sun,
    shape_tree,
)
from beginner_water import lake_sunset, lighthouse_storm, moon_sea, sailboat, waterfall
from PIL import Image, ImageDraw

ALL = (
    ("lake_sunset", lake_sunset, "a lake between snow-capped mountains at sunset"),
    ("castle_hill", castle_hill, "castle on a hill"),
    ("lighthouse_storm", lighthouse_storm, "lighthouse storm"),
    ("autumn_path", autumn_path, "path through an autumn forest, oil painting"),
    ("desert_sunset", desert_sunset, "desert dunes setting sun"),
    ("moon_sea", moon_sea, "full moon over the sea at night"),
    ("house_snow", house_snow, "a house in a snowy fie"),
    ("waterfall", waterfall, "waterfall"),
    ("flower_meadow", flower_meadow, "flower meadow with hills, sunny"),
    ("sailboat", sailboat, "sailboat on a calm sea"),
    ("foggy_pines", foggy_pines, "foggy pine forest, moody"),
    ("apple_window", apple_window, "a red apple on a table in front of a"),
)

SHAPES = (
    ("moon", shape_moon, "crescent moon over dark hills"),
    ("tree", shape_tree, "a tree in a field"),
    ("castle", shape_castle, "castle on a hill, evening"),
    ("boat", shape_boat, "red boat on the sea"),
    ("snow_cap", shape_snow_cap, "mountain with snow cap"),
    ("house", shape_house, "small house in the snow"),
    ("sun", shape_sun, "sun over the desert"),
    ("red_stroke", shape_red_stroke, "green hills under a blue sky"),
)


def contact_sheet(cell=384):
    """All pictures in a grid: the twelve, then the eight, then the eight masks."""
    ims = [(p, f()) for _, f, p in ALL]
    pairs = [(p, *f()) for _, f, p in SHAPES]
    ims += [(p, i) for p, i, _ in pairs]
    ims += [(f"mask {100 * np.mean(np.asarray(m) > 127):.1f} %", m.convert("RGB")) for _, _, m in pairs]
    rows = (len(ims) + 3) // 4
    sheet = Image.new("RGB", (4 * (cell + 8) + 8, rows * (cell + 26) + 8), (128, 128, 128))
    d = ImageDraw.Draw(sheet)
    for i, (text, im) in enumerate(ims):
        x, y = 8 + (i % 4) * (cell + 8), 8 + (i // 4) * (cell + 26)
        sheet.paste(im.resize((cell, cell), Image.Resampling.LANCZOS), (x, y))
        d.text((x + 2, y + cell + 3), text, fill=(255, 255, 255))
    return sheet


def main():
    """Write the contact sheet to the path given, or to contact.png beside this file."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("contact.png")
    contact_sheet().save(out)
    print(out)


if __name__ == "__main__":
    main()
