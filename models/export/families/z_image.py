"""Z-Image: in folders, captions filled up inside the graph."""

import torch
from diffusers.models.transformers import transformer_z_image
from tracing import Row, patched

from families import language
from families.stable_diffusion import AUTOENCODER

# Captions and pictures are filled up to a multiple of this.
MULTIPLE = transformer_z_image.SEQ_MULTI_OF


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
    with patched([(transformer_z_image.ZSingleStreamAttnProcessor, "__call__", turned)]):
        return predicted(self, hidden_states, timestep, encoder_hidden_states, fill)


def predicted(self, hidden_states, timestep, encoder_hidden_states, fill):
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


def text_row(encoder):
    """The state before the last is looked at, so the last layer is not written."""
    encoder = language.body(encoder)
    wanted = encoder.config.num_hidden_layers - 1

    def words(self, input_ids, attention_mask):
        return language.states(self, input_ids, attention_mask, wanted)[-1]

    return language.row(encoder, words, ["encoder_hidden_state"])


def transformer_row(transformer, web=False):
    """`web`: the form that WebNN's exports have, without frames; captions are filled up outside."""
    config = transformer.config
    shape = (1, config.in_channels, *(() if web else (1,)), 8, 8)
    inputs = {
        "hidden_states": torch.randn(shape),
        "timestep": torch.tensor([0.5]),
        "encoder_hidden_states": torch.randn(1, MULTIPLE, config.cap_feat_dim),
    }
    sides = {len(shape) - 2: "height", len(shape) - 1: "width"}
    axes = {"hidden_states": sides, "encoder_hidden_states": {1: "sequence_length"}}
    out = "noise_pred" if web else "out_hidden_states"
    return Row(transformer, web_forward if web else forward, inputs, axes, {out: sides})


def rows(parts, options):
    """As stable_diffusion.rows."""
    made = {"text_encoder/model.onnx": ("text_encoder", text_row)}
    return made | {"transformer/model.onnx": ("transformer", transformer_row)} | AUTOENCODER
