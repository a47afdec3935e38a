"""FLUX.2 klein: tiny ones in two layouts, and their pictures by diffusers."""

import shutil
import warnings

import export
import flow
import folders
import language
import nets
import tiny
import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinInpaintPipeline,
    Flux2Transformer2DModel,
)
from diffusers.pipelines.flux2 import pipeline_flux2_klein_inpaint as module
from families import klein as exported
from families import language as reading
from pictures import picture
from PIL import Image
from transformers.modeling_outputs import BaseModelOutputWithPast

LATENT = 32
VAE = {
    **{key: value for key, value in tiny.VAE.items() if key != "scaling_factor"},
    "latent_channels": LATENT,
}
# The states that the transformer looks at: of 4 layers, in the place of 9, 18 and 27 of 36.
LAYERS = (1, 2, 3)
JOINT = len(LAYERS) * language.COMMON["hidden_size"]
TRANSFORMER = {
    "in_channels": 4 * LATENT,
    "num_layers": 1,
    "num_single_layers": 2,
    "attention_head_dim": 8,
    "num_attention_heads": 2,
    "joint_attention_dim": JOINT,
    "axes_dims_rope": (2, 2, 2, 2),
    "guidance_embeds": False,
}
SCHEDULER = {**flow.DYNAMIC, "time_shift_type": "exponential"}
# name: seed
MODELS = {"klein": 13, "klein-base": 14}
TOKENS = 512


class Parts(flow.Parts):
    """The torch modules and settings of one tiny model."""

    def __init__(self, name):
        self.name, self.family, self.options = name, "klein", {}
        self.scheduler = SCHEDULER
        # The published form has flat files, a text of a fixed length, and the batch norm in its autoencoder.
        self.base = name == "klein-base"
        torch.manual_seed(MODELS[name])
        self.tokenizer = language.qwen_tokenizer()
        self.text_encoder = language.qwen(self.tokenizer, layers=4)
        self.transformer = Flux2Transformer2DModel(**TRANSFORMER).eval()
        self.vae = AutoencoderKLFlux2(**VAE).eval()
        self.factor = 8
        with torch.no_grad():
            self.enliven()

    def enliven(self):
        self.vae.bn.running_mean.normal_(0, 0.05)
        self.vae.bn.running_var.uniform_(2.5, 3.5)
        self.enliven_autoencoder(self.vae.quant_conv, wanted=1.7)
        ids = torch.randint(0, 340, (2, 24))
        states = reading.states(self.text_encoder, ids, torch.ones_like(ids))
        words = torch.cat([states[i] for i in LAYERS], -1)
        self.transformer.context_embedder.weight.mul_(3.0 / words.std())
        self.transformer.x_embedder.weight.mul_(3.0)
        example = exported.inputs_of(self.transformer, 2, 24)
        out = self.transformer(**{**example, "encoder_hidden_states": words}, return_dict=False)[0]
        self.transformer.proj_out.weight.div_(out.flatten(0, 1).std(0)[:, None])

    def components(self):
        if not self.base:
            return exported.fixed_rows(self.text_encoder, self.transformer, self.vae, TOKENS)

        def words(encoder, input_ids, attention_mask):
            states = reading.states(encoder, input_ids, attention_mask)
            return states[-1], *(states[i] for i in LAYERS)

        outputs = ["last_hidden_state", *(f"hidden_states.{9 * i}" for i in LAYERS)]
        return {
            "text_encoder": reading.row(self.text_encoder, words, outputs),
            "transformer": exported.transformer_row(self.transformer),
            **export.autoencoder(self),
        }


def write_folder(parts, folder):
    if folder.exists():
        shutil.rmtree(folder)
    export.write_onnx(parts, folder)
    language.write(parts.tokenizer, folder / "tokenizer")
    own = {"is_distilled": not parts.base}
    named = folders.index("Flux2KleinPipeline", "FlowMatchEulerDiscreteScheduler", "Qwen2Tokenizer", **own)
    if not parts.base:
        for name in ("text_encoder", "transformer", "vae_encoder", "vae_decoder"):
            (folder / name / "model.onnx").rename(folder / f"{name}.onnx")
            (folder / name).rmdir()
        known = ("_class_name", "_diffusers_version", "is_distilled")
        tiny.write_json(folder / "config.json", {key: named[key] for key in known})
        return
    # As diffusers writes the norm of latents where it stands in a configuration.
    folders.write_configs(parts, folder, named, exported.told(parts.vae))


def changes(parts, folder):
    """The networks as ONNX Runtime runs them: as nets.changes."""
    text, transformer, encoder, decoder = (
        nets.session(folder, name if parts.base else f"{name}.onnx")
        for name in ("text_encoder", "transformer", "vae_encoder", "vae_decoder")
    )
    mean, std = exported.norm(parts.vae)

    def words(input_ids, attention_mask, **_):
        made = nets.call(text, input_ids=input_ids, attention_mask=attention_mask)
        made = made[1:] if parts.base else made[0].chunk(len(LAYERS), -1)
        return BaseModelOutputWithPast(hidden_states=(made[0], *made))

    def predict(guidance, joint_attention_kwargs, return_dict, img_ids, txt_ids, **feed):
        if parts.base:
            img_ids, txt_ids = img_ids[0], txt_ids[0]
        return nets.call(transformer, img_ids=img_ids, txt_ids=txt_ids, **feed)

    def encode(image):
        if parts.base:
            return nets.encode(encoder, image)
        latents = torch.cat([nets.call(encoder, image=one[None])[0] for one in image])
        return Flux2KleinInpaintPipeline._unpatchify_latents(latents * std + mean)

    def decode(latents, **more):
        if parts.base:
            return nets.decode(decoder, latents)
        return nets.call(decoder, latents=(Flux2KleinInpaintPipeline._patchify_latents(latents) - mean) / std)

    return [
        (parts.text_encoder, "forward", words),
        (parts.transformer, "forward", predict),
        (parts.vae, "encode", encode),
        (parts.vae, "decode", decode),
    ]


def render(parts, case, noise_source, index=None, networks=None, references=()):
    """(picture, timesteps, latents after each step, text embeddings)"""
    _, size, prompt, _, strength, steps, guidance, override = case
    pipe = Flux2KleinInpaintPipeline(
        vae=parts.vae,
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        transformer=parts.transformer,
        scheduler=FlowMatchEulerDiscreteScheduler.from_config(dict(override or parts.scheduler)),
        is_distilled=not parts.base,
    )
    pipe.set_progress_bar_config(disable=True)
    stages, seen = [], {"timesteps": []}

    def after_step(_, index, timestep, tensors):
        stages.append(tensors["latents"])
        seen["timesteps"].append(float(timestep))
        return {}

    own = [
        (module, "retrieve_latents", lambda output, **_: nets.mode(output)),
        (module, "randn_tensor", noise_source),
    ]
    with export.patched(own + (networks or [])), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        out = pipe(
            prompt=prompt,
            image=picture(size),
            mask_image=Image.new("L", size, 255),
            image_reference=list(references) or None,
            width=size[0],
            height=size[1],
            strength=strength,
            num_inference_steps=steps,
            guidance_scale=guidance,
            text_encoder_out_layers=LAYERS,
            output_type="np",
            callback_on_step_end=after_step,
        )
    return out.images[0], seen["timesteps"], torch.cat(stages), None
