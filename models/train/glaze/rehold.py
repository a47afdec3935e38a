"""Writes U-Net, encoder and decoder of a folder anew: after a change of hold.py, steer.py or weave.py, their
weights as they are; or with those of a generator or a detail decoder that was trained on.

    python rehold.py --model FOLDER [--weights FILE [FILE ...]] [--detail FILE [FILE ...]]
                     [--scenes FOLDER --side 128 [--work FOLDER]]

Of several checkpoints the generator's weights are averaged (Izmailov et al., "Averaging weights leads to
wider optima and better generalization", 2018). With scenes, which colours words ask for is learnt anew of
them (mood.py); without, that stays too.
"""

import argparse
import json
import tempfile
from pathlib import Path

import mood
import reference
import shipped
import steer
import torch
from folder import FINE_NOISE, TEXT, floats, network_configs, write_decoder, write_encoder, write_unet


def mean(states):
    return {name: sum(state[name] for state in states) / len(states) for name in states[0]}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, required=True, help="the model folder")
    p.add_argument("--weights", type=Path, nargs="+", help="checkpoints of train.py, whose generator goes in")
    p.add_argument("--detail", type=Path, nargs="+", help="checkpoints of detail.py, whose decoder goes in")
    p.add_argument("--scenes", type=Path, help="shards")
    p.add_argument("--side", type=int, default=reference.SIDE, help="of their pictures")
    p.add_argument("--work", type=Path, default=Path("work"), help="keeps the captions' sentences")
    a = p.parse_args()
    nets, unet = shipped.load(a.model), Path("unet", "model.onnx")
    if a.weights:
        states = [torch.load(file, map_location="cpu", weights_only=False) for file in a.weights]
        nets["generator"].load_state_dict(mean([floats(state["gen_ema"]) for state in states]))
        nets["smooth"].load_state_dict(mean([floats(state["dec_ema"]) for state in states]))
    if a.detail:
        states = [torch.load(file, map_location="cpu", weights_only=False) for file in a.detail]
        nets["detail"].load_state_dict(mean([floats(state["ema"]) for state in states]))
    torch.manual_seed(0)
    sky, *asked = steer.known(a.model / unet)
    if a.scenes:
        a.work.mkdir(parents=True, exist_ok=True)
        text = reference.Text(a.model, a.work / "sentences.pt")
        found, told = reference.scenes(a.scenes, a.side)
        asked = mood.fit(text, told[: reference.COLOURED], found[: reference.COLOURED])
        text.keep()
    if sky is None or asked[0] is None:
        raise SystemExit(f"{a.model} does not say which colours words ask for; give --scenes")
    with tempfile.TemporaryDirectory() as made, torch.no_grad():
        new = Path(made)
        encoded, decoded = write_encoder(new), write_decoder(nets["detail"], new)
        written = write_unet(nets["generator"], nets["smooth"], torch.randn(1, 6, TEXT), new)
        steer.export(new / "entrance.onnx", sky, *asked)
        steer.add(new / unet, new / "entrance.onnx")
        # Weights that were trained on become bytes here; what those are must be read again as they are.
        found = shipped.check(new, shipped.load(new) if a.weights or a.detail else nets)
        if min(found.values()) < shipped.LEAST or shipped.again(new)[0]:
            raise SystemExit(f"what was written is not what shipped: {found}")
        network_configs(new)
        for network in ("unet", "vae_encoder", "vae_decoder"):
            for file in (new / network).iterdir():
                (a.model / network / file.name).write_bytes(file.read_bytes())
    settings = a.model / "scumble.json"
    told = json.loads(settings.read_text()) | {"fine_noise": FINE_NOISE}
    settings.write_text(json.dumps(told, indent=2) + "\n")
    print("largest and mean difference to PyTorch:", written, encoded, decoded, found, "dB")


if __name__ == "__main__":
    main()
