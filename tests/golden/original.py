"""A Stable Diffusion 1.x pipeline as one file in its makers' own layout, as single checkpoints are published.

diffusers reads this layout, but does not write it (its script for that is no part of the package)."""

import re

from safetensors.torch import save_file

# In a residual block, by diffusers' name.
RESIDUAL = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
# In the middle of an autoencoder.
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def unet_key(key, layers):
    """`layers`: residual blocks on each level of the way down."""
    for own, theirs in ENDS.items():
        if key.startswith(own + "."):
            return theirs + key[len(own) :]
    middle = re.match(r"mid_block\.(resnets|attentions)\.(\d)\.(.*)", key)
    if middle:
        kind, place, rest = middle.groups()
        number = 1 if kind == "attentions" else 2 * int(place)
        return f"middle_block.{number}.{inner(kind, rest)}"
    way, level, kind, place, rest = re.match(
        r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.*)", key
    ).groups()
    level, place = int(level), int(place)
    if way == "down":
        first = 1 + level * (layers + 1)
        if kind == "downsamplers":
            return f"input_blocks.{first + layers}.0.op.{rest.removeprefix('conv.')}"
        return f"input_blocks.{first + place}.{0 if kind == 'resnets' else 1}.{inner(kind, rest)}"
    first = level * (layers + 1)
    if kind == "upsamplers":
        return (first + layers, rest)  # behind an attention, where there is one
    return f"output_blocks.{first + place}.{0 if kind == 'resnets' else 1}.{inner(kind, rest)}"


def inner(kind, rest):
    if kind == "attentions":
        return rest
    name, end = rest.rsplit(".", 1)
    return f"{RESIDUAL[name]}.{end}"


def unet(state, layers):
    made = {}
    for key, value in state.items():
        theirs = unet_key(key, layers)
        if isinstance(theirs, tuple):
            block, rest = theirs
            attention = any(name.startswith(f"output_blocks.{block}.1.norm") for name in made)
            theirs = f"output_blocks.{block}.{2 if attention else 1}.{rest}"
        made[theirs] = value
    return made


def vae_key(key, levels):
    key = key.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
    key = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", key)
    if "mid_block.attentions.0" in key:
        for own, theirs in ATTENTION.items():
            key = key.replace(f"mid_block.attentions.0.{own}.", f"mid.attn_1.{theirs}.")
    key = re.sub(r"down_blocks\.(\d)\.resnets\.", r"down.\1.block.", key)
    key = re.sub(r"down_blocks\.(\d)\.downsamplers\.0\.", r"down.\1.downsample.", key)
    key = re.sub(r"up_blocks\.(\d)\.resnets\.", lambda m: f"up.{levels - 1 - int(m[1])}.block.", key)
    return re.sub(
        r"up_blocks\.(\d)\.upsamplers\.0\.", lambda m: f"up.{levels - 1 - int(m[1])}.upsample.", key
    )


def vae(state, levels):
    made = {vae_key(key, levels): value for key, value in state.items()}
    for key, value in made.items():
        # Products with pictures were convolutions then.
        if re.search(r"mid\.attn_1\.(q|k|v|proj_out)\.weight", key):
            made[key] = value[:, :, None, None]
    return made


def write(parts, path):
    whole = {}
    for key, value in unet(parts.unet.state_dict(), parts.unet.config.layers_per_block).items():
        whole[f"model.diffusion_model.{key}"] = value
    for key, value in vae(parts.vae.state_dict(), len(parts.vae.config.block_out_channels)).items():
        whole[f"first_stage_model.{key}"] = value
    for key, value in parts.text_encoder.state_dict().items():
        # Older transformers had another level.
        plain = key.removeprefix("text_model.")
        whole[f"cond_stage_model.transformer.text_model.{plain}"] = value
    save_file({key: value.contiguous().clone() for key, value in whole.items()}, path)
