"""Stable Diffusion with a ControlNet in the U-Net's own graph, as diffusers' conversion script writes it."""

import controls
import nets
import pipelines
import tiny
import torch
from tracing import OPSET, as_exported

# name: (the model and the ControlNet that are put together)
MODELS = {"fused": ("sd15", "sd15-lines")}
NAMES = ("sample", "timestep", "encoder_hidden_states", "controlnet_conds", "conditioning_scales")


class Parts(tiny.Parts):
    """The torch modules and settings of one tiny model."""

    def __init__(self, name):
        model, net = MODELS[name]
        super().__init__(model)
        self.controls = {"": controls.net(net, self)}


def forward(self, sample, timestep, states, pictures, scales):
    """UNet2DConditionControlNetModel of convert_stable_diffusion_controlnet_to_onnx.py, for one net."""
    down, middle = self.net(sample, timestep, states, pictures[0], scales[0], return_dict=False)
    made = self.unet(
        sample,
        timestep,
        encoder_hidden_states=states,
        down_block_additional_residuals=down,
        mid_block_additional_residual=middle,
        return_dict=False,
    )
    return made[0]


def write_folder(parts, folder):
    tiny.write_folder(parts, folder)
    both = torch.nn.Module()
    both.unet, both.net = parts.unet, parts.controls[""]
    inputs = dict(
        zip(
            NAMES,
            (
                torch.randn(2, 4, 8, 8),
                torch.tensor(999.0),
                torch.randn(2, 77, parts.unet.config.cross_attention_dim),
                torch.rand(1, 2, 3, 64, 64),
                torch.full((1, 1), 0.7),
            ),
            strict=True,
        )
    )
    axes = {
        "sample": {0: "2B", 2: "H", 3: "W"},
        "encoder_hidden_states": {0: "2B"},
        "controlnet_conds": {1: "2B", 3: "8H", 4: "8W"},
        "noise_pred": {0: "2B", 2: "H", 3: "W"},
    }
    path = folder / "unet" / "model.onnx"
    with as_exported(both.eval(), forward) as module, torch.no_grad():
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            str(path),
            input_names=list(NAMES),
            output_names=["noise_pred"],
            dynamic_axes=axes,
            opset_version=OPSET,
            do_constant_folding=True,
            dynamo=False,
        )


def changes(parts, folder):
    """The networks as ONNX Runtime runs them: as nets.changes."""
    network, told = nets.session(folder, "unet"), {}

    def listen(sample, timestep, encoder_hidden_states, controlnet_cond, conditioning_scale, **_):
        told.update(controlnet_conds=controlnet_cond[None], conditioning_scales=[[conditioning_scale]])
        return [torch.zeros(1)], torch.zeros(1)

    def predict(sample, timestep, encoder_hidden_states, **_):
        own = {"sample": sample, "timestep": timestep, "encoder_hidden_states": encoder_hidden_states}
        return nets.call(network, **own, **told)

    rows = [row for row in nets.changes(parts, folder) if row[0] is not parts.unet]
    return [*rows, (parts.unet, "forward", predict), (parts.controls[""], "forward", listen)]


def render(parts, case, noise_source, index=None, networks=None, controlled=()):
    """(picture, timesteps, latents at each stage, text embeddings)"""
    return pipelines.render(parts, case, noise_source, index, networks, controlled)
