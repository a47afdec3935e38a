"""models/tiny/*: random-weight Stable Diffusion folders, small enough to commit."""

import json
import shutil

import export
import torch
import vocab as bpe
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

EULER_TURBO = {
    "_class_name": "EulerDiscreteScheduler",
    "_diffusers_version": "0.42.1",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "interpolation_type": "linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "timestep_spacing": "trailing",
    "trained_betas": None,
    "use_karras_sigmas": False,
}
SCHEDULERS = {
    "sd15": {
        "_class_name": "DDIMScheduler",
        "_diffusers_version": "0.42.1",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": False,
        "num_train_timesteps": 1000,
        "prediction_type": "epsilon",
        "set_alpha_to_one": False,
        "steps_offset": 1,
        "timestep_spacing": "leading",
        "trained_betas": None,
    },
    "sd2": {**EULER_TURBO, "prediction_type": "v_prediction", "timestep_spacing": "leading"},
    "turbo": EULER_TURBO,
    "lcm": {
        "_class_name": "LCMScheduler",
        "_diffusers_version": "0.42.1",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": False,
        "num_train_timesteps": 1000,
        "original_inference_steps": 50,
        "prediction_type": "epsilon",
        "set_alpha_to_one": True,
        "steps_offset": 1,
        "timestep_scaling": 10.0,
        "timestep_spacing": "leading",
        "trained_betas": None,
    },
    # As SDXL was published.
    "xl": {**EULER_TURBO, "timestep_spacing": "leading"},
}
SCHEDULERS |= {"xl-lcm": SCHEDULERS["lcm"], "xl-refiner": SCHEDULERS["xl"]}
SCHEDULERS |= {"inpaint": SCHEDULERS["sd15"], "xl-inpaint": SCHEDULERS["xl"]}
UNET = {
    "sample_size": 8,
    "in_channels": 4,
    "out_channels": 4,
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "block_out_channels": (8, 16),
    "norm_num_groups": 4,
    "cross_attention_dim": 24,
    "attention_head_dim": 2,
}
VAE = {
    "block_out_channels": (4, 8, 8, 8),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "latent_channels": 4,
    "sample_size": 64,
    "scaling_factor": 0.18215,
}
VAE_X4 = {
    **VAE,
    "block_out_channels": (4, 8, 8),
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "scaling_factor": 0.13025,
}
VAE_XL = {**VAE, "scaling_factor": 0.13025, "force_upcast": True}
TEXT = {
    "hidden_size": 24,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 77,
    "hidden_act": "quick_gelu",
}
# The second text encoder of Stable Diffusion XL, and a U-Net that looks at both.
TEXT_2 = {
    "hidden_size": 40,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "projection_dim": 20,
    "hidden_act": "gelu",
}
UNET_XL = {
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": [1, 2],
    "attention_head_dim": [2, 4],
    "use_linear_projection": True,
    "cross_attention_dim": TEXT["hidden_size"] + TEXT_2["hidden_size"],
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 6 * 8 + TEXT_2["projection_dim"],
}
# The refiner has the second alone, and is told how beautiful the picture is instead of its target size.
UNET_REFINER = {
    **UNET_XL,
    "cross_attention_dim": TEXT_2["hidden_size"],
    "projection_class_embeddings_input_dim": 5 * 8 + TEXT_2["projection_dim"],
}
# name: (seed, changes to UNET, VAE, changes to TEXT, pad token, export options)
MODELS = {
    "sd15": (1, {}, VAE, {}, bpe.END, {}),
    "sd2": (
        2,
        {"use_linear_projection": True, "attention_head_dim": [2, 4]},
        VAE,
        {"hidden_act": "gelu"},
        "!",
        {},
    ),
    "turbo": (
        3,
        {"use_linear_projection": True, "attention_head_dim": [2, 4]},
        VAE,
        {"hidden_act": "gelu"},
        "!",
        {"half": True, "ids": torch.int32, "timestep": torch.int64, "latent_sample": True},
    ),
    "lcm": (4, {"time_cond_proj_dim": 32}, VAE_X4, {}, bpe.END, {}),
    "xl": (5, UNET_XL, VAE_XL, {"num_hidden_layers": 3}, bpe.END, {"second": TEXT_2}),
    "xl-lcm": (
        6,
        {**UNET_XL, "time_cond_proj_dim": 32},
        VAE_XL,
        {"num_hidden_layers": 3},
        bpe.END,
        {
            "second": TEXT_2,
            "half": True,
            "ids": torch.int32,
            "timestep": torch.int64,
            "latent_sample": True,
        },
    ),
    "xl-refiner": (7, UNET_REFINER, VAE_XL, None, None, {"second": TEXT_2}),
    "inpaint": (8, {"in_channels": 9}, VAE, {}, bpe.END, {}),
    "xl-inpaint": (
        9,
        {**UNET_XL, "in_channels": 9},
        VAE_XL,
        {"num_hidden_layers": 3},
        bpe.END,
        {"second": TEXT_2},
    ),
}


