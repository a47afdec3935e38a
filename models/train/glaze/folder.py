"""Writes the trained networks as a diffusers-style ONNX folder, and compares each with PyTorch.

    python folder.py --weights FILE --detail FILE --words FILE --out FOLDER

The engine hands a U-Net nothing but noised latents. Glaze wants the paint itself too, to hold the picture
to it; so its latents have fifteen channels more, scaled so high that no noise of the schedule reaches them:
the paint at a quarter, handed on as it is, and two that begin as ones and tell later runs the strength of the
first. A sampler's step leaves a share r of what was and takes 1 - r of what the network says. The network
says 0 in one channel, which is r then, and how far the paint binds, b, in the other, which is r + (1 - r) b:
so b is known again, whatever the sampler. One more begins as zeros and becomes, in the same way, how tightly
what is drawn nearby binds light: a window that is held to the last picture sees too little of the paint to
find that out alone.
"""

import argparse
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.onnx import symbolic_helper

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "compose"))
import export  # noqa: E402
from decoder import Decoder as Detail  # noqa: E402
from hold import bound, drawn, held, tightness  # noqa: E402
from network import BLOCK, BROAD, CODES, TEXT, Code, Generator, Smooth, at_time, sigmas  # noqa: E402
from release import full  # noqa: E402
from text import Words  # noqa: E402
from weave import weave  # noqa: E402

NATIVE, PIXELS = 512, 2 * BLOCK  # pixels of the finished picture to a cell's side
WORDS = 2.0, 393, 568  # so loud are they heard from strength 0.75 on, as trained up to 0.6 (own timesteps)
EASE = 0.5  # the network hears half of the schedule's noise: strengths are gentler
LOUD, LOUDER = 1000.0, 10000.0  # of the paint's channels, and of those that tell later runs
PAINT = 12  # the quarter's pixels in a cell, times three colours
TOLD = 3  # channels that tell later runs and windows
CHANNELS = CODES + PAINT + TOLD
FINE_NOISE = {"channels": 3, "radius": BROAD}  # as network.fine_noise


@symbolic_helper.parse_args("v", "is", "s", "none")
def edge(g, x, pads, mode, _):
    """Padding by what lies at the border as one node; the exporter makes some twenty of it, which cost time
    whenever the model is loaded."""
    assert mode == "replicate", mode
    left, right, top, bottom = pads
    pads = torch.tensor([0, 0, top, left, 0, 0, bottom, right])
    return g.op("Pad", x, g.op("Constant", value_t=pads), mode_s="edge")


torch.onnx.register_custom_op_symbolic("aten::pad", edge, export.OPSET)


class Encoder(nn.Module):
    """A picture -> code of its half, the paint at a quarter, two ones and a zero. [b,63,h/8,w/8]"""

    def __init__(self):
        super().__init__()
        self.code = Code()

    def forward(self, sample):
        half = F.avg_pool2d(sample, 2)
        z = self.code.encode(half)
        paint = F.pixel_unshuffle(F.avg_pool2d(half, 2), 2)
        one = torch.ones_like(z[:, :1])
        return torch.cat([z, paint * LOUD, one * LOUDER, one * LOUDER, one * 0], 1)


class Decoder(nn.Module):
    """Latents -> the halved picture -> its quarter -> the whole with its detail, without its weave."""

    def __init__(self, detail):
        super().__init__()
        self.code, self.detail = Code(), detail

    def quarter(self, latents):
        return F.avg_pool2d(self.code.decode(latents[:, :CODES]), 2).clamp(-1, 1)

    def forward(self, latent_sample):
        quarter = self.quarter(latent_sample)
        whole = self.detail(torch.cat([quarter, torch.zeros_like(quarter[:, :1])], 1))
        return (whole - weave(whole)).clamp(-1, 1)


class UNet(nn.Module):
    def __init__(self, generator, smooth):
        super().__init__()
        self.generator, self.smooth, self.code = generator, smooth, Code()
        s = sigmas()
        own = s * EASE
        self.register_buffer("sigma", s)
        self.register_buffer("time", torch.stack([(s - v).abs().argmin() for v in own]).float())
        self.register_buffer("bound", torch.tensor([bound((i + 1) / 1000) for i in range(1000)]))

    def forward(self, sample, timestep, encoder_hidden_states, crop):
        s = at_time(self.sigma, timestep)
        x = sample * (s * s + 1).sqrt() * EASE
        own = s * EASE
        kept = x[:, CODES : CODES + PAINT] / LOUD
        paint = F.pixel_shuffle(kept, 2)
        left, told, tight = (x[:, CODES + PAINT :] / LOUDER).split(1, 1)
        first, done = left > 0.99, (1 - left).clamp(min=0.01)
        tokens = encoder_hidden_states[:, 1:]
        mask = (tokens.abs().sum(-1) == 0).float() * -1e4
        near = at_time(self.time, timestep).view(-1).round()
        most, quiet, full = WORDS
        loud = 1 + (most - 1) * ((near - quiet) / (full - quiet)).clamp(0, 1).view(1, 1, 1)
        noised = x[:, :CODES] / (own * own + 1).sqrt()
        z = self.generator(noised, near, encoder_hidden_states[:, 0], tokens, mask, crop, loud)
        share = torch.where(first, at_time(self.bound, timestep), ((told - left) / done).clamp(0, 1))
        things = drawn(paint)
        tight = tightness(things, (tight / done).clamp(0, 1), (~first).float())
        half = self.smooth(z).clamp(-1, 1)
        change = held(F.avg_pool2d(half, 2), paint, share, things, tight)
        z = self.code.encode(half + F.interpolate(change, scale_factor=2.0, mode="nearest"))
        return torch.cat([z, kept * LOUD, share * 0, share * LOUDER, tight * LOUDER], 1) / EASE


