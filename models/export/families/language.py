"""Language models that read prompts: Qwen 3 (FLUX.2 klein, Z-Image) and Gemma 2 (SANA)."""

import torch
from tracing import WORDS, Row


def states(self, input_ids, attention_mask, layers=None):
    """Hidden states, the embedding's first, the last one normed: as transformers has them, but without what a
    trace cannot hold. `layers`: no more of them than are wanted, of which then none is normed."""
    hidden = self.embed_tokens(input_ids)
    place = torch.arange(input_ids.shape[1])[None]
    seen = (place[:, :, None] >= place[:, None, :]) & attention_mask[:, None, :].bool()
    bias = torch.where(seen, 0.0, torch.finfo(torch.float32).min)[:, None]
    turns = self.rotary_emb(hidden, place)
    made = [hidden]
    for layer in self.layers[:layers]:
        hidden = layer(hidden, attention_mask=bias, position_embeddings=turns, position_ids=place)
        made.append(hidden)
    if layers is None:
        made[-1] = self.norm(hidden)
    return made


def body(encoder):
    """The model without the head that would choose the next word."""
    return getattr(encoder, "model", encoder)


def row(encoder, forward, outputs, tokens=None):
    """`forward` makes the outputs out of (self, input_ids, attention_mask). A number of `tokens` fixes the
    export to it."""
    ids = torch.randint(3, encoder.config.vocab_size - 8, (1 if tokens else 2, tokens or 40))
    mask = torch.ones_like(ids)
    mask[0, 25:] = 0
    words = () if tokens else WORDS
    inputs = {"input_ids": ids, "attention_mask": mask}
    return Row(encoder, forward, inputs, dict.fromkeys(inputs, words), dict.fromkeys(outputs, words))
