"""What a reference picture and the words' colours do to the U-Net: an entrance before what `folder.py` wrote.

The image encoder (`look.py`) tells of a picture what the text encoder tells of a caption, a sentence and
words, and how its sky's and its ground's colours differ from a usual painting's. The entrance adds the
sentence to the prompt's and the words behind it, and recolours the paint that the latents carry, each pixel
by its own colour alone: so a window, a tile or a stroke gets the colours that the whole would get. Without a
picture, or at scale 0, the words recolour the paint instead, as `mood.py` learnt it of captions; a picture
at scale 1 takes their place. Without either all of it is nothing, to the last bit.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "compose"))
from hold import bound, drawn  # noqa: E402
from network import BLOCK, CODES, TEXT, Code, at_time, sigmas  # noqa: E402

EASE, LOUD, LOUDER, PAINT, TOLD = 0.5, 1000.0, 10000.0, 12, 3  # as in folder.py
TOKENS = 48  # words told of a picture; zeros where there are fewer
PALETTE = 24  # for sky and ground each: a matrix of 3 x 3, and a colour, that say how a colour moves
WIDTH = TEXT * (1 + TOKENS) + PALETTE
SPOKEN = 10.0  # words of a usual prompt: what a picture's weigh where there is none
# How much of the recolouring each share of the hold lets through: none from strength 0.1 on down, so that a
# finer level, which is made from the coarser picture, is not recoloured once more; all of it from 0.6 on up.
NONE, ALL = 0.95, 0.58
WORDS_NONE, WORDS_ALL = 0.58, 0.18  # the same of what words recolour: strengths 0.6 and 0.75
ASKED, QUIET = 3.0, 0.2  # words are heard so much louder, and those that move colours less are not
GONE = 0.5  # of the way to the colours that words ask for, beyond which paint is left alone
FAR = 0.01  # the square of a change of colour that is none
THINGS = 0.8  # the most of what words recolour that what is drawn is spared of
INPUTS = ["sample", "timestep", "encoder_hidden_states", "image_embeds", "ip_adapter_scale"]
OUTPUTS = ["steered_sample", "steered_words", "words_bias", "paint_change"]
PREFIX = "entrance/"  # of all that stands before the network
NOBODY = -1e4  # the score of a word that is not there, in folder.py


def squares(colour):
    """[3,n] -> [10,n]: by a line through these `sky` is told from ground."""
    r, g, b = colour.split(1)
    return torch.cat([torch.ones_like(r), r, g, b, r * r, g * g, b * b, r * g, r * b, g * b])


class Entrance(nn.Module):
    """The U-Net's inputs, image_embeds [1,pictures,WIDTH] and ip_adapter_scale [1,pictures] (0 and more) ->
    sample and words for the network, [1,words] to add to their scores, [1,62,h,w] to take from its answer."""

    def __init__(self, sky, mood, middle, usual):
        """sky [10]: of `squares`, the logit that somebody painted sky with it. mood [TEXT,PALETTE],
        middle [TEXT]: words' palette is what their sentence has more than `middle`, times `mood`.
        usual [2,3]: the mean colours of a usual painting's sky and ground."""
        super().__init__()
        self.register_buffer("sky", sky.view(1, 10))
        self.register_buffer("mood", mood)
        self.register_buffer("middle", middle.view(1, TEXT))
        self.register_buffer("usual", usual.view(2, 3, 1))
        s = sigmas()
        self.register_buffer("sigma", s)
        self.register_buffer("bound", torch.tensor([bound((i + 1) / 1000) for i in range(1000)]))
        # A cell of the paint's quarter, each pixel 2 x 2 of the half -> the half's code.
        pixels = F.pixel_shuffle(torch.eye(PAINT).view(PAINT, PAINT, 1, 1), 2)
        half = F.interpolate(pixels, scale_factor=2.0, mode="nearest")
        assert half.shape[-1] == BLOCK
        code = Code().encode(half).view(PAINT, CODES)
        self.register_buffer("code", code.t().contiguous().view(CODES, PAINT, 1, 1))

    def words(self, words, embeds, weight, total):
        said = words[:, 0] + (weight[:, :, None] * embeds[:, :, :TEXT]).sum(1)
        length = said.pow(2).sum(1, keepdim=True).sqrt() / TEXT**0.5
        said = torch.where(total > 0, said / length.clamp(min=1), words[:, 0])
        told = embeds[:, :, TEXT : TEXT * (1 + TOKENS)].reshape(1, -1, TEXT)
        there = (told.abs().sum(-1) > 0).float()
        # Sums of one number, not numbers without dimensions: those OpenVINO's provider does not take.
        spoken = (words[:, 1:].abs().sum(-1) > 0).float().sum(1).clamp(min=SPOKEN)
        score = (weight * spoken / there.sum(1).clamp(min=1)).clamp(min=1e-4).log()
        score = score[:, :, None].expand(-1, -1, TOKENS).reshape(1, -1)
        count = (total > 0).long().reshape(1) * told.shape[1]
        bias = torch.cat([torch.zeros_like(words[:, 1:, 0]), score[:, :count]], 1)
        return torch.cat([said[:, None], words[:, 1:], told[:, :count]], 1), bias

    def asked(self, sentence):
        """The palette of the words; zeros where there are none, or they hardly speak of colours."""
        more = ((sentence / TEXT**0.5 - self.middle) @ self.mood).reshape(2, 12)
        way = (more[:, :9].reshape(2, 3, 3) @ self.usual)[:, :, 0] + more[:, 9:]
        size = way.square().sum(1, keepdim=True).sqrt()
        more = (more * ASKED * (1 - QUIET / size.clamp(min=QUIET))).reshape(1, PALETTE)
        return more * (sentence.abs().sum(1, keepdim=True) > 0).float()

    @staticmethod
    def moved(paint, sky, palette, usual=None):
        """How a palette moves colours [3,n]. With the usual colours, those the less that are where these
        would go already: a night that is painted hardly gets darker."""
        turns, shifts = palette.reshape(2, 12)[:, :9].reshape(2, 3, 3), palette.reshape(2, 12)[:, 9:, None]
        moves = turns @ paint + shifts
        if usual is not None:
            way = turns @ usual + shifts
            gone = (way * (paint - usual)).sum(1, keepdim=True) / (way.square().sum(1, keepdim=True) + FAR)
            moves = moves * (1 - gone / GONE).clamp(0, 1)
        sky_moves, moves = moves.split(1)
        return sky * sky_moves[0] + (1 - sky) * moves[0]

    def forward(self, sample, timestep, encoder_hidden_states, image_embeds, ip_adapter_scale):
        # Zeros tell nothing: guidance's other half.
        weight = ip_adapter_scale * (image_embeds.abs().sum(-1) > 0).float()
        total = weight.sum(1, keepdim=True)
        words, bias = self.words(encoder_hidden_states, image_embeds, weight, total)
        s = at_time(self.sigma, timestep)
        loud = (s * s + 1).sqrt() * EASE  # sample times this is what folder.py calls x
        left, told = (sample[:, CODES + PAINT : CODES + PAINT + 2] * loud / LOUDER).split(1, 1)
        before = ((told - left) / (1 - left).clamp(min=0.01)).clamp(0, 1)
        share = torch.where(left > 0.99, at_time(self.bound, timestep), before)
        amount = ((NONE - share) / (NONE - ALL)).clamp(0, 1)
        palette = ((weight / total.clamp(min=1))[:, :, None] * image_embeds[:, :, -PALETTE:]).sum(1)
        asked = self.asked(encoder_hidden_states[:, 0]) * (1 - total).clamp(min=0)
        _, _, h, w = sample.shape
        paint = (sample[:, CODES : CODES + PAINT] * loud / LOUD).reshape(3, -1)
        sky = (self.sky @ squares(paint)).sigmoid()
        flat = 1 - THINGS * drawn(F.pixel_shuffle(paint.reshape(1, PAINT, h, w), 2))
        flat = flat * ((WORDS_NONE - share) / (WORDS_NONE - WORDS_ALL)).clamp(0, 1)
        change = amount.expand(1, 4, h, w).reshape(1, -1) * self.moved(paint, sky, palette)
        change = change + flat.expand(1, 4, h, w).reshape(1, -1) * self.moved(paint, sky, asked, self.usual)
        new = paint + change
        asks = (palette.abs() + asked.abs()).sum(1, keepdim=True) > 0
        change = (torch.where(asks, new.clamp(-1, 1), paint) - paint).reshape(1, PAINT, h, w)
        # What of the first latents is left carries the paint, too.
        seen = F.conv2d(change, self.code) * left.clamp(0, 1)
        none = sample[:, CODES + PAINT :] * 0
        moved = torch.cat([seen, change * LOUD, none], 1) / loud
        return sample + moved, words, bias, torch.cat([seen * 0, change * (LOUD / EASE), none], 1)


