"""Models trained by flow matching: tiny ones like SD 3 and FLUX.1, and their pictures by diffusers."""

import json
import shutil
import warnings

import export
import nets
import spiece
import tiny
import torch
import vocab as bpe
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    FluxImg2ImgPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Img2ImgPipeline,
)
from diffusers.pipelines.flux import pipeline_flux_img2img as flux_module
from diffusers.pipelines.stable_diffusion_3 import (
    pipeline_stable_diffusion_3_img2img as sd3_module,
)
from families import flow as exported
from pictures import picture
from transformers import CLIPTextModel, CLIPTextModelWithProjection, T5Config, T5EncoderModel

FLOW = {
    "_class_name": "FlowMatchEulerDiscreteScheduler",
    "_diffusers_version": "0.42.1",
    "num_train_timesteps": 1000,
}
DYNAMIC = {
    **FLOW,
    "base_image_seq_len": 256,
    "base_shift": 0.5,
    "max_image_seq_len": 4096,
    "max_shift": 1.15,
    "shift": 3.0,
    "use_dynamic_shifting": True,
}
SCHEDULERS = {
    "sd3": {**FLOW, "shift": 3.0},
    "flux-dev": DYNAMIC,
    "flux-schnell": {**DYNAMIC, "shift": 1.0, "use_dynamic_shifting": False},
}
VAE = {
    **tiny.VAE,
    "latent_channels": 16,
    "use_quant_conv": False,
    "use_post_quant_conv": False,
}
VAE_OF = {
    "sd3": {**VAE, "scaling_factor": 1.5305, "shift_factor": 0.0609},
    "flux": {**VAE, "scaling_factor": 0.3611, "shift_factor": 0.1159},
}
CLIP = {"num_hidden_layers": 3, "projection_dim": 12}
T5 = {
    "d_kv": 12,
    "d_ff": 64,
    "num_layers": 2,
    "num_heads": 2,
    "feed_forward_proj": "gated-gelu",
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 32,
    "tie_word_embeddings": False,
}
# A token has 8 numbers more than both CLIPs give it.
JOINT = tiny.TEXT["hidden_size"] + tiny.TEXT_2["hidden_size"] + 8
SD3 = {
    "sample_size": 8,
    "patch_size": 2,
    "in_channels": 16,
    "out_channels": 16,
    "num_layers": 2,
    "attention_head_dim": 8,
    "num_attention_heads": 2,
    "joint_attention_dim": JOINT,
    "caption_projection_dim": 16,
    "pooled_projection_dim": CLIP["projection_dim"] + tiny.TEXT_2["projection_dim"],
    "pos_embed_max_size": 12,
    "dual_attention_layers": (0,),
    "qk_norm": "rms_norm",
}
FLUX = {
    "patch_size": 1,
    "in_channels": 64,
    "num_layers": 1,
    "num_single_layers": 2,
    "attention_head_dim": 8,
    "num_attention_heads": 2,
    "joint_attention_dim": 32,
    "pooled_projection_dim": tiny.TEXT["hidden_size"],
    "axes_dims_rope": (2, 2, 4),
}
# name: (seed, family)
MODELS = {"sd3": (8, "sd3"), "flux-dev": (9, "flux"), "flux-schnell": (10, "flux")}
# Tokens of T5, as the makers' own code has it.
LENGTH = {"sd3": 256, "flux-dev": 512, "flux-schnell": 256}


class Parts(tiny.Parts):
    """The torch modules and settings of one tiny model."""

    def __init__(self, name):
        seed, self.family = MODELS[name]
        self.name, self.scheduler, self.options = name, SCHEDULERS[name], {}
        self.vocab, self.merges = bpe.tiny()
        torch.manual_seed(seed)
        self.tokenizer = self.make_tokenizer(bpe.END)
        t5 = spiece.tokenizer()
        if self.family == "sd3":
            self.text_encoder = self.clip(CLIPTextModelWithProjection, bpe.END, CLIP)
            self.tokenizer_2 = self.make_tokenizer("!")
            self.text_encoder_2 = self.clip(CLIPTextModelWithProjection, "!", tiny.TEXT_2)
            self.tokenizer_3, self.text_encoder_3 = t5, self.t5(t5, JOINT)
            self.transformer = SD3Transformer2DModel(**SD3).eval()
        else:
            self.text_encoder = self.clip(CLIPTextModel, bpe.END, {})
            self.tokenizer_2, self.text_encoder_2 = t5, self.t5(t5, FLUX["joint_attention_dim"])
            guided = {"guidance_embeds": name == "flux-dev"}
            self.transformer = FluxTransformer2DModel(**FLUX, **guided).eval()
        self.vae = AutoencoderKL(**VAE_OF[self.family]).eval()
        self.factor = 8
        with torch.no_grad():
            self.enliven()

    def clip(self, kind, pad, changes):
        return kind(self.text_config(pad, changes)).eval()

    def t5(self, tokenizer, width):
        ids = {"pad_token_id": 0, "eos_token_id": 1, "vocab_size": len(tokenizer)}
        return T5EncoderModel(T5Config(d_model=width, **T5, **ids)).eval()

    def encoders(self):
        names = ("text_encoder", "text_encoder_2", "text_encoder_3")
        return {name: getattr(self, name) for name in names if hasattr(self, name)}

    def enliven(self):
        """Random weights as they come give grey pictures and deaf transformers: set the output scales."""
        for encoder in self.encoders().values():
            for p in encoder.parameters():
                if p.dim() > 1:
                    p.mul_(12.0 / p.shape[-1] / p.std())
        self.enliven_autoencoder(self.vae.encoder.conv_out)
        example = exported.inputs_of(self.transformer)
        texts = [p for key, p in self.transformer.named_parameters() if "context_embedder" in key]
        for p in texts:
            p.mul_(3.0)
        last = self.transformer.proj_out
        out = self.transformer(**example, return_dict=False)[0]
        if self.family == "sd3":
            # From pixels back to patches, in the order in which proj_out makes them.
            b, c, h, w = out.shape
            out = out.reshape(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 3, 5, 1)
        out = out.reshape(-1, last.out_features)
        mean, std = out.mean(0), out.std(0)
        last.bias.copy_((last.bias - mean) / std)
        last.weight.mul_((1 / std)[:, None])

    def components(self):
        """As export.components."""
        rows = {}
        for name, encoder in self.encoders().items():
            clip = exported.projected_row if self.family == "sd3" else exported.clip_row
            row = exported.t5_row if isinstance(encoder, T5EncoderModel) else clip
            rows[name] = row(encoder)
        rows["transformer"] = exported.transformer_row(self.transformer)
        return rows | export.autoencoder(self)


