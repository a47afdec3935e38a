"""pipelines/<case>/: whole img2img pictures by diffusers' own pipelines on the tiny models."""

import functools
import json
import shutil
import warnings
import zlib

import adapters
import controls
import export
import flow
import flux_kin
import fused
import inversions
import klein
import loras
import nets
import numpy as np
import pix2pix
import sana
import tiny
import torch
import z_image
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LatentConsistencyModelImg2ImgPipeline,
    LCMScheduler,
    PNDMScheduler,
    StableDiffusionControlNetImg2ImgPipeline,
    StableDiffusionControlNetInpaintPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionXLControlNetImg2ImgPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    TCDScheduler,
)
from diffusers.pipelines.controlnet import pipeline_controlnet_img2img as control_module
from diffusers.pipelines.controlnet import (
    pipeline_controlnet_inpaint as control_inpaint_module,
)
from diffusers.pipelines.controlnet import (
    pipeline_controlnet_sd_xl_img2img as xl_control_module,
)
from diffusers.pipelines.latent_consistency_models import (
    pipeline_latent_consistency_img2img as lcm_module,
)
from diffusers.pipelines.stable_diffusion import pipeline_stable_diffusion_img2img as sd_module
from diffusers.pipelines.stable_diffusion import (
    pipeline_stable_diffusion_inpaint as inpaint_module,
)
from diffusers.pipelines.stable_diffusion_xl import (
    pipeline_stable_diffusion_xl_img2img as xl_module,
)
from diffusers.pipelines.stable_diffusion_xl import (
    pipeline_stable_diffusion_xl_inpaint as xl_inpaint_module,
)
from diffusers.schedulers import (
    scheduling_dpmsolver_multistep,
    scheduling_euler_ancestral_discrete,
    scheduling_lcm,
    scheduling_tcd,
)
from pictures import hole, lines, picture
from PIL import Image

SCHEDULERS = {
    c.__name__: c
    for c in (
        DDIMScheduler,
        DPMSolverMultistepScheduler,
        EulerAncestralDiscreteScheduler,
        EulerDiscreteScheduler,
        LCMScheduler,
        PNDMScheduler,
        TCDScheduler,
    )
}
ANCESTRAL = {
    "_class_name": "EulerAncestralDiscreteScheduler",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "steps_offset": 1,
    "timestep_spacing": "linspace",
    "trained_betas": None,
}
# As Stable Diffusion 1.x was published.
PNDM = {
    "_class_name": "PNDMScheduler",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}
DPM_KARRAS = {
    "_class_name": "DPMSolverMultistepScheduler",
    "algorithm_type": "dpmsolver++",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "solver_order": 2,
    "steps_offset": 1,
    "trained_betas": None,
    "use_karras_sigmas": True,
}
SDE = {
    **DPM_KARRAS,
    "algorithm_type": "sde-dpmsolver++",
    "use_karras_sigmas": False,
    "prediction_type": "v_prediction",
}
TURBO_XL = {**ANCESTRAL, "timestep_spacing": "trailing"}
# Hyper-SDXL as its card has it. The pipeline's own eta is 0, the scheduler's 0.3.
TCD = {**tiny.SCHEDULERS["lcm"], "_class_name": "TCDScheduler", "timestep_spacing": "trailing"}
HOUSE = "A painting of a house by the lake, warm light, thick brush strokes"
SHIPS = "watercolour: ships in the mist (soft light) — pale colours!"
LONG = "an old castle on a hill, night, blue shadows, the moon behind it " * 8
BAD = "blurry, ugly, watermark"
SQUARE, WIDE, TALL, ODD = (64, 64), (128, 64), (64, 128), (48, 80)
BLOCK, BAND, POST = (48, 48), (96, 32), (32, 64)

