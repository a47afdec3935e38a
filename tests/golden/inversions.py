"""models/tiny/embeddings/*: random textual inversions as people share them, and diffusers with them."""

import tiny
import torch
from safetensors.torch import load_file, save_file

# name: (seed, model, form, vectors); a form in brackets is what diffusers' file has for a name
FILES = {
    "sd15-ink": (41, "sd15", "a1111", 3),
    "sd15-anna": (42, "sd15", "<anna>", 1),
    "xl-oil": (43, "xl", "two", 2),
    # The model's own vectors of these words.
    "sd15-words": (0, "sd15", "a1111", "lake house"),
}
CASES = {
    "inversion-ink": [("sd15-ink", "sd15-ink")],
    "inversion-two-wide": [("sd15-ink", "sd15-ink"), ("sd15-anna", "<anna>")],
    "inversion-xl": [("xl-oil", "xl-oil")],
}


def vectors(encoder, tokenizer, count):
    table = encoder.get_input_embeddings().weight.detach()
    if isinstance(count, str):
        return table[tokenizer(count, add_special_tokens=False).input_ids].clone()
    # Several times what a word's are, so that they are seen in the picture.
    return torch.randn(count, table.shape[1]) * table.std() * 4


def tensors(name):
    seed, model, form, count = FILES[name]
    parts = tiny.Parts(model)
    torch.manual_seed(seed)
    first = vectors(parts.text_encoder, parts.tokenizer, count)
    if form == "two":
        return {"clip_l": first, "clip_g": vectors(parts.text_encoder_2, parts.tokenizer_2, count)}
    if form == "a1111":
        return {"emb_params": first}
    return {form: first[0]}


def make(folder, only=""):
    names = [name for name in FILES if name.startswith(only)]
    for name in names:
        (folder / "embeddings").mkdir(parents=True, exist_ok=True)
        save_file(tensors(name), folder / "embeddings" / f"{name}.safetensors")
    return len(names)


def teach(pipe, folder, rows):
    """Has a pipeline of diffusers know them."""
    for name, token in rows:
        path = folder / "embeddings" / f"{name}.safetensors"
        file = load_file(path)
        if "clip_g" not in file:
            pipe.load_textual_inversion(file, token=token)
            continue
        pipe.load_textual_inversion(file["clip_l"], token=token)
        second = {"text_encoder": pipe.text_encoder_2, "tokenizer": pipe.tokenizer_2}
        pipe.load_textual_inversion(file["clip_g"], token=token, **second)