def write_folder(parts, folder):
    if folder.exists():
        shutil.rmtree(folder)
    export.write_onnx(parts, folder)
    tiny.write_json(folder / "scheduler" / "scheduler_config.json", parts.scheduler)
    for name, encoder in parts.encoders().items():
        tokenizer = name.replace("text_encoder", "tokenizer")
        if isinstance(encoder, T5EncoderModel):
            spiece.write(getattr(parts, tokenizer), folder / tokenizer)
        else:
            pad = bpe.END if name == "text_encoder" else "!"
            form = "sd15" if name == "text_encoder" else "turbo"
            tiny.write_tokenizer(parts, folder / tokenizer, pad=pad, form=form)
        tiny.write_json(folder / name / "config.json", encoder.config.to_diff_dict())
    modules = {"transformer": parts.transformer}
    modules |= dict.fromkeys(("vae_encoder", "vae_decoder"), parts.vae)
    for name, module in modules.items():
        tiny.write_json(folder / name / "config.json", json.loads(module.to_json_string()))
    optimum = "optimum.onnxruntime.modeling_diffusion"
    index = {
        "_class_name": "StableDiffusion3Pipeline" if parts.family == "sd3" else "FluxPipeline",
        "_diffusers_version": "0.42.1",
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    }
    for name, encoder in parts.encoders().items():
        kind = "T5TokenizerFast" if isinstance(encoder, T5EncoderModel) else "CLIPTokenizer"
        index[name] = [optimum, "ORTTextEncoder"]
        index[name.replace("text_encoder", "tokenizer")] = ["transformers", kind]
    index["transformer"] = [optimum, "ORTTransformer"]
    index |= {f"vae_{way}coder": [optimum, f"ORTVae{way.title()}coder"] for way in ("en", "de")}
    tiny.write_json(folder / "model_index.json", index)


def render(parts, case, noise_source, index=None, networks=None):
    """(picture, timesteps, latents after each step, text embeddings)"""
    model, size, prompt, negative, strength, steps, guidance, override = case
    scheduler = FlowMatchEulerDiscreteScheduler.from_config(dict(override or parts.scheduler))
    left_out = [key for key, value in (index or {}).items() if value == [None, None]]
    modules = {"vae": parts.vae, "transformer": parts.transformer, "scheduler": scheduler}
    for name in parts.encoders():
        for key in (name, name.replace("text_encoder", "tokenizer")):
            modules[key] = None if key in left_out else getattr(parts, key)
    kind, module = StableDiffusion3Img2ImgPipeline, sd3_module
    words = {"negative_prompt": negative}
    if parts.family == "flux":
        kind, module, words = FluxImg2ImgPipeline, flux_module, {}
    pipe = kind(**modules)
    pipe.set_progress_bar_config(disable=True)
    stages, seen = [], {}

    def after_step(_, index, timestep, tensors):
        stages.append(tensors["latents"])
        seen.setdefault("timesteps", []).append(float(timestep))
        seen["text"] = tensors["prompt_embeds"]
        return {}

    changes = [
        (module, "retrieve_latents", lambda output, **_: nets.mode(output)),
        (module, "randn_tensor", noise_source),
    ]
    with export.patched(changes + (networks or [])), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        out = pipe(
            prompt=prompt,
            image=picture(size),
            width=size[0],
            height=size[1],
            strength=strength,
            num_inference_steps=steps,
            guidance_scale=guidance,
            max_sequence_length=LENGTH[model],
            output_type="np",
            callback_on_step_end=after_step,
            callback_on_step_end_tensor_inputs=["latents", "prompt_embeds"],
            **words,
        )
    return out.images[0], seen["timesteps"], torch.cat(stages), seen["text"]