# name: (model, size, prompt, negative, strength, steps, guidance, scheduler override)
CASES = {
    "sd15-ddim": ("sd15", SQUARE, HOUSE, None, 0.5, 4, 1.0, None),
    "sd15-ddim-guided-wide": ("sd15", WIDE, SHIPS, BAD, 0.75, 4, 7.5, None),
    "sd15-euler-a-guided": ("sd15", SQUARE, HOUSE, BAD, 0.5, 8, 5.0, ANCESTRAL),
    "sd15-euler-a-long": ("sd15", TALL, LONG, None, 1.0, 3, 1.0, ANCESTRAL),
    "sd15-lcm-lora": ("sd15", SQUARE, SHIPS, None, 0.5, 4, 1.0, tiny.SCHEDULERS["lcm"]),
    "sd15-pndm": ("sd15", SQUARE, HOUSE, None, 0.5, 8, 1.0, PNDM),
    "sd15-pndm-guided-wide": ("sd15", WIDE, SHIPS, BAD, 1.0, 4, 5.0, PNDM),
    "sd15-dpm-karras-guided": ("sd15", SQUARE, SHIPS, BAD, 0.5, 8, 5.0, DPM_KARRAS),
    "sd15-low-guided": ("sd15", SQUARE, HOUSE, BAD, 0.3, 20, 7.5, None),
    "sd2-full": ("sd2", SQUARE, SHIPS, BAD, 1.0, 2, 4.0, None),
    "sd2-dpm-sde-tall": ("sd2", TALL, HOUSE, None, 0.6, 5, 1.0, SDE),
    "sd2-guided": ("sd2", SQUARE, SHIPS, BAD, 0.5, 4, 4.0, None),
    "sd2-no-negative-wide": ("sd2", WIDE, HOUSE, None, 0.3, 10, 2.5, None),
    "turbo-1": ("turbo", SQUARE, HOUSE, None, 1.0, 1, 0.0, None),
    "turbo-2-half": ("turbo", SQUARE, SHIPS, None, 0.5, 2, 0.0, None),
    "turbo-4-wide": ("turbo", WIDE, HOUSE, None, 0.5, 4, 0.0, None),
    "turbo-low": ("turbo", SQUARE, SHIPS, None, 0.3, 10, 0.0, None),
    "lcm-full": ("lcm", SQUARE, SHIPS, None, 1.0, 8, 8.5, None),
    "lcm-4": ("lcm", SQUARE, HOUSE, None, 0.5, 4, 8.5, None),
    "lcm-2-wide": ("lcm", WIDE, "", None, 0.3, 2, 1.0, None),
    "xl-guided": ("xl", SQUARE, HOUSE, BAD, 0.75, 4, 5.0, None),
    "xl-guided-no-negative-wide": ("xl", WIDE, SHIPS, None, 0.5, 8, 7.0, None),
    "xl-guided-empty-negative": ("xl", SQUARE, SHIPS, None, 0.6, 5, 4.0, None),
    "xl-plain-tall": ("xl", TALL, LONG, None, 0.3, 10, 1.0, None),
    "xl-turbo-2-half": ("xl", SQUARE, HOUSE, None, 0.5, 2, 0.0, TURBO_XL),
    "xl-lightning-4-odd": ("xl", ODD, SHIPS, None, 1.0, 4, 0.0, tiny.EULER_TURBO),
    "xl-hyper-4": ("xl", SQUARE, HOUSE, None, 0.75, 4, 1.0, TCD),
    "xl-dmd-4": ("xl", SQUARE, SHIPS, None, 1.0, 4, 1.0, tiny.SCHEDULERS["lcm"]),
    "xl-lcm-4": ("xl-lcm", SQUARE, HOUSE, None, 1.0, 4, 8.0, None),
    "xl-lcm-low": ("xl-lcm", SQUARE, SHIPS, None, 0.3, 10, 1.0, None),
    "xl-lcm-2-odd": ("xl-lcm", ODD, SHIPS, None, 0.5, 4, 2.0, None),
    "xl-refiner-guided": ("xl-refiner", SQUARE, HOUSE, BAD, 0.3, 10, 5.0, None),
    "inpaint-guided": ("inpaint", SQUARE, HOUSE, BAD, 1.0, 4, 5.0, None),
    "inpaint-part-wide": ("inpaint", WIDE, SHIPS, None, 0.6, 5, 1.0, None),
    "inpaint-leading": ("inpaint", TALL, SHIPS, BAD, 1.0, 3, 3.0, tiny.SCHEDULERS["xl"]),
    "xl-inpaint-guided": ("xl-inpaint", SQUARE, HOUSE, BAD, 1.0, 4, 5.0, None),
    "xl-inpaint-half-odd": ("xl-inpaint", ODD, SHIPS, None, 0.5, 4, 0.0, tiny.EULER_TURBO),
    "pix2pix-guided": ("pix2pix", SQUARE, HOUSE, BAD, 1.0, 4, 7.5, None),
    "pix2pix-plain-wide": ("pix2pix", WIDE, SHIPS, None, 1.0, 5, 1.0, None),
    "pix2pix-euler-a": ("pix2pix", TALL, LONG, None, 1.0, 3, 4.0, ANCESTRAL),
    "control-guided": ("sd15", SQUARE, HOUSE, BAD, 0.75, 4, 5.0, None),
    "control-two-wide": ("sd15", WIDE, SHIPS, None, 0.5, 8, 1.0, None),
    "control-part": ("sd15", SQUARE, SHIPS, BAD, 1.0, 4, 3.0, ANCESTRAL),
    "control-xl-guided": ("xl", SQUARE, HOUSE, BAD, 0.75, 4, 5.0, None),
    "control-xl-two-wide": ("xl", WIDE, SHIPS, None, 0.5, 8, 1.0, None),
    "control-inpaint-guided": ("sd15", SQUARE, HOUSE, BAD, 0.75, 4, 5.0, None),
    "control-inpaint-two-wide": ("sd15", WIDE, SHIPS, None, 0.5, 8, 1.0, None),
    "fused-guided": ("fused", SQUARE, HOUSE, BAD, 0.75, 4, 5.0, None),
    "fused-part-wide": ("fused", WIDE, SHIPS, None, 0.5, 8, 1.0, None),
    "ip-guided": ("ip-sd15", SQUARE, HOUSE, BAD, 0.75, 4, 5.0, None),
    "ip-two-wide": ("ip-sd15", WIDE, SHIPS, None, 0.5, 8, 1.0, None),
    "ip-off": ("ip-sd15", SQUARE, SHIPS, BAD, 0.6, 5, 3.0, None),
    "ip-part-wide": ("ip-sd15", WIDE, SHIPS, None, 0.5, 8, 1.0, None),
    "ip-plus-part": ("ip-xl-plus", SQUARE, SHIPS, BAD, 0.5, 8, 4.0, None),
    "ip-style-wide": ("ip-sd15", WIDE, HOUSE, BAD, 0.75, 4, 4.0, None),
    "ip-layout": ("ip-sd15", SQUARE, SHIPS, None, 0.6, 5, 1.0, None),
    "ip-plus-style": ("ip-xl-plus", SQUARE, SHIPS, BAD, 0.75, 4, 4.0, None),
    "ip-plus-layout-wide": ("ip-xl-plus", WIDE, HOUSE, None, 0.5, 8, 1.0, None),
    "ip-plus-guided": ("ip-xl-plus", SQUARE, HOUSE, BAD, 0.75, 4, 5.0, None),
    "ip-plus-two": ("ip-xl-plus", SQUARE, SHIPS, None, 1.0, 4, 4.0, TURBO_XL),
    "lora-kohya": ("sd15", SQUARE, HOUSE, BAD, 0.75, 4, 4.0, None),
    "lora-peft-wide": ("sd15", WIDE, SHIPS, None, 0.6, 5, 1.0, None),
    "lora-two": ("sd15", SQUARE, SHIPS, BAD, 0.75, 4, 3.0, None),
    "lora-part": ("sd15", SQUARE, HOUSE, BAD, 0.5, 8, 4.0, None),
    "lora-xl-kohya": ("xl", SQUARE, HOUSE, BAD, 0.75, 4, 4.0, None),
    "lora-xl-two": ("xl", SQUARE, SHIPS, None, 0.5, 4, 1.0, None),
    "inversion-ink": ("sd15", SQUARE, "A house by the lake, sd15-ink", BAD, 0.75, 4, 4.0, None),
    "inversion-two-wide": ("sd15", WIDE, "<anna> in ships of sd15-ink", "sd15-ink, bad", 0.6, 5, 3.0, None),
    "inversion-xl": ("xl", SQUARE, "xl-oil: a lake", "not xl-oil", 0.75, 4, 4.0, None),
    "sd3-guided": ("sd3", BLOCK, HOUSE, BAD, 0.6, 4, 4.5, None),
    "sd3-guided-no-negative-wide": ("sd3", BAND, SHIPS, None, 0.3, 10, 7.0, None),
    "sd3-full-guided": ("sd3", BLOCK, SHIPS, BAD, 1.0, 12, 5.0, None),
    "sd3-turbo-4-odd": ("sd3", ODD, SHIPS, None, 1.0, 4, 0.0, None),
    "sd3-long-tall": ("sd3", POST, LONG, None, 0.5, 3, 1.0, None),
    "sd3-without-t5-guided": ("sd3", BLOCK, HOUSE, BAD, 0.8, 5, 5.0, None),
    "sd3-dynamic-shift": ("sd3", BLOCK, SHIPS, None, 0.45, 8, 1.0, flow.DYNAMIC),
    "flux-schnell-4": ("flux-schnell", BLOCK, HOUSE, None, 0.6, 4, 0.0, None),
    "flux-schnell-low": ("flux-schnell", BLOCK, SHIPS, None, 0.3, 8, 0.0, None),
    "flux-schnell-1-wide": ("flux-schnell", BAND, SHIPS, None, 1.0, 1, 0.0, None),
    "flux-dev-10": ("flux-dev", BLOCK, SHIPS, None, 0.7, 10, 3.5, None),
    "flux-dev-full": ("flux-dev", BLOCK, HOUSE, None, 1.0, 2, 3.5, None),
    "flux-dev-long-odd": ("flux-dev", ODD, LONG, None, 0.3, 8, 1.5, None),
    "flux-control": ("flux-control", BLOCK, HOUSE, None, 0.8, 5, 3.5, None),
    "flux-control-wide": ("flux-control", BAND, SHIPS, None, 1.0, 4, 10.0, None),
    "flux-control-none-odd": ("flux-control", ODD, HOUSE, None, 0.6, 4, 2.0, None),
    "flux-fill": ("flux-fill", BLOCK, HOUSE, None, 1.0, 4, 30.0, None),
    "flux-fill-part-wide": ("flux-fill", BAND, SHIPS, None, 0.7, 5, 3.5, None),
    "flux-fill-odd": ("flux-fill", ODD, LONG, None, 0.9, 8, 10.0, None),
    "flux-redux": ("flux-redux", BLOCK, HOUSE, None, 0.8, 5, 3.5, None),
    "flux-redux-two-wide": ("flux-redux", BAND, SHIPS, None, 1.0, 4, 2.5, None),
    "flux-redux-none": ("flux-redux", POST, SHIPS, None, 0.6, 4, 2.5, None),
    "flux-kontext": ("flux-kontext", BLOCK, HOUSE, None, 1.0, 4, 2.5, None),
    "flux-kontext-part-odd": ("flux-kontext", ODD, SHIPS, None, 0.7, 5, 3.5, None),
    "flux-kontext-reference-wide": ("flux-kontext", BAND, HOUSE, None, 0.8, 5, 2.5, None),
    "z-image-8": ("z-image", BLOCK, HOUSE, None, 0.6, 8, 0.0, None),
    "z-image-guided-wide": ("z-image", BAND, SHIPS, BAD, 0.3, 10, 4.0, None),
    "z-image-guided-low": ("z-image", POST, HOUSE, None, 0.8, 5, 0.7, None),
    "z-image-2-long-odd": ("z-image", ODD, LONG, None, 1.0, 2, 0.0, None),
    "klein-4": ("klein", BLOCK, HOUSE, None, 0.6, 4, 1.0, None),
    "klein-1-wide": ("klein", BAND, SHIPS, None, 1.0, 1, 4.0, None),
    "klein-long-odd": ("klein", ODD, LONG, None, 0.3, 10, 1.0, None),
    "klein-base-guided": ("klein-base", BLOCK, SHIPS, None, 0.8, 5, 4.0, None),
    "klein-base-full": ("klein-base", BLOCK, HOUSE, None, 1.0, 4, 4.0, None),
    "klein-base-low": ("klein-base", BLOCK, SHIPS, None, 0.3, 10, 1.0, None),
    "klein-base-plain-tall": ("klein-base", POST, HOUSE, None, 0.5, 8, 1.0, None),
    "klein-reference": ("klein", BLOCK, HOUSE, None, 0.6, 4, 1.0, None),
    "klein-reference-two-wide": ("klein", BAND, SHIPS, None, 1.0, 3, 1.0, None),
    "klein-reference-large": ("klein", BLOCK, SHIPS, None, 0.3, 4, 1.0, None),
    "klein-base-reference-two": ("klein-base", BLOCK, HOUSE, None, 0.8, 5, 4.0, None),
    "sana-2": ("sana", SQUARE, HOUSE, None, 0.5, 2, 4.5, None),
    "sana-2-noise-wide": ("sana", WIDE, SHIPS, None, 1.0, 2, 3.0, None),
    "sana-4-long": ("sana", TALL, LONG, None, 0.7, 4, 4.5, None),
    "sana-10-odd": ("sana", (96, 160), "  A House, ÜBER the Lake  ", None, 0.3, 10, 1.0, None),
    "sana-1": ("sana", SQUARE, SHIPS, None, 1.0, 1, 4.5, None),
    "z-image-web-4": ("z-image-web", BLOCK, SHIPS, None, 0.75, 4, 0.0, None),
    "z-image-web-guided-wide": ("z-image-web", BAND, LONG, BAD, 0.5, 4, 3.0, None),
}
# ControlNets of a case: which, how strongly, from and to which part of the steps.
CONTROLS = {
    "control-guided": [("sd15-lines", 0.8, 0.0, 1.0)],
    "control-two-wide": [("sd15-lines", 1.0, 0.0, 1.0), ("sd15-depth", 0.6, 0.0, 1.0)],
    "control-part": [("sd15-depth", 1.0, 0.0, 0.5), ("sd15-lines", 0.7, 0.25, 1.0)],
    "control-xl-guided": [("xl-lines", 0.9, 0.0, 1.0)],
    "control-xl-two-wide": [("xl-lines", 1.0, 0.0, 0.75), ("xl-lines", 0.6, 0.25, 1.0)],
    # Pictures with holes: HOLED.
    "control-inpaint-guided": [("sd15-lines", 0.8, 0.0, 1.0)],
    "control-inpaint-two-wide": [("sd15-lines", 1.0, 0.0, 0.75), ("sd15-depth", 0.6, 0.0, 1.0)],
    # The model's own.
    "fused-guided": [("", 0.8, 0.0, 1.0)],
    "fused-part-wide": [("", 1.0, 0.25, 0.75)],
    "flux-control": [("", 1.0, 0.0, 1.0)],
    "flux-control-wide": [("", 0.5, 0.0, 1.0)],
}
# Cases in which what lies outside a hole is held, and how many ControlNets are shown the paint around it.
HOLED = {"control-inpaint-guided": 1, "control-inpaint-two-wide": 1}
# Reference pictures of a case: how large, how much of each, and in which part of the steps all of them are
# seen, where that is not the whole. klein's of one case are of one size:
# diffusers' pipeline takes no others.
REFERENCES = {
    "ip-guided": [((300, 231), 0.6)],
    "ip-two-wide": [((120, 200), 1.0), ((224, 224), 1.0)],
    "ip-off": [((64, 64), 0.0)],
    "ip-part-wide": [((120, 200), 1.0, 0.25, 0.75)],
    "ip-plus-part": [((300, 231), 1.0, 0.0, 0.5)],
    "ip-style-wide": [((300, 231), 0.8)],
    "ip-layout": [((224, 224), 1.0)],
    "ip-plus-style": [((120, 200), 1.0), ((224, 224), 1.0)],
    "ip-plus-layout-wide": [((300, 231), 0.8)],
    "ip-plus-guided": [((300, 231), 1.0)],
    "ip-plus-two": [((120, 200), 0.6), ((500, 224), 0.6)],
    "flux-redux": [((70, 52), 1.0)],
    "flux-redux-two-wide": [((120, 200), 0.6), ((56, 56), 1.0)],
    "flux-kontext-reference-wide": [((64, 48), 1.0)],
    "klein-reference": [((70, 52), 1.0)],
    "klein-reference-two-wide": [((48, 80), 1.0), ((48, 80), 1.0)],
    "klein-reference-large": [((1200, 1100), 1.0)],
    "klein-base-reference-two": [((64, 48), 1.0), ((64, 48), 1.0)],
}
# What a case's references give: as diffusers' documentation of set_ip_adapter_scale has it for SDXL, with
# the blocks that the tiny models have; what is not named hears nothing.
KINDS = {
    "ip-style-wide": "style",
    "ip-layout": "layout",
    "ip-plus-style": "style",
    "ip-plus-layout-wide": "layout",
}
BLOCKS = {
    ("ip-sd15", "style"): {"up": {"block_1": [0.0, 1.0]}},
    ("ip-sd15", "layout"): {"down": {"block_0": [1.0]}},
    ("ip-xl-plus", "style"): {"up": {"block_0": [0.0, 1.0]}},
    ("ip-xl-plus", "layout"): {"down": {"block_1": [1.0]}},
}
# What model_index.json has instead of the model's.
NONE = [None, None]
INDEX = {
    "xl-guided-empty-negative": {"force_zeros_for_empty_prompt": False},
    "sd3-without-t5-guided": {"text_encoder_3": NONE, "tokenizer_3": NONE},
}
# Asked of an engine on the ONNX files, against expected.npy.
PSNR_MIN = 60.0
PSNR_MIN_OF = dict.fromkeys(("xl", "xl-refiner", "sd3", "flux-schnell"), 80.0)


