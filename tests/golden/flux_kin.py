"""What was made of FLUX.1: Depth and Canny, Fill, Redux, Kontext; tiny ones, and their pictures."""

import json
import warnings

import export
import flow
import nets
import tiny
import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    FluxControlImg2ImgPipeline,
    FluxFillPipeline,
    FluxImg2ImgPipeline,
    FluxKontextInpaintPipeline,
    FluxPriorReduxPipeline,
    FluxTransformer2DModel,
)
from diffusers.pipelines.flux import modeling_flux
from diffusers.pipelines.flux import (
    pipeline_flux_control_img2img as control_module,
)
from diffusers.pipelines.flux import pipeline_flux_fill as fill_module
from diffusers.pipelines.flux import pipeline_flux_img2img as plain_module
from diffusers.pipelines.flux import pipeline_flux_kontext_inpaint as kontext_module
from families import flow as exported
from pictures import hole, lines, picture
from PIL import Image
from transformers import SiglipImageProcessor, SiglipVisionConfig, SiglipVisionModel

SCHEDULER = flow.DYNAMIC
# name: (seed, class in model_index.json, numbers of a token that the transformer sees)
MODELS = {
    "flux-control": (41, "FluxControlPipeline", 128),
    "flux-fill": (42, "FluxFillPipeline", 384),
    "flux-redux": (43, "FluxPipeline", 64),
    "flux-kontext": (44, "FluxKontextPipeline", 64),
}
LENGTH = 512
SIDE = 56
VISION = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": SIDE,
    "patch_size": 14,
}


class Parts(flow.Parts):
    """The torch modules and settings of one tiny model."""

    def __init__(self, name):
        seed, self.pipeline, width = MODELS[name]
        # All but the transformer is one model's.
        super().__init__("flux-dev")
        self.name, self.scheduler = name, SCHEDULER
        self.inpaints = name == "flux-fill"
        torch.manual_seed(seed)
        own = {**flow.FLUX, "in_channels": width, "out_channels": 64, "guidance_embeds": True}
        self.transformer = FluxTransformer2DModel(**own).eval()
        with torch.no_grad():
            self.transformer.context_embedder.weight.mul_(3.0)
            # What lies beside the noise must be heard.
            self.transformer.x_embedder.weight[:, 64:].mul_(2.0)
            out = self.transformer(**inputs_of(self), return_dict=False)[0].flatten(0, 1)
            last = self.transformer.proj_out
            last.bias.copy_((last.bias - out.mean(0)) / out.std(0))
            last.weight.mul_((1 / out.std(0))[:, None])
            if name == "flux-redux":
                self.see()

    def see(self):
        """Who looks at pictures, and what makes tokens of what is seen."""
        config = SiglipVisionConfig(**VISION, attn_implementation="eager", vision_use_head=False)
        self.image_encoder = SiglipVisionModel(config).eval()
        for p in self.image_encoder.parameters():
            if p.dim() > 1:
                p.mul_(4.0 / VISION["hidden_size"] / p.std())
        self.feature_extractor = SiglipImageProcessor(size={"height": SIDE, "width": SIDE})
        width = flow.FLUX["joint_attention_dim"]
        self.image_embedder = modeling_flux.ReduxImageEncoder(VISION["hidden_size"], width).eval()
        states = self.image_encoder(torch.randn(4, 3, SIDE, SIDE)).last_hidden_state
        self.image_embedder.redux_down.weight.div_(self.image_embedder(states).image_embeds.std())

    def components(self):
        rows = super().components()
        if self.name == "flux-redux":
            looked = ("batch_size",)
            pixels = {"pixel_values": torch.randn(2, 3, SIDE, SIDE)}
            seen = {"last_hidden_state": torch.randn(2, 16, VISION["hidden_size"])}
            states = {"last_hidden_state": looked}
            axes = {"pixel_values": looked}
            rows["image_encoder"] = export.Row(self.image_encoder, see_forward, pixels, axes, states)
            told = {"image_embeds": looked}
            rows["image_embedder"] = export.Row(self.image_embedder, embed_forward, seen, states, told)
        return rows


def see_forward(self, pixel_values):
    return type(self).forward(self, pixel_values=pixel_values).last_hidden_state


def embed_forward(self, states):
    return type(self).forward(self, states).image_embeds


def inputs_of(parts):
    """An example of what its transformer is shown, by input."""
    inputs = exported.inputs_of(parts.transformer, 64)
    return {**inputs, "hidden_states": torch.randn(2, 16, parts.transformer.config.in_channels)}


