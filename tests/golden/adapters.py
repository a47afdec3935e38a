"""models/tiny/ip-*: Stable Diffusion with IP-Adapters of random weights (models/export/ip_adapter.py)."""

import copy
import json
import pathlib
import sys

import export
import nets
import tiny
import torch
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "models" / "export"))
import ip_adapter  # noqa: E402

# name: (seed, the model that it is put into, does it look at every part of a picture?)
MODELS = {"ip-sd15": (31, "sd15", False), "ip-xl-plus": (32, "xl", True)}
SIDE = 224
VISION = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "projection_dim": 12,
    "image_size": SIDE,
    "patch_size": 56,
    "hidden_act": "gelu",
}


def linear(outputs, inputs):
    return torch.randn(outputs, inputs) * 2.0 / inputs**0.5


def projection(cross, parts):
    """The weights that make tokens of a picture, as published files name them."""
    if not parts:
        return {
            "proj.weight": linear(4 * cross, VISION["projection_dim"]),
            "proj.bias": torch.randn(4 * cross) * 0.1,
            "norm.weight": torch.ones(cross),
            "norm.bias": torch.randn(cross) * 0.1,
        }
    hidden = 64  # one head, and four layers: no file has other heads, and diffusers knows no fewer layers
    norm = {"norm_out.weight": torch.ones(cross), "norm_out.bias": torch.randn(cross) * 0.1}
    layers = {}
    for layer in (f"layers.{i}" for i in range(4)):
        for part in ("0.norm1", "0.norm2", "1.0"):
            layers[f"{layer}.{part}.weight"] = torch.ones(hidden)
            layers[f"{layer}.{part}.bias"] = torch.randn(hidden) * 0.1
        shapes = {"0.to_q": (64, 64), "0.to_kv": (128, 64), "0.to_out": (64, 64)}
        shapes |= {"1.1": (256, 64), "1.3": (64, 256)}
        layers |= {f"{layer}.{part}.weight": linear(*shape) / 2 for part, shape in shapes.items()}
    return {
        "latents": torch.randn(1, 4, hidden) / hidden**0.5,
        "proj_in.weight": linear(hidden, VISION["hidden_size"]),
        "proj_in.bias": torch.zeros(hidden),
        "proj_out.weight": linear(cross, hidden),
        "proj_out.bias": torch.zeros(cross),
        **norm,
        **layers,
    }


class Parts(tiny.Parts):
    """A tiny model with an adapter in its U-Net, and who looks at pictures for it."""

    def __init__(self, name):
        seed, base, self.parts = MODELS[name]
        super().__init__(base)
        self.name = name
        torch.manual_seed(seed)
        config = CLIPVisionConfig(**VISION, attn_implementation="eager")
        self.image_encoder = CLIPVisionModelWithProjection(config).eval()
        self.feature_extractor = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=SIDE)
        with torch.no_grad():
            for p in self.image_encoder.parameters():
                if p.dim() > 1:
                    p.mul_(4.0 / VISION["hidden_size"] / p.std())
        cross = self.unet.config.cross_attention_dim
        looks = [key for key in self.unet.attn_processors if key.endswith("attn2.processor")]
        own = {}
        for place, key in enumerate(looks):
            attn = self.unet.get_submodule(key.removesuffix(".processor"))
            for part in ("to_k_ip", "to_v_ip"):
                own[f"{2 * place + 1}.{part}.weight"] = linear(attn.inner_dim, cross)
        ip_adapter.add(self.unet, {"image_proj": projection(cross, self.parts), "ip_adapter": own})
        self.unet.eval()

    def components(self):
        unet = ip_adapter.looking(copy.deepcopy(self.unet))
        own = ip_adapter.components(unet, self.image_encoder)
        self.rows = dict(own)
        if self.name == "ip-sd15":
            # As exports of before were, which knew no kinds.
            self.rows["weighed"] = ip_adapter.components(unet, self.image_encoder, kinds=False)["unet"]
        # The plain one has no adapter; all but it is as ever.
        plain = tiny.Parts(MODELS[self.name][1])
        return {key: row for key, row in export.components(plain).items() if key not in own}


def write_folder(parts, folder):
    tiny.write_folder(parts, folder)
    for name, row in parts.rows.items():
        path = folder / name / "model.onnx"
        config = (folder / name / "config.json").read_text() if name == "unet" else None
        ip_adapter.write(path, row)
        ip_adapter.check(path, row)
        if name == "weighed":
            continue
        config = config or json.dumps(parts.image_encoder.config.to_diff_dict())
        (folder / name / "config.json").write_text(config)


def changes(parts, folder):
    """The networks as ONNX Runtime runs them: as nets.changes."""
    unet, eyes = nets.session(folder, "unet"), nets.session(folder, "image_encoder")

    def predict(sample, timestep, encoder_hidden_states, added_cond_kwargs=None, **_):
        told = dict(added_cond_kwargs)
        (seen,) = told.pop("image_embeds")
        heard = [float(parts.kind in ("all", kind)) for kind in ip_adapter.KINDS]
        scales = torch.tensor(heard) * parts.scale
        scales = scales.expand(*seen.shape[:2], -1)
        told |= {"image_embeds": seen, "ip_adapter_scale": scales}
        return nets.call(
            unet, sample=sample, timestep=timestep, encoder_hidden_states=encoder_hidden_states, **told
        )

    def see(pixel_values, output_hidden_states=False):
        seen = torch.cat([nets.call(eyes, pixel_values=one[None])[0] for one in pixel_values])
        made = type("Seen", (), {})()
        made.image_embeds, made.hidden_states = seen, (seen, seen)
        return made

    rows = [row for row in nets.changes(parts, folder) if row[0] is not parts.unet]
    return [*rows, (parts.unet, "forward", predict), (parts.image_encoder, "forward", see)]
