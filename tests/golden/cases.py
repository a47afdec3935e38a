"""What pipelines.py renders: models, sizes, words, samplers, and what steers."""

import flow
import tiny

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