def known(path):
    """What `Entrance` was given of the U-Net at `path`; None for what it does not have."""
    graph, named = onnx.load(str(path)).graph, {}
    for i in graph.initializer:
        if i.name.startswith(PREFIX):
            named[i.name.removeprefix(PREFIX)] = torch.from_numpy(onnx.numpy_helper.to_array(i).copy())
    return [named.get(name) for name in ("sky", "mood", "middle", "usual")]


def export(path, *given):
    """The entrance as an ONNX file; given as to `Entrance`."""
    entrance = Entrance(*given).eval()
    example = (
        torch.randn(1, CODES + PAINT + TOLD, 16, 8),
        torch.tensor(599.0),
        torch.randn(1, 9, TEXT),
        torch.randn(1, 2, WIDTH),
        torch.tensor([[0.5, 1.0]]),
    )
    place = {2: "height", 3: "width"}
    torch.onnx.export(
        entrance,
        example,
        str(path),
        input_names=INPUTS,
        output_names=OUTPUTS,
        dynamic_axes={
            "sample": place,
            "encoder_hidden_states": {1: "tokens"},
            "image_embeds": {1: "pictures"},
            "ip_adapter_scale": {1: "pictures"},
            "steered_sample": place,
            "steered_words": {1: "words"},
            "words_bias": {1: "words"},
            "paint_change": place,
        },
        opset_version=17,
        dynamo=False,
    )


