"""The networks of Stable Diffusion 1.x, 2.x and XL as they are exported: forwards with the inputs and outputs
that optimum-onnx names, written to a file and compared with torch.

The modules are traced under their own names (no wrapper), so that node and initializer names are those of
other exports, e.g. /down_blocks.0/attentions.0/..., and a LoRA finds its weights. Hence functions, not
classes.
"""

import contextlib
import math
import shutil
import types
import warnings

import onnx
import torch

OPSET = 17
# One file of ONNX holds no more.
MOST_BYTES = 2 << 30
PIXELS = ("batch_size", "num_channels", "height", "width")
LATENT = ("batch_size", "num_channels_latent", "height_latent", "width_latent")
WORDS = ("batch_size", "sequence_length")


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


@contextlib.contextmanager
def as_exported(module, forward):
    module.forward = types.MethodType(forward, module)
    try:
        yield module
    finally:
        del module.forward


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
    return module, forward, {"input_ids": ids}, {"input_ids": WORDS}, outputs


def unet_row(unet):
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
        sizes = 6
        width = config.projection_class_embeddings_input_dim - sizes * config.addition_time_embed_dim
        inputs |= {"text_embeds": torch.randn(2, width), "time_ids": torch.full((2, sizes), 128.0)}
        axes |= {"text_embeds": ("batch_size",), "time_ids": ("batch_size",)}
    return unet, unet_xl_forward if xl else unet_forward, inputs, axes, {"out_sample": PIXELS}


def controlled_row(unet):
    """The U-Net that listens to ControlNets."""
    _, _, inputs, axes, outputs = unet_row(unet)
    inputs.pop("timestep_cond", None)
    inputs["timestep"], axes["timestep"] = torch.tensor([999.0]), ("steps",)
    heard = residuals(unet, inputs)
    return unet, controlled_forward, {**inputs, **heard}, axes | dict.fromkeys(heard, LATENT), outputs


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


def autoencoder_rows(vae):
    tiny = not hasattr(vae, "_encode")
    blocks = vae.config.encoder_block_out_channels if tiny else vae.config.block_out_channels
    side = 128 >> (len(blocks) - 1)
    picture = torch.rand(2, 3, 128, 128) * 2 - 1
    latent = torch.randn(2, vae.config.latent_channels, side, side)
    told = "latent_sample" if tiny else "latent_parameters"
    return {
        "vae_encoder": (vae, encode_forward, {"sample": picture}, {"sample": PIXELS}, {told: LATENT}),
        "vae_decoder": (
            vae, decode_forward, {"latent_sample": latent}, {"latent_sample": LATENT}, {"sample": PIXELS},
        ),
    }  # fmt: skip


# --- files ---


def write(path, row):
    """One row to a file, with the weights beside it where they are large. Traced in a folder of its own: the
    exporter lays each large tensor into a file."""
    module, forward, inputs, axes, outputs = row
    raw = path.with_suffix(".tracing")
    shutil.rmtree(raw, ignore_errors=True)
    raw.mkdir(parents=True)
    every = {**axes, **outputs}
    every = {key: axis if isinstance(axis, dict) else dict(enumerate(axis)) for key, axis in every.items()}
    with as_exported(module, forward), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            str(raw / "model.onnx"),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=every,
            opset_version=OPSET,
            do_constant_folding=True,
            dynamo=False,
        )
    save(onnx.load(raw / "model.onnx"), path)
    shutil.rmtree(raw)


def save(model, path):
    """In one file, or with the weights in a second one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = path.with_name(path.name + "_data")
    for old in (path, data):
        old.unlink(missing_ok=True)
    large = sum(len(tensor.raw_data) for tensor in model.graph.initializer) >= MOST_BYTES - (64 << 20)
    onnx.save(model, path, save_as_external_data=large, location=data.name if large else None)


def decibels(path, row):
    """How near a file comes to torch: the least signal-to-error ratio of its outputs, at the traced sizes, at
    others, and of a flat picture, whose deviation is nothing."""
    import onnxruntime

    module, forward, inputs, _, outputs = row
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    one = {key: value[:1] if value.dim() > 1 else value for key, value in inputs.items()}
    for key, value in one.items():
        if value.dim() == 4:
            one[key] = torch.cat([value, value.flip(2)], -1)
    flat = {key: torch.full_like(value, 0.5) if value.dim() == 4 else value for key, value in inputs.items()}
    least = math.inf
    for given in (inputs, one, flat):
        with torch.no_grad(), as_exported(module, forward):
            expected = module(*given.values())
        expected = [expected] if isinstance(expected, torch.Tensor) else expected
        got = session.run(list(outputs), {key: value.numpy() for key, value in given.items()})
        for a, b in zip(got, expected, strict=True):
            least = min(least, ratio(torch.from_numpy(a).float(), b))
    return least


def ratio(got, expected):
    """Decibels; 200 where both are equal, less than any where one is no number or of another shape."""
    if got.shape != expected.shape or not bool(torch.isfinite(got).all()):
        return -math.inf
    error, power = float((got - expected).pow(2).mean()), float(expected.pow(2).mean())
    return 200.0 if error == 0 else 10 * math.log10(max(power, 1e-30) / error)
