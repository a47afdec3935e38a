"""Stable Diffusion 1.x, 2.x and XL: forwards and rows with the inputs and outputs that optimum-onnx names."""

import torch
from tracing import LATENT, PIXELS, WORDS, Row


def text_forward(self, input_ids):
    out = type(self).forward(self, input_ids=input_ids)
    return out.last_hidden_state, out.pooler_output


def all_states_forward(self, input_ids):
    out = type(self).forward(self, input_ids=input_ids, output_hidden_states=True)
    return out.last_hidden_state, out.pooler_output, *out.hidden_states


def projected_forward(self, input_ids):
    out = type(self).forward(self, input_ids=input_ids, output_hidden_states=True)
    return out.text_embeds, out.last_hidden_state, *out.hidden_states


def unet_forward(self, sample, timestep, encoder_hidden_states, timestep_cond=None):
    out = type(self).forward(self, sample, timestep, encoder_hidden_states, timestep_cond=timestep_cond)
    return out.sample


def unet_xl_forward(self, sample, timestep, encoder_hidden_states, *more):
    *guidance, text_embeds, time_ids = more
    out = type(self).forward(
        self,
        sample,
        timestep,
        encoder_hidden_states,
        timestep_cond=guidance[0] if guidance else None,
        added_cond_kwargs={"text_embeds": text_embeds, "time_ids": time_ids},
    )
    return out.sample


def controlled_forward(self, sample, timestep, encoder_hidden_states, *more):
    """`more`: SDXL's text_embeds and time_ids; what a ControlNet says to each block."""
    added = more[:2] if self.config.addition_embed_type else ()
    *down, middle = more[len(added) :]
    out = type(self).forward(
        self,
        sample,
        timestep,
        encoder_hidden_states,
        added_cond_kwargs=named(added),
        down_block_additional_residuals=tuple(down),
        mid_block_additional_residual=middle,
    )
    return out.sample


def named(added):
    """What SDXL is told beside the text."""
    return dict(zip(("text_embeds", "time_ids"), added, strict=True)) if added else None


def encode_forward(self, sample):
    """Mean and log-variance: 2C channels. A tiny autoencoder has the latent alone."""
    return self._encode(sample) if hasattr(self, "_encode") else self.encode(sample).latents


def encode_mean_forward(self, sample):
    return self._encode(sample).chunk(2, dim=1)[0]


def decode_forward(self, latent_sample):
    return self.decode(latent_sample).sample


# --- rows: (module, its forward, inputs by name, axes of inputs by name, axes of outputs by name) ---


def text_row(module, forward, states):
    """A text encoder; `states`: with the state of every layer, as SDXL wants them."""
    projected = forward is projected_forward
    outputs = {"text_embeds": ("batch_size",)} if projected else {}
    outputs["last_hidden_state"] = WORDS
    outputs |= {} if projected else {"pooler_output": ("batch_size",)}
    if states:
        outputs |= {f"hidden_states.{i}": WORDS for i in range(module.config.num_hidden_layers + 1)}
    length = module.config.max_position_embeddings
    ids = torch.randint(0, module.config.vocab_size, (2, length))
    return Row(module, forward, {"input_ids": ids}, {"input_ids": WORDS}, outputs)


def unet_row(unet, sizes=6):
    """`sizes`: how many numbers SDXL is told of sizes; 5 is the refiner."""
    config = unet.config
    xl = config.addition_embed_type == "text_time"
    inputs = {
        "sample": torch.randn(2, config.in_channels, 16, 16),
        "timestep": torch.tensor(999.0),
        "encoder_hidden_states": torch.randn(2, 77, config.cross_attention_dim),
    }
    axes = {"sample": PIXELS, "encoder_hidden_states": WORDS}
    if config.time_cond_proj_dim:
        inputs["timestep_cond"] = torch.randn(2, config.time_cond_proj_dim)
        axes["timestep_cond"] = ("batch_size",)
    if xl:
        width = config.projection_class_embeddings_input_dim - sizes * config.addition_time_embed_dim
        inputs |= {"text_embeds": torch.randn(2, width), "time_ids": torch.full((2, sizes), 128.0)}
        axes |= {"text_embeds": ("batch_size",), "time_ids": ("batch_size",)}
    return Row(unet, unet_xl_forward if xl else unet_forward, inputs, axes, {"out_sample": PIXELS})


