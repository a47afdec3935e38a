#!/usr/bin/env python3
"""Puts an IP-Adapter into a Stable Diffusion 1.x or XL model and exports it to ONNX, so that Scumble can show
it reference pictures.

    python models/export/ip_adapter.py --model DIFFUSERS_FOLDER --adapter ip-adapter_sd15.safetensors \\
        --image-encoder models/image_encoder --onnx ONNX_FOLDER --output NEW_FOLDER

--model is the folder of a diffusers pipeline with safetensors; --image-encoder one of transformers'
CLIPVisionModelWithProjection, that which the adapter was made with. All other parts are taken from --onnx, an
export of the same model that Scumble loads already (`optimum-cli export onnx`). docs/models.md has the form
of what comes out.
"""

import argparse
import json
import pathlib
import shutil

import torch
from diffusers import DiffusionPipeline
from files import session, write
from safetensors.torch import load_file
from sources import variant
from tracing import Row, said
from transformers import CLIPVisionModelWithProjection

# What a picture gives: where things are, how it is painted, and what more there is.
KINDS = ("layout", "style", "rest")


class ScaledAttention(torch.nn.Module):
    """diffusers' attention of an IP-Adapter, with scales for each picture that are an input of the graph:
    what is said of each is weighed before they are mixed, so that equal scales are what diffusers has. A
    picture that is not heard here takes nothing of the others' place. `shares`: of each of KINDS how much is
    heard here."""

    def __init__(self, own, shares):
        super().__init__()
        self.shares = torch.tensor(shares)
        # Under the names that diffusers has, for node names.
        self.to_k_ip, self.to_v_ip = own.to_k_ip, own.to_v_ip
        self.scales = None

    def forward(self, attn, hidden_states, encoder_hidden_states, attention_mask=None, temb=None, **_):
        words, (pictures,) = encoder_hidden_states
        tokens, pictures = int(pictures.shape[2]), pictures.flatten(1, 2)
        weights = (self.scales * self.shares).sum(-1)
        weights = weights[:, :, None].expand(-1, -1, tokens).flatten(1)
        silent = (weights == 0).to(weights.dtype)[:, None, None, :] * -1e4
        query = heads(attn, attn.to_q(hidden_states))
        said = attend(query, heads(attn, attn.to_k(words)), heads(attn, attn.to_v(words)))
        value = self.to_v_ip[0](pictures) * weights[:, :, None]
        said = said + attend(query, heads(attn, self.to_k_ip[0](pictures)), heads(attn, value), silent)
        said = attn.to_out[1](attn.to_out[0](said))
        if attn.residual_connection:
            said = said + hidden_states
        return said / attn.rescale_output_factor


def heads(attn, states):
    return states.unflatten(-1, (attn.heads, -1)).transpose(1, 2)


def attend(query, key, value, mask=None):
    made = torch.nn.functional.scaled_dot_product_attention(query, key, value, mask)
    return made.transpose(1, 2).flatten(2)


def shares(unet):
    """By the beginning of an attention's name: how much of each of KINDS is heard there, 1 in all.

    SDXL has layout and style in one attention each, as InstantStyle (Wang et al., "InstantStyle: Free Lunch
    towards Style-Preserving in Text-to-Image Generation", 2024) found, and as diffusers' documentation of
    set_ip_adapter_scale has it; Stable Diffusion 1.x in more of them, as ComfyUI's IPAdapter plus has it."""
    places = {
        f"{side}_blocks.{i}": len(block.attentions)
        for side, blocks in (("down", unet.down_blocks), ("up", unet.up_blocks))
        for i, block in enumerate(blocks)
        if hasattr(block, "attentions")
    }
    deepest = [name for name in places if name.startswith("down")][-1]
    first = next(name for name in places if name.startswith("up"))
    layout, style, rest = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
    found = {"mid_block.": rest}
    for name, count in places.items():
        for i in range(count):
            if name == deepest:
                heard = layout if i == count - 1 else (0.25, 0.0, 0.75)
            elif name == first:
                heard = style if i == count - 1 else rest
            else:
                heard = style
            if unet.config.addition_embed_type == "text_time":
                is_style, is_layout = (name, i) == (first, 1), (name, i) == (deepest, count - 1)
                heard = style if is_style else layout if is_layout else rest
            found[f"{name}.attentions.{i}."] = heard
    return found


def looking(unet):
    """The U-Net with an adapter, as it is exported; and how many tokens it makes of a picture."""
    if unet.encoder_hid_proj is None or len(unet.encoder_hid_proj.image_projection_layers) != 1:
        raise SystemExit("the U-Net has no IP-Adapter, or several; one is exported")
    processors, heard = unet.attn_processors, shares(unet)
    for name, own in processors.items():
        if hasattr(own, "to_k_ip"):
            if len(own.to_k_ip) != 1:
                raise SystemExit("several IP-Adapters at once are not exported; choose one")
            there = next(value for start, value in heard.items() if name.startswith(start))
            processors[name] = ScaledAttention(own, there)
    unet.set_attn_processor(processors)
    return unet


def wants_parts(unet):
    """Is the adapter told of every part of a picture (IP-Adapter Plus), rather than of all in one vector?"""
    return hasattr(unet.encoder_hid_proj.image_projection_layers[0], "latents")


def unet_forward(self, sample, timestep, encoder_hidden_states, *more):
    """`more`: SDXL's text_embeds and time_ids; image_embeds [batch, pictures, (parts,) width] and
    ip_adapter_scale [batch, pictures, KINDS]; of two dimensions: all kinds alike"""
    *added, image_embeds, scales = more
    known = dict(zip(("text_embeds", "time_ids"), added, strict=True)) if added else {}
    for own in self.attn_processors.values():
        if isinstance(own, ScaledAttention):
            own.scales = scales if scales.dim() == 3 else scales[:, :, None].expand(-1, -1, len(KINDS))
    return (
        type(self)
        .forward(
            self,
            sample,
            timestep,
            encoder_hidden_states,
            added_cond_kwargs={**known, "image_embeds": [image_embeds]},
        )
        .sample
    )


