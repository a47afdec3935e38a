"""Runs a model folder as the engine does (Euler, strength as a share of the schedule), with ONNX Runtime
alone."""

import json
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from latent import sigmas
from PIL import Image
from tokenizers import Tokenizer

SIGMAS = sigmas().numpy()


class Model:
    """model(image, prompt, strength) -> PIL picture of the model's native size; `times` has ms by network."""

    def __init__(self, folder, threads=1):
        folder = Path(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.nets = {
            n: onnxruntime.InferenceSession(str(folder / n / "model.onnx"), options)
            for n in ("text_encoder", "unet", "vae_encoder", "vae_decoder")
        }
        config = json.loads((folder / "vae_decoder" / "config.json").read_text())
        self.scaling, self.channels = config["scaling_factor"], config["latent_channels"]
        self.cell = 2 ** (len(config["block_out_channels"]) - 1)
        self.native = json.loads((folder / "scumble.json").read_text())["native"]
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json"))
        settings = json.loads((folder / "tokenizer" / "tokenizer_config.json").read_text())
        self.length = settings["model_max_length"]
        self.times, self.said = {}, {}

    def run(self, name, **feeds):
        begin = time.perf_counter()
        out = self.nets[name].run(None, feeds)[0]
        self.times.setdefault(name, []).append((time.perf_counter() - begin) * 1e3)
        return out

    def words(self, prompt):
        if prompt not in self.said:
            ids = self.tokenizer.encode(prompt.lower()).ids[: self.length]
            ids = np.array([ids + [0] * (self.length - len(ids))], np.int64)
            self.said[prompt] = self.run("text_encoder", input_ids=ids)
        return self.said[prompt]

    def __call__(self, image, prompt, strength=0.6, steps=2, seed=0, size=None):
        """`steps` network runs, from the strength's noise on. size: (width, height), default native."""
        size = size or (self.native, self.native)
        x = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC), np.float32)
        x = x.transpose(2, 0, 1)[None] / 127.5 - 1
        z = self.run("vae_encoder", sample=x) * self.scaling
        top = round(1000 * strength) - 1
        times = [round(top * (steps - i) / steps) for i in range(steps)]
        noise = np.random.default_rng(seed).standard_normal(z.shape, np.float32)
        x = z + SIGMAS[times[0]] * noise
        for i, t in enumerate(times):
            s = SIGMAS[t]
            clean = self.run(
                "unet",
                sample=(x / np.sqrt(s * s + 1)).astype(np.float32),
                timestep=np.array(t, np.float32),
                encoder_hidden_states=self.words(prompt),
            )
            after = SIGMAS[times[i + 1]] if i + 1 < len(times) else 0.0
            x = clean + (x - clean) * (after / s)
        y = self.run("vae_decoder", latent_sample=(x / self.scaling).astype(np.float32))[0]
        return Image.fromarray(((y.transpose(1, 2, 0) + 1) * 127.5 + 0.5).clip(0, 255).astype(np.uint8))


def tensor(image, size):
    """A PIL picture as [1,3,size,size] in -1..1."""
    array = np.array(image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC), np.float32)
    return torch.from_numpy(array).permute(2, 0, 1)[None] / 127.5 - 1
