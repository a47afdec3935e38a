# SPDX-License-Identifier: MIT OR Apache-2.0
"""The model of benches/peers.py in forms that others read: OpenVINO GenAI's and stable-diffusion.cpp's."""

import json
import math
import shutil

# Networks, by their folders in an export.
NETWORKS = ("text_encoder", "unet", "vae_encoder", "vae_decoder")
# What GenAI's index calls them.
CLASSES = {"text_encoder": "CLIPTextModel", "unet": "UNet2DConditionModel", "vae": "AutoencoderKL"}
# stable-diffusion.cpp has a text encoder of SD 2 with one layer more, which it does not run.
LAYERS_READ = 24


def settings(model, network):
    return json.loads((model / network / "config.json").read_text())


def for_genai(model, folder):
    """The same ONNX files as OpenVINO's graphs (nothing is rounded), and the tokenizer as a graph."""
    import openvino as ov
    from openvino_tokenizers import convert_tokenizer
    from transformers import CLIPTokenizer

    shutil.copytree(model, folder, ignore=shutil.ignore_patterns("*.onnx*"))
    for network in NETWORKS:
        graph = ov.convert_model(model / network / "model.onnx")
        if network == "unet":
            count_times(graph)
        ov.save_model(graph, folder / network / "openvino_model.xml", compress_to_fp16=False)
    graph = convert_tokenizer(CLIPTokenizer.from_pretrained(model / "tokenizer"))
    ov.save_model(graph, folder / "tokenizer" / "openvino_tokenizer.xml")
    index = json.loads((model / "model_index.json").read_text())
    index.update({part: ["diffusers", kind] for part, kind in CLASSES.items()})
    (folder / "model_index.json").write_text(json.dumps(index))


def count_times(graph):
    """GenAI hands the time over as whole numbers of shape [1], where an export has one float."""
    import openvino as ov
    import openvino.opset13 as ops

    old, new = graph.input("timestep").get_node(), ops.parameter([1], ov.Type.i64, "timestep")
    new.output(0).set_names({"timestep"})
    time = ops.squeeze(ops.convert(new, "f32"), [0])
    for reader in old.output(0).get_target_inputs():
        reader.replace_source_output(time.output(0))
    graph.remove_parameter(old)
    graph.add_parameters([new])
    graph.validate_nodes_and_infer_types()


def for_sd_cpp(model, folder):
    """Random weights of the same shapes, in the folders and names of diffusers."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from safetensors.torch import save_file
    from transformers import CLIPTextConfig, CLIPTextModel

    words = CLIPTextConfig(**{**settings(model, "text_encoder"), "num_hidden_layers": LAYERS_READ})
    with torch.device("meta"):
        parts = {
            "unet/diffusion_pytorch_model": UNet2DConditionModel.from_config(settings(model, "unet")),
            "vae/diffusion_pytorch_model": AutoencoderKL.from_config(settings(model, "vae_encoder")),
            "text_encoder/model": CLIPTextModel(words),
        }
    torch.manual_seed(0)
    for file, part in parts.items():
        path = folder / f"{file}.safetensors"
        path.parent.mkdir(parents=True)
        # Older transformers had another level of names, which is read there.
        level = "text_model." if file.startswith("text_encoder") else ""
        named = {level + name.removeprefix(level): weight for name, weight in part.state_dict().items()}
        save_file({name: drawn(name, weight) for name, weight in named.items()}, path)


def drawn(name, weight):
    """As torch begins, so that numbers neither vanish nor overflow on their way."""
    import torch

    if weight.dim() < 2:
        return torch.full(weight.shape, 1.0 if name.endswith("weight") else 0.0)
    reach = 1 / math.sqrt(math.prod(weight.shape[1:]))
    return torch.empty(weight.shape).uniform_(-reach, reach)
