"""Networks as files: written, brought to less precision, compared with torch."""

import shutil

import onnx
import tracing
import weights

# Decibels to the original that a file must have.
LEAST = {"fp32": 70.0, "fp16": 40.0, "int8": 25.0, "int8w": 25.0, "int4": 12.0}
# What is tried, in this order, where a precision is asked for. Full precision is the last.
TRIED = {"fp32": (), "fp16": ("fp16",), "int8": ("int8", "int8w"), "int4": ("int4", "int8w")}


def write(path, row, precision="fp32", told=print, weight=weights.own_weight):
    """Writes a file, and tells how near it is and how large. The graph is that of float32; what is written
    of it is the first precision that is near enough. Inputs and outputs stay float32. `weight` as of
    weights.emptied."""
    scratch = path.parent / "tracing"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    name = path.relative_to(path.parents[1])
    with weights.emptied(row.module, weight) as own:
        tracing.trace(scratch / "model.onnx", row, weights=False)
        # Quantized are products of matrices, of which an autoencoder has hardly any.
        matrices = not path.parent.name.startswith("vae")
        tried = [how for how in TRIED[precision] if how == "fp16" or matrices]
        for how in (*tried, "fp32"):
            lowered(onnx.load(scratch / "model.onnx"), row, own, how).save(path)
            near = tracing.decibels(session(path), row)
            if near >= LEAST[how]:
                break
            if how == "fp32":
                raise SystemExit(f"{path.parent.name} does not say what torch says ({near:.0f} dB)")
            told(f"  {name} in {how} is {near:.0f} dB from the original: it stays in more precision")
    shutil.rmtree(scratch)
    size = sum(file.stat().st_size for file in path.parent.glob(path.name + "*"))
    told(f"  {name}: {how}, {near:.0f} dB, {size / 1e6:.1f} MB")


def lowered(model, row, own, how):
    """The graph in a precision, about to be saved."""
    if how == "fp16":
        model = halved(model, [*row.inputs, *row.outputs])
    made = weights.Graph(model, own, row.inputs)
    if how not in ("fp32", "fp16"):
        made.quantize(how)
    return made


def halved(model, ends):
    """The graph in float16, but for its inputs and outputs. `ends`: their names."""
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    # As torch does it: of a flat picture float16 would leave nothing but its own rounding.
    kept = [*DEFAULT_OP_BLOCK_LIST, "InstanceNormalization"]
    model = convert_float_to_float16(
        model, keep_io_types=ends, op_block_list=kept, node_block_list=sorted(angles(model.graph))
    )
    # What stays in float32 would be rounded between one node and the next.
    made = {node.output[0]: node for node in model.graph.node if node.op_type == "Cast"}
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            up = made.get(name)
            if up is None or "_cast_to_fp32" not in up.name or up.input[0] not in made:
                continue
            down = made[up.input[0]]
            if "_cast_to_fp16" in down.name or down.name.startswith("graph_input_cast"):
                node.input[i] = down.input[0]
    wrapped = OnnxModel(model)
    wrapped.prune_graph()
    wrapped.topological_sort()
    return wrapped.model


def angles(graph):
    """Nodes that make times and places of tokens into waves: they are angles of up to some thousand."""
    makers = {name: node for node in graph.node for name in node.output}
    found, waiting = set(), [node for node in graph.node if node.op_type in ("Sin", "Cos")]
    while waiting:
        node = waiting.pop()
        if node.name not in found:
            found.add(node.name)
            waiting += [makers[name] for name in node.input if name in makers]
    return found


def session(path):
    """The network as it lies in its file, which is mapped: nothing of it is copied."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # As Scumble runs it: without VNNI sums of products of 8 bits overflow otherwise.
    options.add_session_config_entry("session.x64quantprecision", "1")
    if path.with_name(path.name + "_data").exists():
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.add_session_config_entry("session.disable_prepacking", "1")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