def write_folder(parts, folder):
    flow.write_folder(parts, folder)
    index = json.loads((folder / "model_index.json").read_text())
    tiny.write_json(folder / "model_index.json", {**index, "_class_name": parts.pipeline})
    if parts.name == "flux-redux":
        for name in ("image_encoder", "image_embedder"):
            config = getattr(parts, name).config
            own = config.to_diff_dict() if hasattr(config, "to_diff_dict") else dict(config)
            tiny.write_json(folder / name / "config.json", own)


def changes(parts, folder):
    """The networks as ONNX Runtime runs them: as nets.changes."""
    rows = nets.changes(parts, folder)
    if parts.name == "flux-redux":
        eyes, embedder = nets.session(folder, "image_encoder"), nets.session(folder, "image_embedder")

        def see(pixel_values):
            made = type("Seen", (), {})()
            made.last_hidden_state = nets.call(eyes, pixel_values=pixel_values)[0]
            return made

        def embed(states):
            made = nets.call(embedder, last_hidden_state=states)[0]
            return modeling_flux.ReduxImageEncoderOutput(image_embeds=made)

        rows += [(parts.image_encoder, "forward", see), (parts.image_embedder, "forward", embed)]
    return rows


def tokens(parts, prompt, references):
    """The prompt's embeddings with each picture's tokens behind them, by its scale; and the pooled one."""
    names = ("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2")
    names += ("image_encoder", "image_embedder", "feature_extractor")
    pipe = FluxPriorReduxPipeline(**{name: getattr(parts, name) for name in names})
    embeds, pooled = None, None
    for reference, scale in zip(references, parts.scales, strict=True):
        made = pipe(reference, prompt=prompt)
        pooled = made.pooled_prompt_embeds
        text, seen = made.prompt_embeds[:, :LENGTH], made.prompt_embeds[:, LENGTH:]
        embeds = torch.cat([text if embeds is None else embeds, scale * seen], 1)
    return embeds, pooled


def render(parts, case, noise_source, index=None, networks=None, controlled=(), references=()):
    """(picture, timesteps, latents after each step, text embeddings)"""
    _, size, prompt, _, strength, steps, guidance, override = case
    scheduler = FlowMatchEulerDiscreteScheduler.from_config(dict(override or parts.scheduler))
    modules = {"vae": parts.vae, "transformer": parts.transformer, "scheduler": scheduler}
    for name in parts.encoders():
        for key in (name, name.replace("text_encoder", "tokenizer")):
            modules[key] = getattr(parts, key)
    words, kept = {"prompt": prompt}, {}
    kind, module = FluxImg2ImgPipeline, plain_module
    if parts.name == "flux-control":
        kind, module = FluxControlImg2ImgPipeline, control_module
        # Without one the network is shown black.
        own = lines(size, 0) if controlled else Image.new("RGB", size)
        kept["control_image"] = own
    elif parts.name == "flux-fill":
        kind, module = FluxFillPipeline, fill_module
        kept["mask_image"] = hole(size)
    elif parts.name == "flux-kontext":
        kind, module = FluxKontextInpaintPipeline, kontext_module
        kept |= {"mask_image": Image.new("L", size, 255), "_auto_resize": False}
        kept |= {"max_area": size[0] * size[1], "image_reference": references[0] if references else None}
    pipe = kind(**modules)
    pipe.set_progress_bar_config(disable=True)
    stages, seen = [], []

    def after_step(_, index, timestep, tensors):
        stages.append(tensors["latents"])
        seen.append(float(timestep))
        return {}

    def mode(encoder):
        """FluxControlImg2ImgPipeline samples the control picture's latent itself."""

        def encode(image):
            made = encoder(image)
            parameters = made if isinstance(made, torch.Tensor) else made.latent_dist.mode()
            own = type("Encoded", (), {"latent_dist": type("Mean", (), {})()})()
            own.latent_dist.sample = lambda generator=None: parameters
            own.latent_dist.mode = lambda: parameters
            return own

        return encode

    changes = [
        (module, "retrieve_latents", lambda output, **_: nets.mode(output)),
        (module, "randn_tensor", noise_source),
    ]
    with export.patched(changes + (networks or [])), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        encode = (parts.vae, "encode", mode(parts.vae.encode))
        if parts.name == "flux-redux" and references:
            embeds, pooled = tokens(parts, prompt, references)
            words = {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled}
        with export.patched([encode]):
            out = pipe(
                image=picture(size),
                width=size[0],
                height=size[1],
                strength=strength,
                num_inference_steps=steps,
                guidance_scale=guidance,
                max_sequence_length=LENGTH,
                output_type="np",
                callback_on_step_end=after_step,
                **words,
                **kept,
            )
    return out.images[0], seen, torch.cat(stages), None
