"""Where a model comes from: a folder of diffusers, or a single checkpoint. Its parts are loaded one at a
time, in the precision that they have, so that no more than one is in memory."""

import json

import torch
from safetensors import safe_open

# What a file's tensors are called when it holds no more than the denoising network of a transformer.
ALONE = {
    "SD3Transformer2DModel": "joint_blocks.",
    "Flux2Transformer2DModel": "double_stream_modulation",
    "FluxTransformer2DModel": "double_blocks.",
    "ZImageTransformer2DModel": "cap_pad_token",
}
DTYPES = {"BF16": torch.bfloat16, "F16": torch.float16}


class Folder:
    """A diffusers folder."""

    def __init__(self, path):
        if not (path / "model_index.json").is_file():
            raise SystemExit(f"{path} has no model_index.json: it is no folder of diffusers")
        self.path = path
        self.index = json.loads((path / "model_index.json").read_text())
        self.kind = self.index["_class_name"]
        entries = {key: value for key, value in self.index.items() if isinstance(value, list)}
        self.parts = {key for key, value in entries.items() if value[0] is not None}

    def load(self, name):
        """One network, with its weights as they are."""
        if not list((self.path / name).glob("*.safetensors")):
            raise SystemExit(f"{self.path / name} has no .safetensors; others may run a program")
        library, kind = self.index[name]
        if library == "transformers":
            import transformers

            # Attention that is written out, as all exports have it.
            more = {} if kind.startswith("CLIP") else {"attn_implementation": "eager"}
            found = getattr(transformers, kind)
        else:
            import diffusers

            found, more = getattr(diffusers, kind), {}
        dtype = kept(self.path / name)
        key = "dtype" if library == "transformers" else "torch_dtype"
        more |= {key: dtype, "variant": variant(self.path / name), "use_safetensors": True}
        return found.from_pretrained(self.path / name, **more).eval()

    def scheduler(self):
        return self.index["scheduler"][1]


def variant(folder):
    """What the weights are called by in a folder that has none by the plain name: "fp16", as a rule."""
    names = [path.name.removesuffix(".safetensors") for path in folder.glob("*.safetensors")]
    # model, model.fp16, model-00001-of-00002, model.fp16-00001-of-00002
    parts = [name.partition("-")[0].partition(".") for name in names]
    found = {kind for name, _, kind in parts if name in ("model", "diffusion_pytorch_model")}
    return None if not found or "" in found else "fp16" if "fp16" in found else min(found)


def kept(folder):
    """The precision that all weights of a folder have; float32 where some have that."""
    found = set()
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            found |= {file.get_slice(key).get_dtype() for key in file.keys()}
    known = [dtype for name, dtype in DTYPES.items() if found <= {name, "I64", "I32", "BOOL"}]
    return known[0] if known else torch.float32


class File(Folder):
    """A single checkpoint: Stable Diffusion whole, or the transformer of another family, whose other parts
    are those of the folder `config`."""

    def __init__(self, path, config):
        if path.suffix != ".safetensors" or not path.is_file():
            raise SystemExit(f"{path}: choose a diffusers folder or .safetensors; others may run programs")
        with safe_open(path, "pt") as file:
            keys = set(file.keys())
        self.file, self.whole, self.alone = path, None, None
        if any(key.startswith("model.diffusion_model.input_blocks.") for key in keys):
            self.read(config, any(key.startswith("conditioner.embedders.1.") for key in keys))
            return
        found = [kind for kind, name in ALONE.items() if any(name in key for key in keys)]
        if not found:
            raise SystemExit(f"{path} holds no model (no U-Net of Stable Diffusion, no transformer)")
        if config is None:
            raise SystemExit(f"{path} is a transformer; name a diffusers folder with the rest (--config)")
        super().__init__(config)
        if self.index.get("transformer", [None, None])[1] != found[0]:
            raise SystemExit(f"{path} has a {found[0]}, which {config} has not")
        self.alone = found[0]

    def read(self, config, xl):
        from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

        kind = StableDiffusionXLPipeline if xl else StableDiffusionPipeline
        told = {"config": str(config)} if config else {}
        # diffusers knows but whole pipelines of a file; float16 has all that such files have.
        self.whole = kind.from_single_file(str(self.file), torch_dtype=torch.float32, **told)
        self.path, self.kind = config, type(self.whole).__name__
        self.parts = {name for name, part in self.whole.components.items() if part is not None}
        plain = {key: value for key, value in dict(self.whole.config).items() if not isinstance(value, tuple)}
        self.index = {"_class_name": self.kind, **plain}

    def load(self, name):
        if self.whole is not None:
            return getattr(self.whole, name).eval()
        if name != "transformer":
            return super().load(name)
        import diffusers

        with safe_open(self.file, "pt") as file:
            types = {file.get_slice(key).get_dtype() for key in file.keys()}
        dtype = DTYPES.get(types.pop(), torch.float32) if len(types) == 1 else torch.float32
        kind = getattr(diffusers, self.alone)
        made = kind.from_single_file(
            str(self.file), config=str(self.path), subfolder="transformer", torch_dtype=dtype
        )
        return made.eval()

    def scheduler(self):
        return type(self.whole.scheduler).__name__ if self.whole is not None else super().scheduler()


def opened(path, config):
    return Folder(path) if path.is_dir() else File(path, config)
