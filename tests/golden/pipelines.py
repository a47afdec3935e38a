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
from cases import BLOCKS, CASES, CONTROLS, HOLED, INDEX, KINDS, REFERENCES
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
