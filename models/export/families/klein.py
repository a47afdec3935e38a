"""FLUX.2 klein: in folders, with texts and pictures of any size, and its autoencoder as it is, whose norm of
latents the configuration tells. The form that is published has both in one (fold, unfold)."""

import torch
from diffusers import Flux2KleinInpaintPipeline
from tracing import Row

from families import language
from families.stable_diffusion import AUTOENCODER


def layers(count):
    """The states that the transformer looks at, of an encoder of so many layers: 9, 18 and 27 of 36."""
    return tuple(count * part // 4 for part in (1, 2, 3))


def text_row(encoder):
    """Both of FLUX.2 klein's encoders have 36 layers; the last nine are not run, so they are not written."""
    encoder = language.body(encoder)
    wanted = layers(encoder.config.num_hidden_layers)

    def words(self, input_ids, attention_mask):
        states = language.states(self, input_ids, attention_mask, wanted[-1])
        return torch.cat([states[i] for i in wanted], -1)

    return language.row(encoder, words, ["prompt_embeds"])


def forward_of(names):
    def forward(self, *given):
        own = dict(zip(names, given, strict=True))
        return type(self).forward(self, **own, return_dict=False)[0]

    return forward


def inputs_of(transformer, batch, tokens):
    """An example of what a transformer is shown, by input; places of tokens as numbers without a batch."""
    image, text = torch.zeros(16, 4), torch.zeros(tokens, 4)
    image[:, 1], image[:, 2] = torch.arange(16) // 4, torch.arange(16) % 4
    text[:, 3] = torch.arange(tokens)
    return {
        "hidden_states": torch.randn(batch, 16, transformer.config.in_channels),
        "encoder_hidden_states": torch.randn(batch, tokens, transformer.config.joint_attention_dim),
        "timestep": torch.tensor([0.5]),
        "img_ids": image,
        "txt_ids": text,
    }


def transformer_row(transformer):
    names = inputs_of(transformer, 2, 24)
    image = {0: "batch_size", 1: "image_tokens"}
    axes = {
        "hidden_states": image,
        "encoder_hidden_states": {0: "batch_size", 1: "text_tokens"},
        "img_ids": {0: "image_tokens"},
        "txt_ids": {0: "text_tokens"},
    }
    return Row(transformer, forward_of(names), names, axes, {"out_hidden_states": image})


def fixed_rows(encoder, transformer, vae, tokens):
    """The form that is published: one text length, places as whole numbers, the norm in the autoencoder."""
    inputs = inputs_of(transformer, 1, tokens)
    inputs |= {name: inputs[name][None].long() for name in ("img_ids", "txt_ids")}
    image, sides = {1: "image_tokens"}, {2: "height", 3: "width"}
    axes = {"hidden_states": image, "img_ids": image}
    words = text_row(encoder)
    seen, latents = {"image": sides}, {"latents": sides}
    sample = {"image": torch.rand(1, 3, 64, 64) * 2 - 1}
    latent = {"latents": torch.randn(1, 4 * vae.config.latent_channels, 4, 4)}
    return {
        "text_encoder": language.row(words.module, words.forward, list(words.outputs), tokens),
        "transformer": Row(transformer, forward_of(inputs), inputs, axes, {"noise_pred": image}),
        "vae_encoder": Row(vae, fold, sample, seen, latents),
        "vae_decoder": Row(vae, unfold, latent, latents, seen),
    }


def norm(vae):
    """Mean and deviation of each channel of a patch."""
    mean = vae.bn.running_mean.view(1, -1, 1, 1).float()
    return mean, torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1).float() + vae.config.batch_norm_eps)


def fold(self, image):
    mean, std = norm(self)
    latents = self._encode(image).chunk(2, dim=1)[0]
    return (Flux2KleinInpaintPipeline._patchify_latents(latents) - mean) / std


def unfold(self, latents):
    mean, std = norm(self)
    return self.decode(Flux2KleinInpaintPipeline._unpatchify_latents(latents * std + mean)).sample


def told(vae):
    """What the autoencoder's configuration must say beside what diffusers writes."""
    mean, std = (part.flatten().tolist() for part in norm(vae))
    return {"latents_mean": mean, "latents_std": std}


def rows(parts, options):
    """As stable_diffusion.rows."""
    made = {"text_encoder/model.onnx": ("text_encoder", text_row)}
    return made | {"transformer/model.onnx": ("transformer", transformer_row)} | AUTOENCODER