def controlled_row(unet):
    """The U-Net that listens to ControlNets."""
    _, _, inputs, axes, outputs = unet_row(unet)
    inputs.pop("timestep_cond", None)
    inputs["timestep"], axes["timestep"] = torch.tensor([999.0]), ("steps",)
    heard = residuals(unet, inputs)
    return Row(unet, controlled_forward, {**inputs, **heard}, axes | dict.fromkeys(heard, LATENT), outputs)


def residuals(unet, inputs):
    """Names and shapes of what a ControlNet of this U-Net says, in its order: a number for each that the
    U-Net's way down hands to its way up, and one for its middle."""
    shapes, hooks = [], []

    def note(_module, _inputs, out):
        shapes.extend(state.shape for state in out[1])

    hooks = [block.register_forward_hook(note) for block in unet.down_blocks]
    hooks.append(unet.conv_in.register_forward_hook(lambda _m, _i, out: shapes.append(out.shape)))
    hooks.append(unet.mid_block.register_forward_hook(lambda _m, _i, out: shapes.append(out.shape)))
    more = [inputs[name] for name in ("text_embeds", "time_ids") if name in inputs]
    try:
        with torch.no_grad():
            unet(
                inputs["sample"],
                inputs["timestep"],
                inputs["encoder_hidden_states"],
                added_cond_kwargs=named(more),
            )
    finally:
        for hook in hooks:
            hook.remove()
    *down, middle = (torch.randn(shape) * 0.1 for shape in shapes)
    names = [f"down_block_{i}_additional_residual" for i in range(len(down))]
    return dict(zip([*names, "mid_block_additional_residual"], [*down, middle], strict=True))


def encoder_row(vae, mean=False):
    """`mean`: the latent alone, where there would be its variance, too. A tiny autoencoder and SANA's have no
    variance."""
    latent = mean or not has_variance(vae)
    picture = torch.rand(2, 3, 128, 128) * 2 - 1
    told = "latent_sample" if latent else "latent_parameters"
    forward = encode_mean_forward if mean else encode_forward
    return Row(vae, forward, {"sample": picture}, {"sample": PIXELS}, {told: LATENT})


def has_variance(vae):
    return hasattr(vae, "_encode") and type(vae).__name__ != "AutoencoderDC"


def decoder_row(vae):
    known = vae.config
    blocks = getattr(known, "block_out_channels", None) or known.encoder_block_out_channels
    side = 128 >> (len(blocks) - 1)
    latent = torch.randn(2, known.latent_channels, side, side)
    outputs = {"sample": PIXELS}
    return Row(vae, decode_forward, {"latent_sample": latent}, {"latent_sample": LATENT}, outputs)


# name of a file: (the part of the pipeline, its row)
AUTOENCODER = {
    "vae_encoder/model.onnx": ("vae", encoder_row),
    "vae_decoder/model.onnx": ("vae", decoder_row),
}


def rows(parts, options):
    """As AUTOENCODER, for all files of a model whose `parts` are named; `options`: `sizes` as of unet_row,
    and `control`."""
    second = "text_encoder_2" in parts
    first = all_states_forward if second else text_forward
    made = {}
    if "text_encoder" in parts:
        made["text_encoder/model.onnx"] = ("text_encoder", lambda part: text_row(part, first, second))
    if second:
        row = ("text_encoder_2", lambda part: text_row(part, projected_forward, True))
        made["text_encoder_2/model.onnx"] = row
    made["unet/model.onnx"] = ("unet", lambda unet: unet_row(unet, options.get("sizes", 6)))
    if options.get("control"):
        made["unet/controlnet.onnx"] = ("unet", controlled_row)
    return made | AUTOENCODER
