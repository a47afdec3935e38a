"""Tiny models as diffusers keeps a pipeline: what people have before it is exported."""

import shutil

import flow
import klein
import sana
import spiece
import tiny
import vocab as bpe
import z_image
from diffusers import (
    DDIMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    FluxPipeline,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    SanaSprintPipeline,
    SCMScheduler,
    StableDiffusion3Pipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    ZImagePipeline,
)
from diffusers.models.transformers import transformer_z_image
from transformers import Qwen3ForCausalLM

KINDS = (DDIMScheduler, EulerDiscreteScheduler, LCMScheduler, FlowMatchEulerDiscreteScheduler, SCMScheduler)
SCHEDULERS = {kind.__name__: kind for kind in KINDS}
MAKERS = (tiny, flow, klein, z_image, sana)
PIPELINES = {
    "sd3": StableDiffusion3Pipeline,
    "flux": FluxPipeline,
    "klein": Flux2KleinPipeline,
    "z-image": ZImagePipeline,
    "sana": SanaSprintPipeline,
}


def maker(name):
    return next(maker for maker in MAKERS if name in maker.MODELS)


def parts(name):
    made = maker(name).Parts(name)
    if name.startswith("z-image"):
        # The golden one's is smaller than any configuration can say.
        made.transformer.t_embedder = transformer_z_image.TimestepEmbedder(32, mid_size=1024).eval()
    return made


def save(parts, folder, variant=None):
    pipeline(parts).save_pretrained(folder, variant=variant)
    # As published folders have them: newer transformers write another form.
    if not hasattr(parts, "family"):
        for name, more in (("tokenizer", {}), ("tokenizer_2", {"pad": "!", "form": "turbo"})):
            if (folder / name).is_dir():
                shutil.rmtree(folder / name)
                tiny.write_tokenizer(parts, folder / name, **more)
        return
    for name in ("tokenizer", "tokenizer_2", "tokenizer_3"):
        own = getattr(parts, name, None)
        if own is None:
            continue
        shutil.rmtree(folder / name)
        if type(own).__name__ == "CLIPTokenizer":
            first = name == "tokenizer"
            tiny.write_tokenizer(
                parts, folder / name, pad=bpe.END if first else "!", form="sd15" if first else "turbo"
            )
        else:
            spiece.write(own, folder / name)


def pipeline(parts):
    kept = parts.scheduler
    scheduler = SCHEDULERS[kept["_class_name"]].from_config(kept)
    common = {"vae": parts.vae, "tokenizer": parts.tokenizer, "scheduler": scheduler}
    common["text_encoder"] = parts.text_encoder
    family = getattr(parts, "family", None)
    if family:
        names = ("text_encoder_2", "tokenizer_2", "text_encoder_3", "tokenizer_3")
        common |= {name: getattr(parts, name) for name in names if hasattr(parts, name)}
        if family == "klein":
            whole = Qwen3ForCausalLM(parts.text_encoder.config)
            whole.model = parts.text_encoder
            common |= {"is_distilled": not parts.base, "text_encoder": whole.eval()}
        return PIPELINES[family](**common, transformer=parts.transformer)
    common["unet"] = parts.unet
    if parts.second:
        more = {"text_encoder_2": parts.text_encoder_2, "tokenizer_2": parts.tokenizer_2}
        return StableDiffusionXLPipeline(**common, **more)
    kind = StableDiffusionInpaintPipeline if parts.inpaints else StableDiffusionPipeline
    kind = LatentConsistencyModelPipeline if parts.name == "lcm" else kind
    none = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return kind(**common, **none)