def scores(graph):
    """The one product with NOBODY: what each word's score is lowered by."""
    constants = {
        n.output[0]: onnx.numpy_helper.to_array(n.attribute[0].t)
        for n in graph.node
        if n.op_type == "Constant" and n.attribute[0].HasField("t")
    }
    constants |= {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer if np.prod(i.dims) == 1}
    low = {k for k, v in constants.items() if v.dtype == np.float32 and v.size == 1 and v.item() == NOBODY}
    found = [n for n in graph.node if n.op_type == "Mul" and low & set(n.input)]
    if len(found) != 1:
        raise SystemExit(f"the U-Net lowers words' scores in {len(found)} places; folder.py's does it in one")
    return found[0]


def renamed(nodes, names):
    for node in nodes:
        for k, name in enumerate(node.input):
            if name in names:
                node.input[k] = names[name]


def add(path, entrance):
    """Puts the entrance (a file of `export`) before the U-Net at `path`, once."""
    model, door = onnx.load(str(path)), onnx.load(str(entrance))
    assert [o.version for o in model.opset_import] == [o.version for o in door.opset_import]
    door = onnx.compose.add_prefix(door, PREFIX, rename_inputs=False, rename_outputs=False).graph
    graph = model.graph
    present = {i.name for i in graph.input}
    if "image_embeds" in present:
        raise SystemExit(f"{path} takes references already")
    mask, nodes = scores(graph), list(graph.node)
    (out,) = (o.name for o in graph.output)
    score = mask.output[0]
    moved = {"sample": "steered_sample", "encoder_hidden_states": "steered_words", score: score + "/all"}
    renamed(nodes, moved)
    for node in nodes:
        node.output[:] = [out + "/held" if name == out else name for name in node.output]
    make = onnx.helper.make_node
    at = nodes.index(mask) + 1
    nodes.insert(at, make("Add", [score, "words_bias"], [score + "/all"], name="entrance/bias"))
    nodes.append(make("Sub", [out + "/held", "paint_change"], [out], name="entrance/paint"))
    del graph.node[:]
    graph.node.extend([*door.node, *nodes])
    graph.initializer.extend(door.initializer)
    graph.input.extend(i for i in door.input if i.name not in present)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))