def around_hole(size):
    """As diffusers' documentation of its ControlNet inpainting pipeline has it (make_inpaint_condition)."""
    image = np.array(picture(size).convert("RGB")).astype(np.float32) / 255.0
    mask = np.array(hole(size).convert("L")).astype(np.float32) / 255.0
    image[mask > 0.5] = -1.0
    return torch.from_numpy(np.expand_dims(image, 0).transpose(0, 3, 1, 2))


def by_block(model, parts):
    """The scale of all references, or that of the blocks that hear what they give."""
    if getattr(parts, "kind", "all") == "all":
        return parts.scale
    scaled = lambda own: [parts.scale * one for one in own]  # noqa: E731
    sides = BLOCKS[model, parts.kind].items()
    return {side: {block: scaled(own) for block, own in blocks.items()} for side, blocks in sides}


def render(parts, case, noise_source, index=None, networks=None, controlled=(), references=(), **more):
    """(picture, timesteps, latents at each stage, text embeddings)"""
    model, size, prompt, negative, strength, steps, guidance, override = case
    config = override or parts.scheduler
    scheduler = SCHEDULERS[config["_class_name"]].from_config(dict(config))
    if parts.second:
        kind = StableDiffusionXLImg2ImgPipeline
        own = {"text_encoder_2": parts.text_encoder_2, "tokenizer_2": parts.tokenizer_2}
        own |= {"add_watermarker": False, **(index or {})}
        own |= {"requires_aesthetics_score": parts.sizes == 5}
        if parts.inpaints:
            kind = StableDiffusionXLInpaintPipeline
    else:
        lcm = model == "lcm"
        kind = LatentConsistencyModelImg2ImgPipeline if lcm else StableDiffusionImg2ImgPipeline
        own = {"safety_checker": None, "feature_extractor": None}
        own |= {"requires_safety_checker": False}
        if parts.inpaints:
            kind = StableDiffusionInpaintPipeline
    guides = {}
    if controlled:
        kind = StableDiffusionControlNetImg2ImgPipeline
        if parts.second:
            kind = StableDiffusionXLControlNetImg2ImgPipeline
            own.pop("requires_aesthetics_score")
        if "holed" in more:
            kind = StableDiffusionControlNetInpaintPipeline
        modules = [parts.controls[row[0]] for row in controlled]
        pictures = [lines(size, turn) for turn in range(len(controlled))]
        pictures[: more.get("holed", 0)] = [around_hole(size)] * more.get("holed", 0)
        names = ("controlnet_conditioning_scale", "control_guidance_start", "control_guidance_end")
        rows = dict(zip(names, map(list, zip(*[row[1:] for row in controlled], strict=True)), strict=True))
        one = len(controlled) == 1
        own["controlnet"] = modules[0] if one else modules
        guides = {"control_image": pictures, **rows}
        if one:
            guides = {key: value[0] for key, value in guides.items()}
    if references:
        own |= {"image_encoder": parts.image_encoder, "feature_extractor": parts.feature_extractor}
        guides["ip_adapter_image"] = [list(references)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipe = kind(
            vae=parts.vae,
            text_encoder=parts.text_encoder,
            tokenizer=parts.tokenizer,
            unet=parts.unet,
            scheduler=scheduler,
            **own,
        )
    pipe.set_progress_bar_config(disable=True)
    turns, count = [], min(int(steps * strength), steps)
    if references:
        most = parts.scale

        def see(acts):
            parts.scale = most if acts(*parts.part) else 0.0
            pipe.set_ip_adapter_scale(by_block(model, parts))

        turns.append(see)
    if "learnt" in more:
        turns.append(loras.fuse(pipe, *more["learnt"]))

    def before_step(index):
        # As diffusers has it of ControlNets.
        def acts(start, end):
            return not (index / count < start or (index + 1) / count > end)

        for turn in turns:
            turn(acts)

    before_step(0)
    if "taught" in more:
        inversions.teach(pipe, *more["taught"])
    stages, seen = [], {}

    def add_noise(latents, noise, timestep):
        stages.append(latents)
        noisy = type(scheduler).add_noise(pipe.scheduler, latents, noise, timestep)
        stages.append(noisy)
        return noisy

    def after_step(_, index, timestep, tensors):
        stages.append(tensors["denoised" if "denoised" in tensors else "latents"])
        seen.setdefault("timesteps", []).append(float(timestep))
        seen["text"] = tensors["prompt_embeds"]
        if turns and pipe.num_timesteps != count:
            raise ValueError(f"{pipe.num_timesteps} steps instead of {count}")
        before_step(index + 1)
        return {}

    modules = (sd_module, lcm_module, xl_module, inpaint_module, xl_inpaint_module)
    modules += (control_module, xl_control_module, control_inpaint_module)
    changes = [(m, "retrieve_latents", lambda output, **_: nets.mode(output)) for m in modules]
    sources = (
        *modules,
        scheduling_lcm,
        scheduling_tcd,
        scheduling_euler_ancestral_discrete,
        scheduling_dpmsolver_multistep,
    )
    changes += [(m, "randn_tensor", noise_source) for m in sources]
    changes += [(pipe.scheduler, "add_noise", add_noise)]
    changes += networks or []
    own_size = {}
    if parts.inpaints or "holed" in more:
        width, height = size
        own_size = {"mask_image": hole(size), "width": width, "height": height}
    words = {} if model == "lcm" else {"negative_prompt": negative}
    watched = ["latents", "prompt_embeds"] + (["denoised"] if model == "lcm" else [])
    with export.patched(changes), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        out = pipe(
            prompt=prompt,
            image=picture(size),
            strength=strength,
            num_inference_steps=steps,
            guidance_scale=guidance,
            output_type="np",
            **({"eta": 0.3} if isinstance(scheduler, TCDScheduler) else {}),
            **own_size,
            **guides,
            callback_on_step_end=after_step,
            callback_on_step_end_tensor_inputs=watched,
            **words,
        )
    if references:
        parts.scale = most
    return out.images[0], seen["timesteps"], torch.cat(stages), seen["text"]


# Who makes the models and pictures of other families: modules with MODELS, Parts, render, and changes where
# the networks are called another way.
FAMILIES = (fused, pix2pix, flow, flux_kin, z_image, klein, sana)


def family(model):
    return next((own for own in FAMILIES if model in own.MODELS), None)


def maker(model):
    """Who makes a model, whoever makes its pictures."""
    return adapters if model in adapters.MODELS else family(model) or tiny


def psnr(a, b):
    error = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return 200.0 if error == 0 else -10 * np.log10(error)


class Noise:
    """randn_tensor that remembers, then one that repeats what was remembered."""

    def __init__(self, name):
        self.rng, self.drawn = np.random.RandomState(zlib.crc32(name.encode())), []

    def draw(self, shape, **_):
        self.drawn.append(self.rng.standard_normal(tuple(shape)).astype(np.float32))
        return torch.from_numpy(self.drawn[-1].copy())

    def again(self):
        left = list(self.drawn)
        return lambda shape, **_: torch.from_numpy(left.pop(0).copy()).reshape(tuple(shape))


def make_case(name, parts, models, folder):
    case = CASES[name]
    model, size, prompt, negative, strength, steps, guidance, override = case
    noise = Noise(name)
    index = INDEX.get(name)
    own = family(model)
    made = own.render if own else render
    controlled = CONTROLS.get(name, ())
    more = {"controlled": controlled} if controlled else {}
    if name in HOLED:
        more["holed"] = HOLED[name]
    if controlled:
        own_nets = {row[0]: controls.net(row[0], parts) for row in controlled if row[0]}
        parts.controls = getattr(parts, "controls", {}) | own_nets
    referred = REFERENCES.get(name, ())
    seen = [lines(row[0], 1 + turn) for turn, row in enumerate(referred)]
    if referred:
        more["references"] = seen
        parts.scale, parts.kind = referred[0][1], KINDS.get(name, "all")
        parts.scales = [row[1] for row in referred]
        parts.part = referred[0][2:] or (0.0, 1.0)
    learnt = loras.CASES.get(name, ())
    if learnt:
        # Its weights are changed, and what onnxruntime makes of the files is another picture.
        parts, more = tiny.Parts(model), {"learnt": (models, learnt)}
    taught = inversions.CASES.get(name, ())
    if taught:
        parts, more = tiny.Parts(model), {"taught": (models, taught)}
    image, timesteps, latents, text = made(parts, case, noise.draw, index, **more)
    more.pop("learnt", None)
    if more.pop("taught", None):
        # Of what the files know: the words alone.
        parts = tiny.Parts(model)
    networks = getattr(maker(model), "changes", nets.changes)(parts, models / model)
    for row in (row for row in controlled if row[0]):
        network = nets.session(models / "controls", row[0])
        networks.append((parts.controls[row[0]], "forward", functools.partial(nets.control, network)))
    with_onnx, _, latents_onnx, _ = made(parts, case, noise.again(), index, networks, **more)
    measured = psnr(image, with_onnx)
    spread = float(image.std())
    clipped = float(((image == 0) | (image == 1)).mean())
    changed = psnr(image, np.asarray(picture(size), np.float32) / 255)
    print(
        f"  {name}: onnxruntime {measured:.1f} dB, deviation {spread:.2f}, "
        f"clipped {clipped:.0%}, against the input {changed:.1f} dB, "
        f"latents within {float((latents - latents_onnx).abs().max()):.1e}"
    )
    least = PSNR_MIN_OF.get(model, PSNR_MIN)
    agrees = measured < 30 if learnt or taught else measured >= least + 6
    if not agrees or spread < 0.08 or clipped > 0.25:
        raise ValueError(f"{name} is not a useful case")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    picture(size).save(folder / "input.png")
    if getattr(parts, "inpaints", False) or name in HOLED:
        hole(size).save(folder / "hole.png")
    for turn in range(HOLED.get(name, 0), len(controlled)):
        lines(size, turn).save(folder / f"control_{turn}.png")
    for turn, reference in enumerate(seen):
        reference.save(folder / f"reference_{turn}.png")
    np.save(folder / "noise.npy", np.concatenate(noise.drawn))
    if not own:
        np.save(folder / "latents.npy", latents.numpy())
        np.save(folder / "text.npy", text.numpy())
    np.save(folder / "expected.npy", image.astype(np.float32))
    Image.fromarray(np.rint(image * 255).astype(np.uint8), "RGB").save(folder / "expected.png")

    def ids(words):
        return (parts.tokenizer or parts.tokenizer_2)(
            words, padding="max_length", max_length=77, truncation=True
        ).input_ids

    document = {
        "model": model,
        "prompt": prompt,
        "negative": negative,
        "strength": strength,
        "steps": steps,
        "guidance": guidance,
        "scheduler": override,
        "index": index,
        **({"controls": controlled} if controlled else {}),
        **({"holed": HOLED[name]} if name in HOLED else {}),
        **({"loras": learnt} if learnt else {}),
        **({"embeddings": [row[0] for row in taught]} if taught else {}),
        **({"references": [row[1] if len(row) == 2 else row[1:] for row in referred]} if referred else {}),
        **({"kind": KINDS[name]} if name in KINDS else {}),
        "size": list(size),
        "draws": len(noise.drawn),
        "timesteps": timesteps,
        "ids": ids(prompt),
        "psnr_min": least,
        "psnr_onnxruntime": None if learnt or taught else round(measured, 1),
    }
    (folder / "case.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def make(folder, models, only=""):
    parts = {}
    cases = {name: case for name, case in CASES.items() if name.startswith(only)}
    for name, case in cases.items():
        model = case[0]
        if model not in parts:
            parts[model] = maker(model).Parts(model)
        make_case(name, parts[model], models, folder / name)
    return len(cases)
