# SPDX-License-Identifier: MIT OR Apache-2.0
"""Small annotators of random weights (models/tiny/annotators), and what they make of a picture that
transformers and Pillow have made ready for them.

    python tests/golden/annotators.py

depth: `pixel_values` [1, 3, H, W] → `predicted_depth` [1, H, W], prepared by transformers' DPTImageProcessor,
in the layout of onnx-community's Depth Anything (onnx/model.onnx beside preprocessor_config.json).
soft-edges: `image` → `edges` [1, 1, H, W], 0..1.
Writes tests/golden/annotators/: picture.png, and by annotator a JSON file with the shape of the network's
input and the sides of its map, which is float32 in NAME.bin, row by row.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from PIL import Image
from transformers import DPTImageProcessorPil

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models/tiny/annotators"
FILES = ROOT / "tests/golden/annotators"
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


class Depth(torch.nn.Module):
    """Squares of 14 pixels, as Depth Anything's: what is said of one is said of all its pixels."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(7)
        self.squares = torch.nn.Conv2d(3, 8, 14, stride=14)
        self.mix = torch.nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, pixel_values):
        told = self.mix(torch.relu(self.squares(pixel_values)))
        return torch.nn.functional.interpolate(told, scale_factor=14, mode="bilinear")[:, 0]


class Edges(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(8)
        self.first = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.last = torch.nn.Conv2d(4, 1, 3, padding=1)

    def forward(self, image):
        return torch.sigmoid(8 * self.last(torch.tanh(3 * self.first(image))))


def export(model, name, output, axes, place):
    """`axes` are those of the output that may be of any size."""
    place.parent.mkdir(parents=True, exist_ok=True)
    sides = dict(zip(axes, ("height", "width"), strict=True))
    torch.onnx.export(
        model, (torch.rand(1, 3, 56, 56),), place, input_names=[name], output_names=[output],
        dynamic_axes={name: {2: "height", 3: "width"}, output: sides}, opset_version=17, dynamo=False,
    )  # fmt: skip


def picture() -> Image.Image:
    """A landscape of sorts, higher than wide."""
    rows, columns = np.mgrid[0:150, 0:97].astype(np.float64)
    sky = np.stack([90 + rows / 2, 140 + rows / 3, 220 - rows / 3], -1)
    hill = (rows > 80 + 20 * np.sin(columns / 15))[..., None]
    sun = ((rows - 30) ** 2 + (columns - 70) ** 2 < 150)[..., None]
    made = np.where(sun, [250, 230, 120], np.where(hill, [40, 90, 30] + 0.3 * columns[..., None], sky))
    return Image.fromarray(made.clip(0, 255).round().astype(np.uint8))


def kept(name: str, shown: np.ndarray, made: np.ndarray):
    about = {"shown": list(shown.shape), "map": list(made.shape[-2:])}
    (FILES / f"{name}.json").write_text(json.dumps(about) + "\n")
    made.astype("<f4").tofile(FILES / f"{name}.bin")
    print(name, shown.shape, made.shape, made.min(), made.max(), made.std())


def main():
    torch.set_num_threads(1)
    for folder in (MODELS, FILES):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    seen = picture()
    seen.save(FILES / "picture.png")

    depth, folder = Depth().eval(), MODELS / "depth"
    export(depth, "pixel_values", "predicted_depth", (1, 2), folder / "onnx/model.onnx")
    processor = DPTImageProcessorPil(
        size={"height": 98, "width": 98}, keep_aspect_ratio=True, ensure_multiple_of=14, resample=3,
        image_mean=MEAN, image_std=DEVIATION,
    )  # fmt: skip
    processor.save_pretrained(folder)
    shown = processor(images=seen, return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        told = depth(shown).numpy()
    ours = ort.InferenceSession(folder / "onnx/model.onnx").run(None, {"pixel_values": shown.numpy()})[0]
    assert np.abs(ours - told).max() < 1e-4 * np.abs(told).max(), np.abs(ours - told).max()
    kept("depth", shown.numpy()[0], (told - told.min()) / (told.max() - told.min()))

    edges, folder = Edges().eval(), MODELS / "soft-edges"
    export(edges, "image", "edges", (2, 3), folder / "model.onnx")
    about = {"size": {"shortest_edge": 64}, "ensure_multiple_of": 8, "resample": 2, "do_normalize": False}
    (folder / "preprocessor_config.json").write_text(json.dumps(about) + "\n")
    sides = [round(side * 64 / min(seen.size) / 8) * 8 for side in seen.size]
    shown = np.asarray(seen.resize(sides, Image.Resampling.BILINEAR), np.float32).transpose(2, 0, 1) / 255
    with torch.no_grad():
        told = edges(torch.from_numpy(shown)[None]).numpy()
    kept("soft-edges", shown, told)


if __name__ == "__main__":
    main()
