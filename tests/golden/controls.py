"""models/tiny/controls/*: random-weight ControlNets in OnnxStack's form, and U-Nets that listen to them."""

import shutil

import export
import tiny
import torch
from diffusers import ControlNetModel
from families.stable_diffusion import controlled_forward, named

# name: (seed, the model that it is for, is its scale an input of the graph?)
NETS = {
    "sd15-lines": (21, "sd15", True),
    "sd15-depth": (22, "sd15", False),
    "xl-lines": (23, "xl", True),
}


def net(name, parts):
    """The torch module; `parts` are those of its model."""
    seed, _, _ = NETS[name]
    torch.manual_seed(seed)
    own = ControlNetModel.from_unet(
        parts.unet, load_weights_from_unet=False, conditioning_embedding_out_channels=(4, 4, 6, 8)
    ).eval()
    silent = [*own.controlnet_down_blocks, own.controlnet_mid_block]
    with torch.no_grad():
        # What is zero before training.
        for conv in (own.controlnet_cond_embedding.conv_out, *silent):
            conv.weight.normal_(0, 0.5 / conv.weight[0].numel() ** 0.5)
            conv.bias.normal_(0, 0.1)
        # Louder than the latent, or the picture would hardly be heard.
        seen = torch.nn.functional.interpolate(torch.rand(4, 3, 16, 16), size=64)
        seen = own.controlnet_cond_embedding(seen)
        tiny.spread(own.controlnet_cond_embedding.conv_out, seen, 4.0)
    return own


def control_forward(self, sample, timestep, encoder_hidden_states, *more):
    *added, picture = more[:-1] if self.scaled else more
    out = type(self).forward(
        self,
        sample,
        timestep,
        encoder_hidden_states,
        picture,
        more[-1] if self.scaled else 1.0,
        added_cond_kwargs=named(added),
    )
    return *out.down_block_res_samples, out.mid_block_res_sample


def residuals(row):
    """Names and values of what a ControlNet says, in its order."""
    *down, middle = export.said(row, row.inputs)
    names = [f"down_block_{i}_additional_residual" for i in range(len(down))]
    return dict(zip([*names, "mid_block_additional_residual"], [*down, middle], strict=True))


def write(path, row):
    if path.parent.name != "unet":
        shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    export.write(path, row)


def make(folder, only=""):
    made = 0
    for name, (_, model, scaled) in NETS.items():
        if not name.startswith(only):
            continue
        parts = tiny.Parts(model)
        own = net(name, parts)
        own.scaled = scaled
        unet = export.components(parts)["unet"]
        inputs, axes = dict(unet.inputs), dict(unet.axes)
        inputs["timestep"], axes["timestep"] = torch.tensor([999.0]), ("steps",)
        told = {**inputs, "controlnet_cond": torch.rand(2, 3, 64, 64)}
        if scaled:
            told["conditioning_scale"] = torch.ones(1)
        heard = export.Row(own, control_forward, told, {**axes, "controlnet_cond": export.PIXELS}, {})
        said = residuals(heard)
        place = folder / "controls" / name
        write(place / "model.onnx", heard._replace(outputs=dict.fromkeys(said, export.LATENT)))
        (place / "config.json").write_text(own.to_json_string())
        axes |= dict.fromkeys(said, export.LATENT)
        row = export.Row(parts.unet, controlled_forward, {**inputs, **said}, axes, unet.outputs)
        write(folder / model / "unet" / "controlnet.onnx", row)
        made += 1
    return made
