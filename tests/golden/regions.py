"""pipelines/region-*/: words in parts of a picture, by the numbers themselves: nobody's pipeline has it so.

MultiDiffusion's mixing of predictions, beside a picture without regions that holds what lies beyond them."""

import copy
import json
import shutil
import warnings

import cases
import export
import nets
import numpy as np
import pipelines
import tiny
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionXLImg2ImgPipeline
from pictures import picture
from PIL import Image

# name: (the case as in cases.py, regions as (where, prompt, negative, weight, rank if it is not 0))
CASES = {
    "region-guided": (
        ("sd15", cases.SQUARE, cases.HOUSE, cases.BAD, 0.75, 4, 5.0, None),
        [("left", cases.SHIPS, "", 1.0)],
    ),
    "region-two-wide": (
        ("sd15", cases.WIDE, cases.SHIPS, None, 0.6, 5, 1.0, None),
        [("left", cases.HOUSE, "", 0.6), ("middle", "an old castle", "", 2.0)],
    ),
    "region-xl": (
        ("xl", cases.SQUARE, cases.HOUSE, cases.BAD, 0.75, 4, 4.0, None),
        [("left", cases.SHIPS, "people", 1.0), ("middle", "an old castle", "", 1.0)],
    ),
    "region-over": (
        ("sd15", cases.WIDE, cases.SHIPS, None, 0.6, 5, 1.0, None),
        [("middle", "an old castle", "", 0.8, 2), ("left", cases.HOUSE, "", 1.0, 1)],
    ),
}


