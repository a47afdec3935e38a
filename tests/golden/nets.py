"""The networks of a tiny model run by onnxruntime, in the place of torch's: what do the files lose?"""

import functools

import numpy as np
import onnxruntime
import torch
from transformers.modeling_outputs import BaseModelOutput, BaseModelOutputWithPooling
from transformers.models.clip.modeling_clip import CLIPTextModelOutput


def session(folder, name):
    """The network called `name`; None if the model has none."""
    path = folder / name / "model.onnx" if "." not in name else folder / name
    if not path.exists():
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def call(s, **feed):
    ready = {}
    for i in s.get_inputs():
        dtype = {"float": "f4", "float16": "f2", "int64": "i8", "int32": "i4"}[i.type[7:-1]]
        value = np.asarray(feed[i.name]).astype(dtype)
        ready[i.name] = value.reshape(1) if len(i.shape) == 1 and not value.ndim else value
    return [torch.from_numpy(o.astype(np.float32)) for o in s.run(None, ready)]


def states(encoder, input_ids, **_):
    """What a text encoder of transformers returns."""
    names = [output.name for output in encoder.get_outputs()]
    made = call(encoder, input_ids=input_ids)
    named = {name: value for name, value in zip(names, made, strict=True) if "." not in name}
    hidden = tuple(value for name, value in zip(names, made, strict=True) if "." in name)
    kinds = {"text_embeds": CLIPTextModelOutput, "pooler_output": BaseModelOutputWithPooling}
    kind = next((kind for name, kind in kinds.items() if name in named), BaseModelOutput)
    return kind(**named, hidden_states=hidden or None)


def unet(network, sample, timestep, encoder_hidden_states, timestep_cond=None, **more):
    plain, controlled = network
    said = more.get("down_block_additional_residuals")
    heard = {}
    if said is not None:
        heard = {f"down_block_{i}_additional_residual": value for i, value in enumerate(said)}
        heard["mid_block_additional_residual"] = more["mid_block_additional_residual"]
    return call(
        plain if said is None else controlled,
        **heard,
        sample=sample,
        timestep=timestep,
        encoder_hidden_states=encoder_hidden_states,
        timestep_cond=timestep_cond,
        **(more.get("added_cond_kwargs") or {}),
    )


def control(network, sample, timestep, encoder_hidden_states, controlnet_cond, **more):
    *down, middle = call(
        network,
        sample=sample,
        timestep=timestep,
        encoder_hidden_states=encoder_hidden_states,
        controlnet_cond=controlnet_cond,
        conditioning_scale=np.ones(1),
        **(more.get("added_cond_kwargs") or {}),
    )
    scale = more["conditioning_scale"]
    return [value * scale for value in down], middle * scale


def transformer(network, **feed):
    return call(network, **feed)


def mode(encoded):
    """What an autoencoder makes of a picture, by torch or by a network."""
    return encoded if isinstance(encoded, torch.Tensor) else encoded.latent_dist.mode()


def encode(network, image):
    latents = call(network, sample=image)[0]
    parameters = network.get_outputs()[0].name == "latent_parameters"
    return latents.chunk(2, 1)[0] if parameters else latents


def decode(network, latents, **_):
    return call(network, latent_sample=latents)


def changes(parts, folder):
    """(module, attribute, what runs instead)"""
    rows = [
        (parts.vae, "encode", encode, "vae_encoder"),
        (parts.vae, "decode", decode, "vae_decoder"),
        (getattr(parts, "unet", None), "forward", unet, "unet"),
        (getattr(parts, "transformer", None), "forward", transformer, "transformer"),
    ]
    for name in ("text_encoder", "text_encoder_2", "text_encoder_3"):
        rows.append((getattr(parts, name, None), "forward", states, name))

    def network(name):
        if name != "unet":
            return session(folder, name)
        return session(folder, name), session(folder, "unet/controlnet.onnx")

    return [
        (module, attribute, functools.partial(run, network(name)))
        for module, attribute, run, name in rows
        if module is not None
    ]
