"""models/tiny/loras/*: random LoRAs in the styles that people share, and diffusers' pipelines with them.

For that diffusers wants PEFT, which nothing else here does."""

import json

import tiny
import torch
from safetensors.torch import save_file

# name: (seed, model, style, rank, alpha, convolutions too?)
FILES = {
    "sd15-kohya": (31, "sd15", "kohya", 4, 2.0, True),
    "sd15-peft": (32, "sd15", "peft", 3, 6.0, False),
    "xl-kohya": (33, "xl", "sgm", 3, 1.0, True),
    "xl-peft": (34, "xl", "peft", 4, None, False),
}
# LoRAs of a case: which, how much of it on the U-Net and on the text encoders, and in which part of the
# steps the U-Net has it, where that is not all of them.
CASES = {
    "lora-kohya": [("sd15-kohya", 0.7, 0.7)],
    "lora-peft-wide": [("sd15-peft", 1.0, 1.0)],
    "lora-two": [("sd15-kohya", 1.0, 0.5), ("sd15-peft", -0.5, 0.7)],
    "lora-part": [("sd15-kohya", 1.0, 0.7, 0.0, 0.5), ("sd15-peft", -0.7, 0.5, 0.25, 1.0)],
    "lora-xl-kohya": [("xl-kohya", 1.0, 1.0)],
    "lora-xl-two": [("xl-kohya", 0.7, 0.0), ("xl-peft", 0.7, 1.0)],
}
PARTS = {"unet": "lora_unet_", "text_encoder": "lora_te{}_", "text_encoder_2": "lora_te2_"}
INSIDE = {
    "conv1": "in_layers_2",
    "conv2": "out_layers_3",
    "time_emb_proj": "emb_layers_1",
    "conv_shortcut": "skip_connection",
}


def counted_through(path, layers):
    """A module's name as SDXL's makers have it; None for those that diffusers does not read so."""
    side, *rest = path.split(".")
    rest = [INSIDE.get(word, word) for word in rest]
    if side == "mid_block":
        place = {("resnets", "0"): 0, ("attentions", "0"): 1, ("resnets", "1"): 2}[tuple(rest[:2])]
        return "_".join(["middle_block", str(place), *rest[2:]])
    if side not in ("down_blocks", "up_blocks"):
        return None
    level, kind, index, *inner = rest
    per_level = layers + 1
    if kind == "downsamplers":
        return f"input_blocks_{(int(level) + 1) * per_level}_0_op"
    if kind == "upsamplers":
        return f"output_blocks_{(int(level) + 1) * per_level - 1}_2_conv"
    place = int(level) * per_level + int(index) + (side == "down_blocks")
    name = {"down_blocks": "input_blocks", "up_blocks": "output_blocks"}[side]
    return "_".join([name, str(place), {"resnets": "0", "attentions": "1"}[kind], *inner])


def modules(parts, convolutions):
    """(part, name, module) of what a LoRA changes."""
    for part in PARTS:
        if getattr(parts, part, None) is None:
            continue
        for name, module in getattr(parts, part).named_modules():
            linear = isinstance(module, torch.nn.Linear)
            if part != "unet":
                wanted = linear and "layers" in name
            elif convolutions:
                wanted = linear or isinstance(module, torch.nn.Conv2d)
            else:
                wanted = linear and ".attn" in name
            if wanted:
                yield part, name, module


def tensors(name, parts):
    """The file's tensors and its metadata."""
    seed, _, style, rank, alpha, convolutions = FILES[name]
    torch.manual_seed(seed)
    file, told = {}, {}
    for part, path, module in modules(parts, convolutions):
        out, *rest = module.weight.shape
        ones = [1] * (len(rest) - 1)
        strength = (float(module.weight.detach().std()) * 0.5 / rank**0.5) ** 0.5
        down = torch.randn(rank, *rest) * strength
        up = torch.randn(out, rank, *ones) * strength
        level = "" if part == "unet" else "text_model."
        path = path.removeprefix("text_model.")
        if style == "peft":
            told.setdefault(f"{part}.target_modules", []).append(path)
            file[f"{part}.{level}{path}.lora_A.weight"] = down
            file[f"{part}.{level}{path}.lora_B.weight"] = up
            continue
        ours = f"{level}{path}"
        if style == "sgm" and part == "unet":
            ours = counted_through(path, parts.unet.config.layers_per_block)
            if ours is None:
                continue
        key = PARTS[part].format("1" if parts.second else "") + ours.replace(".", "_")
        file[f"{key}.lora_down.weight"] = down.half()
        file[f"{key}.lora_up.weight"] = up.half()
        file[f"{key}.alpha"] = torch.tensor(alpha).half()
    if not alpha or style != "peft":
        return file, None
    for part in PARTS:
        told |= {f"{part}.r": rank, f"{part}.lora_alpha": alpha}
    return file, {"format": "pt", "lora_adapter_metadata": json.dumps(told)}


def make(folder, only=""):
    names = [name for name in FILES if name.startswith(only)]
    for name in names:
        (folder / "loras").mkdir(parents=True, exist_ok=True)
        file, told = tensors(name, tiny.Parts(FILES[name][1]))
        save_file(file, folder / "loras" / f"{name}.safetensors", metadata=told)
    return len(names)


def fuse(pipe, folder, rows):
    """Puts LoRAs into the weights one by one: of two at a time diffusers loses the first's text encoder. What
    is returned takes those out of the U-Net that are not to act in a step: `acts` says which, of their parts.
    """

    def weights():
        return {key: value.clone() for key, value in pipe.unet.state_dict().items()}

    added = []
    for name, *scales, start, end in (row if len(row) == 5 else (*row, 0.0, 1.0) for row in rows):
        before = weights()
        pipe.load_lora_weights(folder / "loras", weight_name=f"{name}.safetensors")
        texts = [part for part in PARTS if part != "unet" and getattr(pipe, part, None) is not None]
        for components, scale in zip((["unet"], texts), scales, strict=True):
            if scale:
                pipe.fuse_lora(components=components, lora_scale=scale)
        pipe.unload_lora_weights()
        added.append(((start, end), {key: value - before[key] for key, value in weights().items()}))
    whole = weights()

    def turn(acts):
        own = dict(whole)
        for part, delta in added:
            if not acts(*part):
                own = {key: value - delta[key] for key, value in own.items()}
        pipe.unet.load_state_dict(own)

    return turn