class Parts:
    """The torch modules and settings of one tiny model."""

    def __init__(self, name):
        seed, unet, vae, text, self.pad, self.options = MODELS[name]
        self.name, self.scheduler = name, SCHEDULERS[name]
        self.vocab, self.merges = bpe.tiny()
        self.second = self.options.get("second")
        self.sizes = 5 if text is None else 6
        torch.manual_seed(seed)
        self.tokenizer = self.text_encoder = self.text_encoder_2 = self.tokenizer_2 = None
        if text is not None:
            self.tokenizer = self.make_tokenizer(self.pad)
            self.text_encoder = CLIPTextModel(self.text_config(self.pad, text)).eval()
        if self.second:
            self.tokenizer_2 = self.make_tokenizer("!")
            config = self.text_config("!", self.second)
            self.text_encoder_2 = CLIPTextModelWithProjection(config).eval()
        self.unet = UNet2DConditionModel(**{**UNET, **unet}).eval()
        self.vae = AutoencoderKL(**vae).eval()
        self.inpaints = self.unet.config.in_channels == 9
        self.factor = 2 ** (len(vae["block_out_channels"]) - 1)
        with torch.no_grad():
            self.enliven()
            if self.options.get("half"):
                for module in (*self.text_encoders(), self.unet, self.vae):
                    for p in module.parameters():
                        p.copy_(p.half().float())

    def make_tokenizer(self, pad):
        merges = [tuple(m) for m in self.merges]
        return CLIPTokenizer(vocab=self.vocab, merges=merges, pad_token=pad, model_max_length=77)

    def text_config(self, pad, changes):
        ids = {
            "vocab_size": len(self.vocab),
            "bos_token_id": self.vocab[bpe.START],
            "eos_token_id": self.vocab[bpe.END],
            "pad_token_id": self.vocab[pad],
        }
        return CLIPTextConfig(**{**TEXT, **changes}, **ids, attn_implementation="eager")

    def text_encoders(self):
        return [e for e in (self.text_encoder, self.text_encoder_2) if e is not None]

    def enliven(self):
        """Random weights as they come give grey pictures and deaf U-Nets: set the output scales."""
        for encoder in self.text_encoders():
            for p in encoder.parameters():
                if p.dim() > 1:
                    p.mul_(12.0 / encoder.config.hidden_size / p.std())
        if self.second:
            self.soften()
        for key, p in self.unet.named_parameters():
            if "attn2" in key or key.startswith(("time_embedding.cond_proj", "add_embedding")):
                p.mul_(2.0)
        latents = self.enliven_autoencoder(self.vae.quant_conv)
        if self.inpaints:
            latents = torch.cat([latents, torch.rand(4, 1, 8, 8).round(), latents.flip(0)], 1)
        text = torch.randn(4, 77, self.unet.config.cross_attention_dim)
        extra = {}
        if self.second:
            sizes = torch.tensor([[64.0, 64, 0, 0, 64, 64]])[:, : self.sizes].repeat(4, 1)
            words = torch.randn(4, self.second["projection_dim"])
            extra["added_cond_kwargs"] = {"text_embeds": words, "time_ids": sizes}
        if self.unet.config.time_cond_proj_dim:
            extra["timestep_cond"] = torch.randn(4, self.unet.config.time_cond_proj_dim)
        out = self.unet(latents, torch.tensor(500.0), text, **extra).sample
        spread(self.unet.conv_out, out, 1.0)

    def enliven_autoencoder(self, last, wanted=None):
        """`last` is the last layer on the way to a latent, whose deviation becomes `wanted`. Returns noise in
        the shape of latents."""
        pictures = torch.nn.functional.interpolate(
            torch.rand(4, 3, 16, 16) * 2 - 1, size=64, mode="bilinear"
        )
        wanted = wanted or 1.0 / self.vae.config.scaling_factor
        c = self.vae.config.latent_channels
        moments = self.vae._encode(pictures)
        spread(last, moments, wanted)
        last.weight[c:].mul_(0.1 / wanted)
        last.bias[c:].sub_(4.0)  # a small variance, as trained encoders have
        latents = torch.randn(4, c, 64 // self.factor, 64 // self.factor)
        spread(self.vae.decoder.conv_out, self.vae.decode(latents * wanted).sample, 0.45)
        return latents

    def components(self):
        return export.components(self)

    def soften(self):
        """SDXL looks at states without a norm: large ones would make every attention a hard choice."""
        begin = 0
        for encoder in self.text_encoders():
            ids = torch.randint(0, len(self.vocab) - 2, (4, 77))
            states = encoder(ids, output_hidden_states=True).hidden_states[-2]
            part = slice(begin, begin + states.shape[-1])
            begin = part.stop
            for key, p in self.unet.named_parameters():
                if key.endswith(("attn2.to_k.weight", "attn2.to_v.weight")):
                    p[:, part] /= states.std()


def spread(conv, out, wanted):
    """Scale the layer that made `out` so that each channel has mean 0 and deviation `wanted`."""
    mean, std = out.mean((0, 2, 3)), out.std((0, 2, 3))
    conv.bias.copy_((conv.bias - mean) * wanted / std)
    conv.weight.mul_((wanted / std)[:, None, None, None])


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def token(text, style):
    if style == "text":
        return text
    return {
        "content": text,
        "lstrip": False,
        "normalized": True,
        "rstrip": False,
        "single_word": False,
    }


def write_tokenizer(parts, folder, pad=None, form=None):
    """Four forms met in the wild, one a model."""
    pad, form = pad or parts.pad, form or parts.name
    named = {"bos_token": bpe.START, "eos_token": bpe.END, "unk_token": bpe.END}
    named["pad_token"] = pad
    config = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
    if form == "sd2":
        parts.tokenizer.save_pretrained(folder)  # tokenizer.json + tokenizer_config.json
        return
    bpe.write(folder, parts.vocab, parts.merges)
    if form == "sd15":
        objects = {key: token(value, "object") for key, value in named.items()}
        objects["pad_token"] = pad
        write_json(folder / "special_tokens_map.json", objects)
        typed = {k: {"__type": "AddedToken", **token(v, "object")} for k, v in named.items()}
        typed["pad_token"] = pad
        write_json(folder / "tokenizer_config.json", {**config, **typed, "do_lower_case": True})
    elif form == "turbo":
        objects = {key: token(value, "object") for key, value in named.items()}
        write_json(folder / "special_tokens_map.json", objects)
    else:
        write_json(folder / "tokenizer_config.json", {**config, **named})


def write_folder(parts, folder):
    if folder.exists():
        shutil.rmtree(folder)
    export.write_onnx(parts, folder)
    write_json(folder / "scheduler" / "scheduler_config.json", parts.scheduler)
    if parts.text_encoder:
        write_tokenizer(parts, folder / "tokenizer")
        config = parts.text_encoder.config.to_diff_dict()
        write_json(folder / "text_encoder" / "config.json", config)
    if parts.second:
        # As optimum saves it: the padding token as an object.
        write_tokenizer(parts, folder / "tokenizer_2", pad="!", form="turbo")
        config = parts.text_encoder_2.config.to_diff_dict()
        write_json(folder / "text_encoder_2" / "config.json", config)
    for sub, module in (
        ("unet", parts.unet),
        ("vae_encoder", parts.vae),
        ("vae_decoder", parts.vae),
    ):
        write_json(folder / sub / "config.json", json.loads(module.to_json_string()))
    write_json(folder / "model_index.json", model_index(parts))


def model_index(parts):
    if parts.second:
        own = {
            "_class_name": f"StableDiffusionXL{'Inpaint' * parts.inpaints}Pipeline",
            "_diffusers_version": "0.42.1",
            "force_zeros_for_empty_prompt": True,
            "text_encoder_2": ["optimum.onnxruntime.modeling_diffusion", "ORTTextEncoder"],
            "tokenizer_2": ["transformers", "CLIPTokenizer"],
        }
    else:
        plain = f"StableDiffusion{'Inpaint' * parts.inpaints}Pipeline"
        own = {
            "_class_name": "LatentConsistencyModelPipeline" if parts.name == "lcm" else plain,
            "_diffusers_version": "0.42.1",
            "feature_extractor": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
        }
    first = {
        "text_encoder": ["optimum.onnxruntime.modeling_diffusion", "ORTTextEncoder"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
    }
    if not parts.text_encoder:
        first = {"text_encoder": [None, None], "tokenizer": [None, None]}
        own["requires_aesthetics_score"] = True
    return {
        **own,
        "scheduler": ["diffusers", parts.scheduler["_class_name"]],
        **first,
        "unet": ["optimum.onnxruntime.modeling_diffusion", "ORTUnet"],
        "vae_decoder": ["optimum.onnxruntime.modeling_diffusion", "ORTVaeDecoder"],
        "vae_encoder": ["optimum.onnxruntime.modeling_diffusion", "ORTVaeEncoder"],
    }
