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
from pictures import patched, picture
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
# Captions and pictures are filled up to a multiple of this.
MULTIPLE = transformer_z_image.SEQ_MULTI_OF


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
        web = self.web

        def words(encoder, input_ids, attention_mask):
            states = language.states(encoder, input_ids, attention_mask)
            return states[-2] if web else (states[-1], *states)

        hidden = [f"hidden_states.{i}" for i in range(self.text_encoder.config.num_hidden_layers + 1)]
        outputs = ["encoder_hidden_state"] if web else ["last_hidden_state", *hidden]
        sample = torch.randn(1, 16, 8, 8) if web else torch.randn(1, 16, 1, 8, 8)
        sides = ("height", "width")
        axes = ("batch_size", "num_channels", *(() if web else ("frames",)), *sides)
        inputs = {
            "hidden_states": sample,
            "timestep": torch.tensor([0.5]),
            "encoder_hidden_states": torch.randn(1, MULTIPLE, TRANSFORMER["cap_feat_dim"]),
        }
        in_axes = {
            "hidden_states": {i: axis for i, axis in enumerate(axes) if axis in sides},
            "encoder_hidden_states": {1: "sequence_length"},
        }
        out = "noise_pred" if web else "out_hidden_states"
        return {
            "text_encoder": language.row(self.text_encoder, words, outputs),
            "transformer": (
                (self.transformer, web_forward if web else forward),
                inputs,
                in_axes,
                {out: in_axes["hidden_states"]},
                set(),
            ),
            **export.autoencoder(self),
        }


def turned(_, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, freqs_cis=None):
    """The attention without complex numbers; `freqs_cis` are cosines and sines."""
    cos, sin = (part[None, :, None] for part in freqs_cis)

    def turn(x):
        real, imaginary = x.unflatten(-1, (-1, 2)).unbind(-1)
        return torch.stack([real * cos - imaginary * sin, real * sin + imaginary * cos], -1).flatten(-2)

    query, key, value = (
        to(hidden_states).unflatten(-1, (attn.heads, -1)) for to in (attn.to_q, attn.to_k, attn.to_v)
    )
    query, key = turn(attn.norm_q(query)), turn(attn.norm_k(key))
    query, key, value = (x.transpose(1, 2) for x in (query, key, value))
    weights = (query @ key.transpose(2, 3) / query.shape[-1] ** 0.5).softmax(-1)
    return attn.to_out[0]((weights @ value).transpose(1, 2).flatten(2))


def filled(tokens):
    """Tokens up to a multiple of 32, and which of them are made up."""
    count = tokens.shape[0]
    place = torch.arange((count + MULTIPLE - 1) // MULTIPLE * MULTIPLE)
    made_up = place >= count
    return tokens[torch.where(made_up, count - 1, place)], made_up[:, None]


def turns(self, places):
    """Cosines and sines of each token's place."""
    if self.rope_embedder.freqs_cis is None:
        self.rope_embedder(torch.zeros(1, 3, dtype=torch.int64))
    tables = self.rope_embedder.freqs_cis
    rows = [(t.real.contiguous()[at], t.imag.contiguous()[at]) for t, at in zip(tables, places, strict=True)]
    return tuple(torch.cat(part, -1) for part in zip(*rows, strict=True))


def forward(self, hidden_states, timestep, encoder_hidden_states, fill=True):
    """For one picture, without what a trace cannot hold (lists, complex numbers)."""
    c, _, h, w = hidden_states.shape[1:]
    time = self.t_embedder(timestep * self.t_scale)
    picture = hidden_states.view(c, 1, 1, h // 2, 2, w // 2, 2).permute(1, 3, 5, 2, 4, 6, 0)
    picture = picture.reshape(-1, 4 * c)
    caption = encoder_hidden_states[0]
    if fill:
        caption, caption_fill = filled(caption)
    else:
        caption = caption.reshape(-1, MULTIPLE, caption.shape[-1]).flatten(0, 1)
    caption = self.cap_embedder(caption)
    if fill:
        caption = torch.where(caption_fill, self.cap_pad_token, caption)
    own = picture.shape[0]
    picture, picture_fill = filled(picture)
    picture = self.all_x_embedder["2-1"](picture)
    picture = torch.where(picture_fill, self.x_pad_token, picture)
    order = torch.arange(caption.shape[0])
    caption_turns = turns(self, (order + 1, order * 0, order * 0))
    order = torch.arange(picture.shape[0])
    real = (order < own).long()
    places = ((order * 0 + caption.shape[0] + 1) * real, order // (w // 2) * real, order % (w // 2) * real)
    picture_turns = turns(self, places)
    picture, caption = picture[None], caption[None]
    for layer in self.noise_refiner:
        picture = layer(picture, None, picture_turns, time)
    for layer in self.context_refiner:
        caption = layer(caption, None, caption_turns)
    both = torch.cat([picture, caption], 1)
    both_turns = tuple(torch.cat(part) for part in zip(picture_turns, caption_turns, strict=True))
    for layer in self.layers:
        both = layer(both, None, both_turns, time)
    out = self.all_final_layer["2-1"](both, c=time)[0, :own]
    out = out.view(1, h // 2, w // 2, 1, 2, 2, c).permute(6, 0, 3, 1, 4, 2, 5)
    return out.reshape(1, c, 1, h, w)


def web_forward(self, hidden_states, timestep, encoder_hidden_states):
    out = forward(self, hidden_states[:, :, None], timestep, encoder_hidden_states, fill=False)
    return out[:, :, 0]


def plainly():
    return patched([(transformer_z_image.ZSingleStreamAttnProcessor, "__call__", turned)])


def write_folder(parts, folder):
    if folder.exists():
        shutil.rmtree(folder)
    with export.plainly(), plainly():
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
        return [torch.cat([one, one[-1:].repeat(-len(one) % MULTIPLE, 1)]) for one in made]

    own = [(pipe, "_encode_prompt", filled_up)] if parts.web else []
    own += [
        (module, "retrieve_latents", lambda output, **_: nets.mode(output)),
        (module, "randn_tensor", noise_source),
    ]
    with patched(own + (networks or [])), warnings.catch_warnings(), torch.no_grad():
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
