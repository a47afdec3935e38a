"""SANA-Sprint."""

import torch
from tracing import Row

from families import language
from families.stable_diffusion import AUTOENCODER

TOKENS = 300


def words(self, input_ids, attention_mask):
    return language.states(self, input_ids, attention_mask)[-1]


def text_row(encoder):
    return language.row(language.body(encoder), words, ["last_hidden_state"])


def transformer_row(transformer):
    config = transformer.config
    inputs = {
        "hidden_states": torch.randn(2, config.in_channels, 3, 4),
        "encoder_hidden_states": torch.randn(2, TOKENS, config.caption_channels),
        "encoder_attention_mask": (torch.arange(TOKENS) < 200).long().repeat(2, 1),
        "timestep": torch.tensor([0.7]),
        "guidance": torch.tensor([0.45, 0.2]),
    }

    def forward(self, *given):
        own = dict(zip(inputs, given, strict=True))
        return type(self).forward(self, **own, return_dict=False)[0]

    batch = {0: "batch_size"}
    sides = {**batch, 2: "height", 3: "width"}
    axes = {**dict.fromkeys(inputs, batch), "hidden_states": sides, "timestep": {0: "steps"}}
    return Row(transformer, forward, inputs, axes, {"out_hidden_states": sides})


def rows(parts, options):
    """As stable_diffusion.rows."""
    made = {"text_encoder/model.onnx": ("text_encoder", text_row)}
    return made | {"transformer/model.onnx": ("transformer", transformer_row)} | AUTOENCODER
