#!/usr/bin/env python3
"""The transformer of models/tiny/sd3 with fewer bits, as models/export/export.py writes it.

    python tests/golden/precisions.py

Writes tests/golden/precisions. bfloat16, which that does not write, is made by the test itself
(tests/pipeline/precisions.rs).
"""

import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True

import exporting  # noqa: E402
import onnx  # noqa: E402
import saving  # noqa: E402

OUT = pathlib.Path(__file__).parent / "precisions"


def shortened(model):
    """The same with numbers for names: long ones are two thirds of so small a file."""
    graph = model.graph
    names = {port.name: port.name for port in (*graph.input, *graph.output)} | {"": ""}
    short = lambda name: names.setdefault(name, f"{len(names):x}")  # noqa: E731
    for node in graph.node:
        node.input[:], node.output[:] = map(short, node.input), map(short, node.output)
        node.name = ""
    for tensor in graph.initializer:
        tensor.name = short(tensor.name)
    del graph.value_info[:]
    return model


def main():
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        saving.save(saving.parts("sd3"), place / "diffusers")
        for precision in ("fp16", "int8", "int4"):
            exporting.export(place / "diffusers", place / precision, "--precision", precision)
            made = onnx.load(place / precision / "transformer" / "model.onnx")
            onnx.save(shortened(made), OUT / f"{precision}.onnx")


if __name__ == "__main__":
    main()
