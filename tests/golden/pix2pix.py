"""InstructPix2Pix: a tiny one, whose U-Net sees the paint beside the noise, and its pictures by diffusers."""

import json
import warnings

import export
import nets
import pipelines
import tiny
import torch
from diffusers import StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion import (
    pipeline_stable_diffusion_instruct_pix2pix as module,
)
from diffusers.schedulers import scheduling_euler_ancestral_discrete
from pictures import picture

# name: seed
MODELS = {"pix2pix": 45}
# How far from what is predicted without the paint.
PAINT_GUIDANCE = 1.5


class Parts(tiny.Parts):
    """The torch modules and settings of one tiny model: all but the U-Net is another's."""

    def __init__(self, name):
        super().__init__("sd15")
        self.name = name
        torch.manual_seed(MODELS[name])
        self.unet = UNet2DConditionModel(**{**tiny.UNET, "in_channels": 8}).eval()
        with torch.no_grad():
            for key, p in self.unet.named_parameters():
                if "attn2" in key:
                    p.mul_(2.0)
            latents = torch.randn(4, 4, 8, 8)
            latents = torch.cat([latents, 4 * latents.flip(0)], 1)
            text = torch.randn(4, 77, self.unet.config.cross_attention_dim)
            out = self.unet(latents, torch.tensor(500.0), text).sample
            tiny.spread(self.unet.conv_out, out, 1.0)


def write_folder(parts, folder):
    name, parts.name = parts.name, "sd15"  # whose forms its small files have
    tiny.write_folder(parts, folder)
    parts.name = name
    index = json.loads((folder / "model_index.json").read_text())
    own = "StableDiffusionInstructPix2PixPipeline"
    tiny.write_json(folder / "model_index.json", {**index, "_class_name": own})


def render(parts, case, noise_source, index=None, networks=None):
    """(picture, timesteps, latents after each step, text embeddings)"""
    _, size, prompt, negative, strength, steps, guidance, override = case
    if strength != 1:
        raise ValueError("diffusers' pipeline begins with noise alone")
    config = override or parts.scheduler
    pipe = StableDiffusionInstructPix2PixPipeline(
        vae=parts.vae,
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        unet=parts.unet,
        scheduler=pipelines.SCHEDULERS[config["_class_name"]].from_config(dict(config)),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    stages, seen = [], []

    def after_step(_, index, timestep, tensors):
        stages.append(tensors["latents"])
        seen.append(float(timestep))
        return {}

    changes = [
        (module, "retrieve_latents", lambda output, **_: nets.mode(output)),
        (module, "randn_tensor", noise_source),
        (scheduling_euler_ancestral_discrete, "randn_tensor", noise_source),
    ]
    with export.patched(changes + (networks or [])), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        out = pipe(
            prompt=prompt,
            negative_prompt=negative,
            image=picture(size),
            num_inference_steps=steps,
            guidance_scale=guidance,
            image_guidance_scale=PAINT_GUIDANCE,
            output_type="np",
            callback_on_step_end=after_step,
        )
    return out.images[0], seen, torch.cat(stages), None