def mask(size, where):
    """RGB: white inside, soft at the edge."""
    width, height = size
    y, x = np.mgrid[:height, :width].astype(np.float64)
    if where == "left":
        inside = (width * 0.45 - x) / 8
    else:
        inside = (height * 0.35 - np.hypot(x - width / 2, y - height / 2)) / 6
    grey = np.rint(np.clip(inside, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(np.stack([grey] * 3, -1), "RGB")


def rank(row):
    return row[4] if len(row) > 4 else 0


def left(regions, masks):
    """Of each mask, what those of greater ranks let be seen of it."""
    seen, every = [], list(zip(regions, masks, strict=True))
    for row, own in every:
        for above in {rank(other) for other in regions if rank(other) > rank(row)}:
            over = [other[3] * mask for other, mask in every if rank(other) == above]
            own = own * (1 - np.minimum(sum(over), 1))
        seen.append(own)
    return seen


def pipeline(parts):
    config = parts.scheduler
    scheduler = pipelines.SCHEDULERS[config["_class_name"]].from_config(dict(config))
    own = {"text_encoder_2": parts.text_encoder_2, "tokenizer_2": parts.tokenizer_2}
    own |= {"add_watermarker": False}
    if not parts.second:
        own = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    kind = StableDiffusionXLImg2ImgPipeline if parts.second else StableDiffusionImg2ImgPipeline
    return kind(
        vae=parts.vae,
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        unet=parts.unet,
        scheduler=scheduler,
        **own,
    )


def words(pipe, prompt, negative, guided, size):
    """What the U-Net is told: of the negative prompt first, where there is guidance."""
    if not hasattr(pipe, "text_encoder_2"):
        own, other = pipe.encode_prompt(prompt, "cpu", 1, guided, negative or None)
        return {"encoder_hidden_states": torch.cat([other, own]) if guided else own}
    own, other, pooled, other_pooled = pipe.encode_prompt(
        prompt, device="cpu", do_classifier_free_guidance=guided, negative_prompt=negative or None
    )
    width, height = size
    ids = torch.tensor([[height, width, 0, 0, height, width]], dtype=torch.float32)
    if guided:
        own, pooled, ids = torch.cat([other, own]), torch.cat([other_pooled, pooled]), ids.repeat(2, 1)
    return {
        "encoder_hidden_states": own,
        "added_cond_kwargs": {"text_embeds": pooled, "time_ids": ids},
    }


def render(parts, case, regions, noise):
    """(picture, that without regions, timesteps, how much of each pixel is covered)"""
    _, size, prompt, negative, strength, steps, guidance, _ = case
    guided = guidance > 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipe = pipeline(parts)
    scaling = parts.vae.config.scaling_factor
    scheduler = pipe.scheduler
    scheduler.set_timesteps(steps)
    timesteps, _ = pipe.get_timesteps(steps, strength, "cpu")
    told = [words(pipe, prompt, negative, guided, size)]
    told += [words(pipe, own, other or negative, guided, size) for _, own, other, *_ in regions]
    image = pipe.image_processor.preprocess(picture(size))
    encoded = parts.vae.encode(image)
    encoded = encoded if isinstance(encoded, torch.Tensor) else encoded.latent_dist.mode()
    latent = encoded * scaling
    latent = scheduler.add_noise(latent, noise, timesteps[:1])
    plain, plain_scheduler = latent.clone(), copy.deepcopy(scheduler)

    masks = [np.asarray(mask(size, where), np.float64).mean(-1) / 255 for where, *_ in regions]
    pixels = np.clip(sum(masks), 0, 1)
    rows, columns = latent.shape[-2:]

    def cells(array):
        height, width = array.shape
        return array.reshape(rows, height // rows, columns, width // columns).mean((1, 3))

    shares = [cells(own) * row[3] for own, row in zip(left(regions, masks), regions, strict=True)]
    covered, total = cells(pixels), sum(shares)

    def predict(scheduler, sample, timestep, told):
        sample = scheduler.scale_model_input(sample, timestep)
        sample = torch.cat([sample] * 2) if guided else sample
        said = parts.unet(sample, timestep, return_dict=False, **told)[0].numpy().astype(np.float64)
        return said[:1] + guidance * (said[1:] - said[:1]) if guided else said

    def step(scheduler, said, timestep, sample):
        said = torch.from_numpy(said.astype(np.float32))
        return scheduler.step(said, timestep, sample, return_dict=False)[0]

    for timestep in timesteps:
        whole, *own = [predict(scheduler, latent, timestep, words) for words in told]
        mixed = np.maximum(1 - total, 0) * whole + sum(s * o for s, o in zip(shares, own, strict=True))
        mixed /= np.maximum(total, 1)
        latent = step(scheduler, mixed, timestep, latent)
        whole = predict(plain_scheduler, plain, timestep, told[0])
        plain = step(plain_scheduler, whole, timestep, plain)
        latent = plain + (latent - plain) * torch.from_numpy(covered.astype(np.float32))

    def decode(latent):
        made = parts.vae.decode(latent / scaling, return_dict=False)[0][0]
        return np.clip(made.permute(1, 2, 0).numpy() / 2 + 0.5, 0, 1)

    without = decode(plain)
    made = without + (decode(latent) - without) * pixels[..., None].astype(np.float32)
    return made, without, [float(t) for t in timesteps], pixels


def make_case(name, models, folder):
    case, regions = CASES[name]
    model, size, prompt, negative, strength, steps, guidance, _ = case
    parts = tiny.Parts(model)
    width, height = size
    source = pipelines.Noise(name)
    noise = source.draw((1, 4, height // 8, width // 8))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image, without, timesteps, pixels = render(parts, case, regions, noise)
        networks = nets.changes(parts, models / model)
        with export.patched(networks):
            with_onnx = render(parts, case, regions, noise)[0]
    measured, changed = pipelines.psnr(image, with_onnx), pipelines.psnr(image, without)
    print(f"  {name}: onnxruntime {measured:.1f} dB, against the picture without {changed:.1f} dB")
    least = pipelines.PSNR_MIN_OF.get(model, pipelines.PSNR_MIN)
    outside = pixels == 0
    if measured < least + 6 or changed > 30 or (image != without)[outside].any() or outside.mean() < 0.1:
        raise ValueError(f"{name} is not a useful case")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    picture(size).save(folder / "input.png")
    for number, row in enumerate(regions):
        mask(size, row[0]).save(folder / f"region_{number}.png")
    np.save(folder / "noise.npy", np.concatenate(source.drawn))
    np.save(folder / "expected.npy", image.astype(np.float32))
    Image.fromarray(np.rint(image * 255).astype(np.uint8), "RGB").save(folder / "expected.png")
    document = {
        "model": model,
        "prompt": prompt,
        "negative": negative,
        "strength": strength,
        "steps": steps,
        "guidance": guidance,
        "scheduler": None,
        "index": None,
        "regions": [row[1:] for row in regions],
        "size": list(size),
        "draws": 1,
        "timesteps": timesteps,
        "psnr_min": least,
        "psnr_onnxruntime": round(measured, 1),
    }
    (folder / "case.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def make(folder, models, only=""):
    names = [name for name in CASES if name.startswith(only)]
    for name in names:
        make_case(name, models, folder / name)
    return len(names)
