"""Z-Image: tiny ones in two layouts, and their pictures by diffusers."""

import functools
import shutil
import warnings

import export
import flow
import folders
import language
import nets
import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    ZImageImg2ImgPipeline,
    ZImageTransformer2DModel,
)
from diffusers.models.transformers import transformer_z_image
from diffusers.pipelines.z_image import pipeline_z_image_img2img as module
from families import language as reading
from families import z_image as exported
from pictures import picture
from transformers.modeling_outputs import BaseModelOutputWithPast

TRANSFORMER = {
    "in_channels": 16,
    "dim": 32,
    "n_layers": 2,
    "n_refiner_layers": 1,
    "n_heads": 2,
    "n_kv_heads": 2,
    "cap_feat_dim": language.COMMON["hidden_size"],
    "axes_dims": [4, 6, 6],
    "axes_lens": [600, 64, 64],
}
# name: seed
MODELS = {"z-image": 11, "z-image-web": 12}


class Parts(flow.Parts):
    """The torch modules and settings of one tiny model."""

    def __init__(self, name):
        self.name, self.family, self.options = name, "z-image", {}
        self.scheduler = {**flow.FLOW, "shift": 3.0, "use_dynamic_shifting": False}
        # The form that WebNN's exports have: other names, no frames, captions are filled up outside.
        self.web = name == "z-image-web"
        torch.manual_seed(MODELS[name])
        self.tokenizer = language.qwen_tokenizer()
        self.text_encoder = language.qwen(self.tokenizer)
        self.transformer = ZImageTransformer2DModel(**TRANSFORMER).eval()
        # As it comes it has 1024 numbers in its middle.
        self.transformer.t_embedder = transformer_z_image.TimestepEmbedder(32, mid_size=16)
        self.vae = AutoencoderKL(**flow.VAE_OF["flux"]).eval()
        self.factor = 8
        with torch.no_grad():
            self.enliven()

    def enliven(self):
        self.enliven_autoencoder(self.vae.encoder.conv_out)
        for key in ("x_pad_token", "cap_pad_token"):
            getattr(self.transformer, key).normal_()
        self.transformer.cap_embedder[1].weight.mul_(3.0)
        last = self.transformer.all_final_layer["2-1"].linear
        pictures = list(torch.randn(4, 16, 1, 8, 8).unbind())
        texts = list(torch.randn(4, 24, TRANSFORMER["cap_feat_dim"]).unbind())
        out = torch.stack(self.transformer(pictures, torch.full((4,), 0.5), texts, return_dict=False)[0])
        out = out.reshape(4, 16, 4, 2, 4, 2).permute(0, 2, 4, 3, 5, 1).reshape(-1, last.out_features)
        mean, std = out.mean(0), out.std(0)
        last.bias.copy_((last.bias - mean) / std)
        last.weight.mul_((1 / std)[:, None])

    def components(self):
        def words(encoder, input_ids, attention_mask):
            states = reading.states(encoder, input_ids, attention_mask)
            return states[-2] if self.web else (states[-1], *states)

        hidden = [f"hidden_states.{i}" for i in range(self.text_encoder.config.num_hidden_layers + 1)]
        outputs = ["encoder_hidden_state"] if self.web else ["last_hidden_state", *hidden]
        return {
            "text_encoder": reading.row(self.text_encoder, words, outputs),
            "transformer": exported.transformer_row(self.transformer, self.web),
            **export.autoencoder(self),
        }


def write_folder(parts, folder):
    if folder.exists():
        shutil.rmtree(folder)
    export.write_onnx(parts, folder)
    language.write(parts.tokenizer, folder / "tokenizer")
    if parts.web:
        for name in ("text_encoder", "transformer", "vae_encoder", "vae_decoder"):
            file = folder / "onnx" / f"{name}_model.onnx"
            file.parent.mkdir(exist_ok=True)
            (folder / name / "model.onnx").rename(file)
            (folder / name).rmdir()
        return
    named = folders.index("ZImagePipeline", "FlowMatchEulerDiscreteScheduler", "Qwen2Tokenizer")
    folders.write_configs(parts, folder, named)


def changes(parts, folder):
    """The networks as ONNX Runtime runs them: as nets.changes."""

    def path(name):
        return f"onnx/{name}_model.onnx" if parts.web else name

    text, transformer, encoder, decoder = (
        nets.session(folder, path(name))
        for name in ("text_encoder", "transformer", "vae_encoder", "vae_decoder")
    )

    def words(input_ids, attention_mask, **_):
        made = nets.call(text, input_ids=input_ids, attention_mask=attention_mask)
        hidden = (made[0], made[0]) if parts.web else tuple(made[1:])
        return BaseModelOutputWithPast(hidden_states=hidden)

    def predict(pictures, timestep, captions, **_):
        out = []
        for one, time, caption in zip(pictures, timestep, captions, strict=True):
            one = one[:, 0] if parts.web else one
            feed = {"hidden_states": one[None], "encoder_hidden_states": caption[None]}
            made = nets.call(transformer, timestep=time[None], **feed)[0][0]
            out.append(made[:, None] if parts.web else made)
        return (out,)

    return [
        (parts.text_encoder, "forward", words),
        (parts.transformer, "forward", predict),
        (parts.vae, "encode", functools.partial(nets.encode, encoder)),
        (parts.vae, "decode", functools.partial(nets.decode, decoder)),
    ]


def render(parts, case, noise_source, index=None, networks=None):
    """(picture, timesteps, latents after each step, text embeddings)"""
    _, size, prompt, negative, strength, steps, guidance, override = case
    scheduler = FlowMatchEulerDiscreteScheduler.from_config(dict(override or parts.scheduler))
    pipe = ZImageImg2ImgPipeline(
        vae=parts.vae,
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        transformer=parts.transformer,
        scheduler=scheduler,
    )
    pipe.set_progress_bar_config(disable=True)
    stages, seen = [], {"timesteps": []}

    def after_step(_, index, timestep, tensors):
        stages.append(tensors["latents"])
        seen["timesteps"].append(float(timestep))
        return {}

    def filled_up(prompt, **more):
        """What the caller does where the graph fills nothing up."""
        made = ZImageImg2ImgPipeline._encode_prompt(pipe, prompt, **more)
        return [torch.cat([one, one[-1:].repeat(-len(one) % exported.MULTIPLE, 1)]) for one in made]

    own = [(pipe, "_encode_prompt", filled_up)] if parts.web else []
    own += [
        (module, "retrieve_latents", lambda output, **_: nets.mode(output)),
        (module, "randn_tensor", noise_source),
    ]
    with export.patched(own + (networks or [])), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        out = pipe(
            prompt=prompt,
            negative_prompt=negative,
            image=picture(size),
            strength=strength,
            num_inference_steps=steps,
            guidance_scale=guidance,
            output_type="np",
            callback_on_step_end=after_step,
        )
    return out.images[0], seen["timesteps"], torch.cat(stages), None
