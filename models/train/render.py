"""Run an exported folder as the engine does: diffusers' image-to-image on ONNX Runtime."""

import json
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from diffusers import EulerDiscreteScheduler
from PIL import Image
from tokenizers import Tokenizer


class Model:
    def __init__(self, folder, threads=1):
        self.folder = Path(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.parts = {}
        for part in ("text_encoder", "unet", "vae_encoder", "vae_decoder"):
            path = str(self.folder / part / "model.onnx")
            self.parts[part] = onnxruntime.InferenceSession(path, options)
        self.tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer" / "tokenizer.json"))
        config = json.loads((self.folder / "tokenizer" / "tokenizer_config.json").read_text())
        self.length = config["model_max_length"]
        self.vae = json.loads((self.folder / "vae_decoder" / "config.json").read_text())
        self.texts, self.times = {}, {}

    def run(self, part, **inputs):
        begin = time.perf_counter()
        out = self.parts[part].run(None, inputs)[0]
        self.times.setdefault(part, []).append((time.perf_counter() - begin) * 1000)
        return out

    def text(self, prompt):
        if prompt not in self.texts:
            ids = self.tokenizer.encode(prompt).ids[: self.length]
            ids = np.array([ids + [0] * (self.length - len(ids))], np.int64)
            self.texts[prompt] = self.run("text_encoder", input_ids=ids)
        return self.texts[prompt]

    def __call__(self, image, prompt, strength=0.6, steps=4, seed=0):
        array = np.asarray(image.convert("RGB"), np.float32) / 127.5 - 1
        scale = self.vae["scaling_factor"]
        z = self.run("vae_encoder", sample=array.transpose(2, 0, 1)[None]) * scale
        folder = str(self.folder / "scheduler")
        scheduler = EulerDiscreteScheduler.from_pretrained(folder)
        scheduler.set_timesteps(steps)
        first = steps - min(int(steps * strength), steps)
        scheduler.set_begin_index(first)
        noise = np.random.default_rng(seed).standard_normal(z.shape).astype(np.float32)
        x = torch.from_numpy(z + noise * float(scheduler.sigmas[first]))
        words = self.text(prompt)
        for t in scheduler.timesteps[first:]:
            fed = scheduler.scale_model_input(x, t).numpy()
            y = self.run("unet", sample=fed, timestep=np.array(float(t), np.float32),
                         encoder_hidden_states=words)
            x = scheduler.step(torch.from_numpy(y), t, x).prev_sample
        out = self.run("vae_decoder", latent_sample=x.numpy() / scale)[0]
        out = np.clip((out.transpose(1, 2, 0) + 1) * 127.5 + 0.5, 0, 255).astype(np.uint8)
        return Image.fromarray(out)