def embeds_forward(self, pixel_values):
    return type(self).forward(self, pixel_values=pixel_values).image_embeds


def parts_forward(self, pixel_values):
    return type(self).forward(self, pixel_values=pixel_values, output_hidden_states=True).hidden_states[-2]


def components(unet, image_encoder, kinds=True):
    """name: row; without `kinds` a picture has one scale, as exports of before had it"""
    config, vision = unet.config, image_encoder.config
    parts = wants_parts(unet)
    batch = {0: "batch_size"}
    latent = {**batch, 2: "latent_height", 3: "latent_width"}
    inputs = {
        "sample": torch.randn(2, config.in_channels, 16, 16),
        "timestep": torch.tensor(999.0),
        "encoder_hidden_states": torch.randn(2, 77, config.cross_attention_dim),
    }
    axes = {"sample": latent, "encoder_hidden_states": {**batch, 1: "sequence_length"}}
    if config.addition_embed_type == "text_time":
        sizes = 6
        width = config.projection_class_embeddings_input_dim - sizes * config.addition_time_embed_dim
        inputs |= {"text_embeds": torch.randn(2, width), "time_ids": torch.full((2, sizes), 128.0)}
        axes |= {"text_embeds": batch, "time_ids": batch}
    tokens = (vision.image_size // vision.patch_size) ** 2 + 1
    seen = (2, 2, tokens, vision.hidden_size) if parts else (2, 2, vision.projection_dim)
    scales = (
        torch.tensor([[[0.5, 0.0, 1.0], [0.0, 1.0, 1.0]]] * 2) if kinds else torch.tensor([[0.5, 1.0]] * 2)
    )
    inputs |= {"image_embeds": torch.randn(seen), "ip_adapter_scale": scales}
    pictures = {**batch, 1: "pictures"}
    axes |= {"image_embeds": pictures, "ip_adapter_scale": pictures}
    side = vision.image_size
    # The state before the last has no better name in any export.
    told = "encoder_hidden_state" if parts else "image_embeds"
    return {
        "image_encoder": Row(
            image_encoder,
            parts_forward if parts else embeds_forward,
            {"pixel_values": torch.randn(2, 3, side, side)},
            {"pixel_values": batch},
            {told: batch},
        ),
        "unet": Row(unet, unet_forward, inputs, axes, {"out_sample": latent}),
    }


def check(path, row):
    """The file must say what torch says, also for another size and number of pictures."""
    inputs = row.inputs
    one = {key: value[:1] if value.dim() else value for key, value in inputs.items()}
    for key in ("image_embeds", "ip_adapter_scale"):
        if key in one:
            one[key] = torch.cat([one[key], one[key].flip(1)[:, :1]], 1)
    if "sample" in one:
        one["sample"] = torch.cat([one["sample"], one["sample"].flip(2)], -1)
    network = session(path)
    for given in (inputs, one):
        (expected,) = said(row, given)
        (got,) = network.run(list(row.outputs), {key: value.numpy() for key, value in given.items()})
        worst = float((torch.from_numpy(got) - expected).abs().max()) / max(1.0, float(expected.abs().max()))
        print(f"  {path.parent.name}: within {worst:.1e} of torch")
        if not worst < 1e-3:
            raise SystemExit(f"{path} does not say what torch says")


def adapter_of(file):
    """A file of an IP-Adapter, as diffusers reads it."""
    if file.suffix != ".safetensors":
        raise SystemExit(f"{file}: only .safetensors files are read; others may run a program")
    state = {"image_proj": {}, "ip_adapter": {}}
    for key, value in load_file(file).items():
        part, _, name = key.partition(".")
        if part not in state:
            raise SystemExit(f"{file} has a tensor {key!r}: it is no IP-Adapter")
        state[part][name] = value
    return state


def add(unet, state):
    """Puts an adapter into a U-Net of diffusers."""
    unet._load_ip_adapter_weights([state], low_cpu_mem_usage=False)
    return unet


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    for name, what in (
        ("model", "diffusers folder"),
        ("adapter", "IP-Adapter, .safetensors"),
        ("image-encoder", "folder of the CLIP vision model"),
        ("onnx", "ONNX export of the same model"),
        ("output", "folder to be made"),
    ):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True, help=what)
    args = parser.parse_args()
    if args.output.exists():
        raise SystemExit(f"{args.output} is there already")
    named = variant(args.model / "unet")
    pipe = DiffusionPipeline.from_pretrained(args.model, torch_dtype=torch.float32, variant=named)
    unet = looking(add(pipe.unet, adapter_of(args.adapter)).eval())
    named = {"dtype": torch.float32, "variant": variant(args.image_encoder)}
    encoder = CLIPVisionModelWithProjection.from_pretrained(args.image_encoder, **named).eval()
    del pipe
    # A folder that is whole or not there.
    making = args.output.with_name(args.output.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(args.onnx, making, ignore=shutil.ignore_patterns("unet", "image_encoder"))
    for name, row in components(unet, encoder).items():
        path = making / name / "model.onnx"
        write(path, row)
        check(path, row)
    (making / "unet" / "config.json").write_text((args.onnx / "unet" / "config.json").read_text())
    (making / "image_encoder" / "config.json").write_text(json.dumps(encoder.config.to_diff_dict(), indent=2))
    making.rename(args.output)
    print(args.output)


if __name__ == "__main__":
    main()
