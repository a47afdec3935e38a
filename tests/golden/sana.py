"""SANA-Sprint: a tiny one, and its pictures by diffusers."""

import functools
import shutil
import warnings

import export
import flow
import folders
import language
import nets
import tiny
import torch
from diffusers import AutoencoderDC, SanaSprintImg2ImgPipeline, SanaTransformer2DModel, SCMScheduler
from diffusers.models.autoencoders.vae import EncoderOutput
from diffusers.pipelines.sana import pipeline_sana_sprint_img2img as module
from diffusers.schedulers import scheduling_scm
from families import sana as exported
from pictures import picture

CHANNELS = (8, 8, 8, 8, 8, 32)
VAE = {
    "latent_channels": 32,
    "encoder_block_out_channels": CHANNELS,
    "decoder_block_out_channels": CHANNELS,
    "encoder_layers_per_block": (1,) * 6,
    "decoder_layers_per_block": (1,) * 6,
    "encoder_qkv_multiscales": ((),) * 6,
    "decoder_qkv_multiscales": ((),) * 6,
    "scaling_factor": 0.41407,
}
TRANSFORMER = {
    "num_attention_heads": 2,
    "attention_head_dim": 8,
    "num_layers": 2,
    "num_cross_attention_heads": 2,
    "cross_attention_head_dim": 8,
    "cross_attention_dim": 16,
    "caption_channels": language.COMMON["hidden_size"],
    "guidance_embeds": True,
    "qk_norm": "rms_norm_across_heads",
}
SCHEDULER = {
    "_class_name": "SCMScheduler",
    "_diffusers_version": "0.42.1",
    "num_train_timesteps": 1000,
    "prediction_type": "trigflow",
    "sigma_data": 0.5,
}
# name: seed
MODELS = {"sana": 15}


class Parts(flow.Parts):
    """The torch modules and settings of one tiny model."""

    def __init__(self, name):
        self.name, self.family = name, "sana"
        self.options = {}
        self.scheduler = SCHEDULER
        torch.manual_seed(MODELS[name])
        self.tokenizer = language.gemma_tokenizer()
        self.text_encoder = language.gemma(self.tokenizer)
        self.transformer = SanaTransformer2DModel(**TRANSFORMER).eval()
        self.vae = AutoencoderDC(**VAE).eval()
        self.factor = 32
        with torch.no_grad():
            self.enliven()

    def enliven(self):
        pictures = torch.rand(8, 3, 24, 24) * 2 - 1
        pictures = torch.nn.functional.interpolate(pictures, size=128, mode="bilinear")
        # What goes around the last layer is not scaled.
        conv = self.vae.encoder.conv_out
        conv.weight.mul_(2.0)
        encoded = self.vae.encoder(pictures)
        wanted = 1 / VAE["scaling_factor"]
        conv.bias.sub_(encoded.mean((0, 2, 3)))
        conv.weight.mul_(wanted / encoded.std())
        latents = torch.randn(4, 32, 4, 4)
        tiny.spread(self.vae.decoder.conv_out, self.vae.decode(latents * wanted).sample, 0.45)
        for key, p in self.transformer.named_parameters():
            if "attn2" in key or "guidance_embedder" in key:
                p.mul_(2.0)
        words = torch.randn(4, exported.TOKENS, TRANSFORMER["caption_channels"])
        mask = torch.ones(4, exported.TOKENS)
        more = {"guidance": torch.full((4,), 0.45), "timestep": torch.full((4,), 0.7)}
        out = self.transformer(latents, words, encoder_attention_mask=mask, **more, return_dict=False)[0]
        last = self.transformer.proj_out
        mean, std = out.mean((0, 2, 3)), out.std((0, 2, 3))
        last.bias.copy_((last.bias - mean) / std)
        last.weight.mul_((1 / std)[:, None])

    def components(self):
        return {
            "text_encoder": exported.text_row(self.text_encoder),
            "transformer": exported.transformer_row(self.transformer),
            **export.autoencoder(self),
        }


def write_folder(parts, folder):
    if folder.exists():
        shutil.rmtree(folder)
    export.write_onnx(parts, folder)
    language.write(parts.tokenizer, folder / "tokenizer")
    named = folders.index("SanaSprintPipeline", "SCMScheduler", "GemmaTokenizer")
    folders.write_configs(parts, folder, named)


def changes(parts, folder):
    """The networks as ONNX Runtime runs them: as nets.changes."""
    text, transformer, encoder, decoder = (
        nets.session(folder, name) for name in ("text_encoder", "transformer", "vae_encoder", "vae_decoder")
    )

    def words(input_ids, attention_mask, **_):
        return nets.call(text, input_ids=input_ids, attention_mask=attention_mask)

    def predict(sample, return_dict, attention_kwargs, **feed):
        return nets.call(transformer, hidden_states=sample, **feed)

    return [
        (parts.text_encoder, "forward", words),
        (parts.transformer, "forward", predict),
        (parts.vae, "encode", lambda image: EncoderOutput(latent=nets.encode(encoder, image))),
        (parts.vae, "decode", functools.partial(nets.decode, decoder)),
    ]


def render(parts, case, noise_source, index=None, networks=None):
    """(picture, timesteps, latents after each step, text embeddings)"""
    _, size, prompt, _, strength, steps, guidance, override = case
    pipe = SanaSprintImg2ImgPipeline(
        vae=parts.vae,
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        transformer=parts.transformer,
        scheduler=SCMScheduler.from_config(dict(override or parts.scheduler)),
    )
    pipe.set_progress_bar_config(disable=True)
    stages, seen = [], {"timesteps": []}

    def after_step(_, index, timestep, tensors):
        stages.append(tensors["latents"])
        seen["timesteps"].append(float(timestep))
        return {}

    own = [
        (module, "randn_tensor", noise_source),
        (scheduling_scm, "randn_tensor", noise_source),
    ]
    with export.patched(own + (networks or [])), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        out = pipe(
            prompt=prompt,
            image=picture(size),
            width=size[0],
            height=size[1],
            strength=strength,
            num_inference_steps=steps,
            intermediate_timesteps=1.3 if steps == 2 else None,
            guidance_scale=guidance,
            use_resolution_binning=False,
            output_type="np",
            callback_on_step_end=after_step,
        )
    return out.images[0], seen["timesteps"], torch.cat(stages), None