class Prompt(export.Prompt):
    """input_ids [1,L] (0: padding) -> [1,1 + L,TEXT]: sentence and words; zeros where there are none."""

    def __init__(self, words):
        super().__init__(words, None)

    def forward(self, input_ids):
        return self.states(input_ids) * ((input_ids != 0).sum() > 2).float()


def configs(out, vocabulary):
    export.configs(out, vocabulary)
    (out / "image_encoder" / "config.json").unlink()
    (out / "image_encoder").rmdir()
    network_configs(out)
    export.as_json(
        out / "scumble.json",
        {
            "name": "Scumble Glaze",
            "description": "A small model for landscapes: it gives your paint light, material and texture, "
            "and keeps what you painted; native at 512 x 512.",
            "defaults": {"steps": 2, "strength": 0.6, "guidance": 1.0, "refine": 0.08, "context": 96},
            "native": NATIVE,
            "fine_noise": FINE_NOISE,
            "licence": "MIT OR Apache-2.0 (trained weights); text encoder MiniLM-L6: Apache-2.0",
        },
    )


def network_configs(out):
    """What the engine reads of U-Net, encoder and decoder; their folders are there."""
    export.as_json(
        out / "unet" / "config.json",
        {
            "_class_name": "UNet2DConditionModel",
            "sample_size": NATIVE // PIXELS,
            "in_channels": CHANNELS,
            "out_channels": CHANNELS,
            "block_out_channels": [48, 96, 192, 256],
            "cross_attention_dim": TEXT,
            "center_input_sample": False,
        },
    )
    vae = {
        "_class_name": "AutoencoderKL",
        "sample_size": NATIVE,
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": CHANNELS,
        "block_out_channels": [32, 32, 64, 112],
        "scaling_factor": 1 / EASE,
    }
    export.as_json(out / "vae_encoder" / "config.json", vae)
    export.as_json(out / "vae_decoder" / "config.json", vae)


def test_picture():
    """Squares of random colours."""
    torch.manual_seed(0)
    return torch.rand(1, 3, 8, 8).repeat_interleave(64, 2).repeat_interleave(64, 3) * 2 - 1


def write_unet(generator, smooth, tokens, out):
    """The U-Net's file below `out`. -> largest and mean difference to PyTorch"""
    place = {2: "height", 3: "width"}
    z = Encoder()(test_picture())
    noised = (z / EASE + torch.randn_like(z) * 2.2) / (1 + 2.2**2) ** 0.5
    return export.write(
        UNet(generator, smooth),
        [noised, torch.tensor(599.0), tokens, torch.tensor([[0.25, 0.5, 0.75, 1.0]])],
        ["sample", "timestep", "encoder_hidden_states", "crop"],
        "out_sample",
        {"sample": place, "out_sample": place, "encoder_hidden_states": {1: "tokens"}},
        out / "unet/model.onnx",
        bits=8,
    )


def write_encoder(out):
    """The encoder's file below `out`. -> largest and mean difference to PyTorch"""
    grid = {0: "batch", 2: "height", 3: "width"}
    axes = {"latent_sample": grid, "sample": grid}
    return export.write(
        Encoder(), [test_picture()], ["sample"], "latent_sample", axes, out / "vae_encoder/model.onnx"
    )


def write_decoder(detail, out):
    """The decoder's file below `out`. -> largest and mean difference to PyTorch"""
    grid = {0: "batch", 2: "height", 3: "width"}
    axes = {"latent_sample": grid, "sample": grid}
    z = Encoder()(test_picture())
    return export.write(
        Decoder(detail), [z], ["latent_sample"], "sample", axes, out / "vae_decoder/model.onnx"
    )


def floats(state):
    return {k: full(v) for k, v in state.items()}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--weights", required=True, help="checkpoint of train.py")
    p.add_argument("--detail", required=True, help="checkpoint of detail.py")
    p.add_argument("--words", required=True, help="the text encoder's file (compose/text.py)")
    p.add_argument("--out", required=True)
    a = p.parse_args()
    out = Path(a.out)
    state = torch.load(a.weights, map_location="cpu", weights_only=False)
    generator, smooth, detail = Generator().eval(), Smooth().eval(), Detail().eval()
    generator.load_state_dict(floats(state["gen_ema"]))
    smooth.load_state_dict(floats(state["dec_ema"]))
    own = floats(torch.load(a.detail, map_location="cpu", weights_only=False)["ema"])
    if own["head.weight"].shape == detail.head.weight.shape:
        detail.load_state_dict(own)
    else:  # trained without the detail channel, which is fed zeros here
        detail.take_over(own)
    words = Words(a.words)
    prompt = Prompt(words).eval()
    configs(out, words.bert.config.vocab_size)
    export.text_files(words, out / "tokenizer")
    caption = "a castle above a lake"
    ids = torch.tensor([words.tokenizer.encode(caption).ids])
    with torch.no_grad():
        tokens = prompt(ids)
        assert (tokens - words([caption])[:, : ids.shape[1] + 1]).abs().max() < 1e-3
    report = {
        "vae_encoder": write_encoder(out),
        "vae_decoder": write_decoder(detail, out),
        "unet": write_unet(generator, smooth, tokens, out),
        "text_encoder": export.write(
            prompt,
            [ids],
            ["input_ids"],
            "last_hidden_state",
            {"input_ids": {0: "batch", 1: "sequence"}, "last_hidden_state": {0: "batch"}},
            out / "text_encoder/model.onnx",
            bits=8,
        ),
    }
    print("largest and mean difference to PyTorch:", report)
    print(f"folder {sum(f.stat().st_size for f in out.rglob('*') if f.is_file()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
