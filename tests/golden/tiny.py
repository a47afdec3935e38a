"""models/tiny/*: random-weight Stable Diffusion folders, small enough to commit."""

import json
import shutil

import export
import torch
import vocab as bpe
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

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
}
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
TEXT = {
    "hidden_size": 24,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 77,
    "hidden_act": "quick_gelu",
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
}


class Parts:
    """The torch modules and settings of one tiny model."""

    def __init__(self, name):
        seed, unet, vae, text, self.pad, self.options = MODELS[name]
        self.name, self.scheduler = name, SCHEDULERS[name]
        self.vocab, self.merges = bpe.tiny()
        self.tokenizer = CLIPTokenizer(
            vocab=self.vocab,
            merges=[tuple(m) for m in self.merges],
            pad_token=self.pad,
            model_max_length=77,
        )
        ids = {
            "vocab_size": len(self.vocab),
            "bos_token_id": self.vocab[bpe.START],
            "eos_token_id": self.vocab[bpe.END],
            "pad_token_id": self.vocab[self.pad],
        }
        torch.manual_seed(seed)
        config = CLIPTextConfig(**{**TEXT, **text}, **ids, attn_implementation="eager")
        self.text_encoder = CLIPTextModel(config).eval()
        self.unet = UNet2DConditionModel(**{**UNET, **unet}).eval()
        self.vae = AutoencoderKL(**vae).eval()
        self.factor = 2 ** (len(vae["block_out_channels"]) - 1)
        with torch.no_grad():
            self.enliven()
            if self.options.get("half"):
                for module in (self.text_encoder, self.unet, self.vae):
                    for p in module.parameters():
                        p.copy_(p.half().float())

    def enliven(self):
        """Random weights as they come give grey pictures and deaf U-Nets: set the output scales."""
        for p in self.text_encoder.parameters():
            if p.dim() > 1:
                p.mul_(0.5 / p.std())
        for key, p in self.unet.named_parameters():
            if "attn2" in key or key.startswith("time_embedding.cond_proj"):
                p.mul_(2.0)
        pictures = torch.nn.functional.interpolate(
            torch.rand(4, 3, 16, 16) * 2 - 1, size=64, mode="bilinear"
        )
        wanted = 1.0 / self.vae.config.scaling_factor
        c = self.vae.config.latent_channels
        quant = self.vae.quant_conv
        moments = self.vae._encode(pictures)
        spread(quant, moments, wanted)
        quant.weight[c:].mul_(0.1 / wanted)
        quant.bias[c:].sub_(4.0)  # a small variance, as trained encoders have
        latents = torch.randn(4, c, 64 // self.factor, 64 // self.factor)
        spread(self.vae.decoder.conv_out, self.vae.decode(latents * wanted).sample, 0.45)
        text = torch.randn(4, 77, self.text_encoder.config.hidden_size)
        extra = {}
        if self.unet.config.time_cond_proj_dim:
            extra["timestep_cond"] = torch.randn(4, self.unet.config.time_cond_proj_dim)
        out = self.unet(latents, torch.tensor(500.0), text, **extra).sample
        spread(self.unet.conv_out, out, 1.0)


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


def write_tokenizer(parts, folder):
    """Four forms met in the wild, one a model."""
    named = {"bos_token": bpe.START, "eos_token": bpe.END, "unk_token": bpe.END}
    named["pad_token"] = parts.pad
    config = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
    if parts.name == "sd2":
        parts.tokenizer.save_pretrained(folder)  # tokenizer.json + tokenizer_config.json
        return
    bpe.write(folder, parts.vocab, parts.merges)
    if parts.name == "sd15":
        objects = {key: token(value, "object") for key, value in named.items()}
        objects["pad_token"] = parts.pad
        write_json(folder / "special_tokens_map.json", objects)
        typed = {k: {"__type": "AddedToken", **token(v, "object")} for k, v in named.items()}
        typed["pad_token"] = parts.pad
        write_json(folder / "tokenizer_config.json", {**config, **typed, "do_lower_case": True})
    elif parts.name == "turbo":
        objects = {key: token(value, "object") for key, value in named.items()}
        write_json(folder / "special_tokens_map.json", objects)
    else:
        write_json(folder / "tokenizer_config.json", {**config, **named})


def write_folder(parts, folder):
    if folder.exists():
        shutil.rmtree(folder)
    export.write_onnx(parts, folder)
    write_tokenizer(parts, folder / "tokenizer")
    write_json(folder / "scheduler" / "scheduler_config.json", parts.scheduler)
    write_json(folder / "text_encoder" / "config.json", parts.text_encoder.config.to_diff_dict())
    for sub, module in (
        ("unet", parts.unet),
        ("vae_encoder", parts.vae),
        ("vae_decoder", parts.vae),
    ):
        write_json(folder / sub / "config.json", json.loads(module.to_json_string()))
    index = model_index(parts.scheduler["_class_name"], parts.name == "lcm")
    write_json(folder / "model_index.json", index)


def model_index(scheduler, lcm):
    return {
        "_class_name": "LatentConsistencyModelPipeline" if lcm else "StableDiffusionPipeline",
        "_diffusers_version": "0.42.1",
        "feature_extractor": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", scheduler],
        "text_encoder": ["optimum.onnxruntime.modeling_diffusion", "ORTTextEncoder"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["optimum.onnxruntime.modeling_diffusion", "ORTUnet"],
        "vae_decoder": ["optimum.onnxruntime.modeling_diffusion", "ORTVaeDecoder"],
        "vae_encoder": ["optimum.onnxruntime.modeling_diffusion", "ORTVaeEncoder"],
    }


def make(folder):
    for name in MODELS:
        write_folder(Parts(name), folder / name)
    return len(MODELS)
