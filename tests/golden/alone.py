"""A transformer alone, as one file in its makers' own layout, as fine-tunes are shared. diffusers reads this
layout, but does not write it; FLUX.1's it reads in its real width alone."""

import re

import torch
from safetensors.torch import save_file

# In diffusers' names: in those of the makers, one after the other.
Z_IMAGE = {
    r"all_final_layer\.2-1": "final_layer",
    r"all_x_embedder\.2-1": "x_embedder",
    r"\.attention\.to_out\.0\.": ".attention.out.",
    r"\.attention\.norm_([qk])\.": r".attention.\1_norm.",
}
KLEIN = {
    r"^x_embedder": "img_in",
    r"^context_embedder": "txt_in",
    r"^time_guidance_embed\.timestep_embedder\.linear_1": "time_in.in_layer",
    r"^time_guidance_embed\.timestep_embedder\.linear_2": "time_in.out_layer",
    r"(stream_modulation\w*)\.linear": r"\1.lin",
    r"^norm_out\.linear": "final_layer.adaLN_modulation.1",
    r"^proj_out": "final_layer.linear",
    r"^single_transformer_blocks\.(\d+)\.attn\.to_qkv_mlp_proj": r"single_blocks.\1.linear1",
    r"^single_transformer_blocks\.(\d+)\.attn\.to_out": r"single_blocks.\1.linear2",
    r"^single_transformer_blocks\.(\d+)\.attn\.norm_q\.weight": r"single_blocks.\1.norm.query_norm.scale",
    r"^single_transformer_blocks\.(\d+)\.attn\.norm_k\.weight": r"single_blocks.\1.norm.key_norm.scale",
    r"^transformer_blocks": "double_blocks",
    r"\.attn\.norm_q\.weight": ".img_attn.norm.query_norm.scale",
    r"\.attn\.norm_k\.weight": ".img_attn.norm.key_norm.scale",
    r"\.attn\.norm_added_q\.weight": ".txt_attn.norm.query_norm.scale",
    r"\.attn\.norm_added_k\.weight": ".txt_attn.norm.key_norm.scale",
    r"\.attn\.to_out\.0": ".img_attn.proj",
    r"\.attn\.to_add_out": ".txt_attn.proj",
    r"\.ff\.linear_in": ".img_mlp.0",
    r"\.ff\.linear_out": ".img_mlp.2",
    r"\.ff_context\.linear_in": ".txt_mlp.0",
    r"\.ff_context\.linear_out": ".txt_mlp.2",
}
# Three that are one, by the name of the first: theirs.
FUSED = {
    "z-image": {".attention.to_q.": ".attention.qkv."},
    "klein": {".attn.to_q.": ".img_attn.qkv.", ".attn.add_q_proj.": ".txt_attn.qkv."},
}
NAMES = {"z-image": Z_IMAGE, "klein": KLEIN}
# What stands before all names in files that other programs write.
BEFORE = {"z-image": "model.diffusion_model.", "klein": ""}


def theirs(key, family):
    for own, other in NAMES[family].items():
        key = re.sub(own, other, key)
    return BEFORE[family] + key


def written(state, family):
    made, left = {}, dict(state)
    for key in list(left):
        for first, name in FUSED[family].items():
            if first in key:
                parts = [left.pop(key.replace(first, first.replace("_q", f"_{part}"))) for part in "qkv"]
                made[theirs(key.replace(first, name), family)] = torch.cat(parts)
    for key, value in left.items():
        if key.startswith("norm_out.linear") and family == "klein":
            scale, shift = value.chunk(2)
            value = torch.cat([shift, scale])
        made[theirs(key, family)] = value
    return made


def write(parts, path):
    state = written(parts.transformer.state_dict(), family(parts.name))
    save_file({key: value.contiguous().clone() for key, value in state.items()}, path)


def family(name):
    """None for models whose transformer is not tried alone."""
    return next((family for family in NAMES if name.startswith(family)), None)
