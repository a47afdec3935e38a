"""Writes the U-Net of a folder anew, after a change of hold.py; its weights and its entrance stay.

    python rehold.py --model FOLDER
"""

import argparse
import tempfile
from pathlib import Path

import shipped
import steer
import torch
from folder import TEXT, write_unet


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, required=True, help="the model folder")
    a = p.parse_args()
    nets, unet = shipped.load(a.model), Path("unet", "model.onnx")
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as made, torch.no_grad():
        new = Path(made)
        (new / unet).parent.mkdir()
        (new / "vae_decoder").symlink_to(a.model.resolve() / "vae_decoder")
        written = write_unet(nets["generator"], nets["smooth"], torch.randn(1, 6, TEXT), new)
        steer.move(new / unet, a.model / unet)
        found = shipped.check(new, nets)
        if min(found.values()) < shipped.LEAST or shipped.again(new)[0]:
            raise SystemExit(f"what was written is not what shipped: {found}")
        (a.model / unet).write_bytes((new / unet).read_bytes())
    print("largest and mean difference to PyTorch:", written, found, "dB")


if __name__ == "__main__":
    main()
