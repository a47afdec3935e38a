"""SD 3 and FLUX.1: as optimum-onnx exports them."""

import torch
from tracing import WORDS, Row

from families.stable_diffusion import AUTOENCODER, projected_forward, text_forward, text_row

PACKED = ("batch_size", "packed_height_width")
AXES = {
    "hidden_states": PACKED,
    "encoder_hidden_states": WORDS,
    "pooled_projections": ("batch_size",),
    "timestep": ("step",),
    "img_ids": ("packed_height_width",),
    "txt_ids": ("sequence_length",),
    "guidance": ("batch_size",),
}


def t5_forward(self, input_ids):
    return type(self).forward(self, input_ids=input_ids).last_hidden_state


def t5_row(encoder):
    """T5, which is told no mask: it looks at the padding."""
    ids = {"input_ids": torch.randint(3, min(encoder.config.vocab_size, 32000), (2, 77))}
    return Row(encoder, t5_forward, ids, {"input_ids": WORDS}, {"last_hidden_state": WORDS})


def clip_row(encoder):
    """FLUX's CLIP, of which the pooled output is taken."""
    return text_row(encoder, text_forward, False)


def projected_row(encoder):
    """SD 3's CLIPs, of which all states are told. The names of their axes are optimum's."""
    row = text_row(encoder, projected_forward, True)
    return row._replace(outputs={**row.outputs, "text_embeds": WORDS})


def inputs_of(transformer, width=None):
    """An example of what a transformer is shown, by input, in optimum's order. `width`: numbers of a token of
    FLUX's, if not those that it has."""
    config = transformer.config
    sd3 = is_sd3(transformer)
    inputs = {
        "encoder_hidden_states": torch.randn(2, 24, config.joint_attention_dim),
        "pooled_projections": torch.randn(2, config.pooled_projection_dim),
        "timestep": torch.tensor([500.0 if sd3 else 0.5]),
    }
    if sd3:
        return {"hidden_states": torch.randn(2, config.in_channels, 8, 8), **inputs}
    ids = torch.zeros(16, 3, dtype=torch.int64)
    ids[:, 1], ids[:, 2] = torch.arange(16) // 4, torch.arange(16) % 4
    inputs |= {"img_ids": ids, "txt_ids": torch.zeros(24, 3, dtype=torch.int64)}
    if config.guidance_embeds:
        inputs["guidance"] = torch.tensor([3.5, 2.0])
    return {"hidden_states": torch.randn(2, 16, width or config.in_channels), **inputs}


def is_sd3(transformer):
    return type(transformer).__name__ == "SD3Transformer2DModel"


def transformer_row(transformer):
    names = inputs_of(transformer)

    def forward(self, *given):
        own = dict(zip(names, given, strict=True))
        return type(self).forward(self, **own, return_dict=False)[0]

    axes = {name: AXES[name] for name in names}
    if is_sd3(transformer):
        axes["hidden_states"] = ("batch_size", "num_channels", "height", "width")
    return Row(transformer, forward, names, axes, {"out_hidden_states": axes["hidden_states"]})


def rows(parts, options):
    """As stable_diffusion.rows; SD 3 may be without its T5."""
    texts = {"text_encoder": clip_row, "text_encoder_2": t5_row}
    if options["kind"].startswith("StableDiffusion3"):
        texts = {"text_encoder": projected_row, "text_encoder_2": projected_row, "text_encoder_3": t5_row}
    made = {f"{name}/model.onnx": (name, row) for name, row in texts.items() if name in parts}
    return made | {"transformer/model.onnx": ("transformer", transformer_row)} | AUTOENCODER
