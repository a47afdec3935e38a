"""Weights on their way from a module of torch into a file of ONNX, one tensor at a time.

The graph is traced without them (tracing.trace), so that what is exported is never held twice: the module
keeps them in the precision and the mapped memory in which it was loaded, and the file gets each in its own.
"""

import contextlib
import functools

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper

# One file of ONNX holds no more than 2 GB; what is smaller than this is one file.
MOST_BYTES = (2 << 30) - (64 << 20)
# Matrices of fewer numbers gain nothing from being quantized.
LEAST_QUANTIZED = 64
# Numbers that share a scale in MatMulNBits.
BLOCK = 32


def own_weight(_inner, _name, part):
    """A weight of a module as it is."""
    return part.detach()


@contextlib.contextmanager
def emptied(module, weight=own_weight):
    """Takes the weights out of a module, in whose place stand zeros of float32 that take no memory, and
    gives them by name. While a module inside runs, and only then, it has its weights, in float32: so the
    whole says what it would say in float32, with the memory of its largest layer. Buffers stay, in
    float32. `weight` gives a weight of a module inside by its full name: a tensor, or what has its shape and
    becomes one by float()."""
    weights, hooks, kept = {}, [], []
    for place, inner in module.named_modules():
        for name, buffer in inner._buffers.items():
            if buffer is not None and buffer.is_floating_point() and buffer.dtype != torch.float32:
                kept.append((inner._buffers, name, buffer))
                inner._buffers[name] = buffer.float()
        own = {name: part for name, part in inner._parameters.items() if part is not None}
        if not own:
            continue
        prefix = f"{place}." if place else ""
        weights |= {prefix + name: weight(inner, prefix + name, part) for name, part in own.items()}
        for name, part in own.items():
            kept.append((inner._parameters, name, part))
            inner._parameters[name] = torch.nn.Parameter(nothing(part), requires_grad=False)
        hooks.append(inner.register_forward_pre_hook(fill(prefix, own, weights)))
        hooks.append(inner.register_forward_hook(drain(own)))
    weights |= {name: part.detach() for name, part in module.named_buffers(remove_duplicate=False)}
    try:
        yield weights
    finally:
        for hook in hooks:
            hook.remove()
        for held, name, part in reversed(kept):
            held[name] = part


def nothing(part):
    return torch.zeros(()).expand(part.shape)


def fill(prefix, own, weights):
    def run(inner, _):
        # A trace is told of the weights by their names, and wants no numbers.
        if not torch.jit.is_tracing():
            for name in own:
                inner._parameters[name].data = weights[prefix + name].float()

    return run


def drain(own):
    def run(inner, *_):
        if not torch.jit.is_tracing():
            for name, part in own.items():
                inner._parameters[name].data = nothing(part)

    return run


class Graph:
    """A graph whose weights are inputs, about to get them. `plan`: name of an initializer: what makes its
    array; `shapes`: theirs. Those that no node uses are not written."""

    def __init__(self, model, weights, inputs):
        self.model, self.graph, self.weights = model, model.graph, weights
        self.types = {
            one.name: one.type.tensor_type.elem_type for one in self.graph.input if one.name not in inputs
        }
        unknown = self.types.keys() - weights.keys()
        if unknown:
            raise ValueError(f"the graph has inputs that are no weights: {', '.join(sorted(unknown))}")
        own = [one for one in self.graph.input if one.name in inputs]
        del self.graph.input[:]
        self.graph.input.extend(own)
        self.shapes = {name: tuple(weights[name].shape) for name in self.types}
        self.turn()

    def array(self, name):
        made = self.weights[name]
        if made.is_floating_point():
            made = made.float()
        made = made.numpy()
        if self.types[name] == TensorProto.FLOAT16:
            return np.clip(made, -65504, 65504).astype(np.float16)
        return made

    def turn(self):
        """Matrices are kept as they are multiplied, not turned when the model is loaded."""
        self.plan = {name: lambda name=name: self.array(name) for name in self.types}
        turned = {}
        for node in list(self.graph.node):
            if node.op_type == "Transpose" and node.input[0] in self.types:
                name, order = f"onnx::MatMul_{node.output[0].lstrip('/')}", list(node.attribute[0].ints)
                source = node.input[0]
                self.plan[name] = lambda source=source, order=order: self.array(source).transpose(order)
                self.types[name] = self.types[source]
                self.shapes[name] = tuple(self.shapes[source][i] for i in order)
                turned[node.output[0]] = name
                self.graph.node.remove(node)
        for node in self.graph.node:
            for i, name in enumerate(node.input):
                if name in turned:
                    node.input[i] = turned[name]

    def quantize(self, how):
        """`how`: int8 (of matrices, and what they are multiplied with), int8w (of matrices alone), int4 (the
        same). Tables of words are halved."""
        nodes, levels = [], set()
        for node in self.graph.node:
            kind = self.types.get(node.input[1]) if len(node.input) > 1 else None
            if node.op_type == "Gather" and self.types.get(node.input[0]) == TensorProto.FLOAT:
                nodes += self.halved(node)
            elif node.op_type in ("MatMul", "Gemm") and kind == TensorProto.FLOAT and self.large(node):
                nodes += self.in_integers(node, levels) if how == "int8" else self.in_blocks(node, how)
            else:
                nodes.append(node)
        del self.graph.node[:]
        self.graph.node.extend(nodes)
        if how != "int8":
            self.model.opset_import.append(helper.make_opsetid("com.microsoft", 1))

    def large(self, node):
        known = {one.name: one.i for one in node.attribute if one.type == onnx.AttributeProto.INT}
        scaled = any(one.type == onnx.AttributeProto.FLOAT and one.f != 1 for one in node.attribute)
        shape = self.shapes[node.input[1]]
        plain = len(shape) == 2 and min(shape) > 1 and not scaled and not known.get("transA")
        return plain and shape[0] * shape[1] >= LEAST_QUANTIZED

    def matrix(self, node):
        """[inputs, outputs]"""
        made = self.plan[node.input[1]]()
        turned = any(one.name == "transB" and one.i for one in node.attribute)
        return made.T if turned else made

    def with_bias(self, node, nodes):
        """The product's last output is the node's own, or the bias is added to it."""
        if len(node.input) < 3:
            nodes[-1].output[0] = node.output[0]
            return nodes
        return [*nodes, helper.make_node("Add", [nodes[-1].output[0], node.input[2]], node.output)]

    def in_integers(self, node, levels):
        """`levels`: whose levels are measured already."""
        shown, name = node.input[0], node.input[1]
        whole, scales = f"{name}_quantized", f"{name}_scale"

        @functools.lru_cache(1)
        def made():
            matrix = self.matrix(node)
            scale = (np.maximum(np.abs(matrix).max(0), 1e-30) / 127).astype(np.float32)
            return np.rint(matrix / scale).astype(np.int8), scale

        self.pair(made, whole, scales)
        own = [f"{node.output[0]}_{part}" for part in ("int32", "float", "scaled")]
        level = [f"{shown}_{part}" for part in ("quantized", "scale", "zero")]
        nodes = []
        if shown not in levels:
            nodes.append(helper.make_node("DynamicQuantizeLinear", [shown], level))
            levels.add(shown)
        both = f"{node.output[0]}_scales"
        nodes += [
            helper.make_node("MatMulInteger", [level[0], whole, level[2]], [own[0]], f"{node.name}_quant"),
            helper.make_node("Cast", [own[0]], [own[1]], to=TensorProto.FLOAT),
            helper.make_node("Mul", [level[1], scales], [both]),
            helper.make_node("Mul", [own[1], both], [own[2]]),
        ]
        return self.with_bias(node, nodes)

    def pair(self, made, first, second):
        """Two arrays that are made at once, and forgotten when the second is written."""

        def last():
            array = made()[1]
            made.cache_clear()
            return array

        self.plan[first], self.plan[second] = lambda: made()[0], last

    def in_blocks(self, node, how):
        from onnxruntime.capi import _pybind_state as native

        shown, name = node.input[0], node.input[1]
        bits = 4 if how == "int4" else 8
        quantizer = native.quantize_matmul_4bits if bits == 4 else native.quantize_matmul_8bits
        packed, scales = f"{name}_packed", f"{name}_scales"
        inner, outer = self.shape(node)
        blocks = -(-inner // BLOCK)

        @functools.lru_cache(1)
        def made():
            matrix = np.pad(self.matrix(node), ((0, blocks * BLOCK - inner), (0, 0)))
            array, zeros = (np.zeros((outer, blocks, n), np.uint8) for n in (BLOCK * bits // 8, 1))
            scale = np.zeros((outer, blocks), np.float32)
            quantizer(array, np.ascontiguousarray(matrix), scale, zeros, BLOCK, outer, inner, True)
            return array, scale.reshape(-1)

        self.pair(made, packed, scales)
        product = helper.make_node(
            "MatMulNBits",
            [shown, packed, scales],
            [f"{node.output[0]}_product"],
            f"{node.name}_quant",
            domain="com.microsoft",
            K=inner,
            N=outer,
            bits=bits,
            block_size=BLOCK,
        )
        return self.with_bias(node, [product])

    def shape(self, node):
        """As of matrix()."""
        shape = self.shapes[node.input[1]]
        turned = any(one.name == "transB" and one.i for one in node.attribute)
        return shape[::-1] if turned else shape

    def halved(self, node):
        name, made = node.input[0], node.output[0]
        half, own = f"{name}_half", f"{made}_half"
        self.plan[half] = lambda: np.clip(self.array(name), -65504, 65504).astype(np.float16)
        node.input[0], node.output[0] = half, own
        return [node, helper.make_node("Cast", [own], [made], to=TensorProto.FLOAT)]

    def save(self, path):
        """Into one file, or with the weights in a second one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        data = path.with_name(path.name + "_data")
        for old in (path, data):
            old.unlink(missing_ok=True)
        small = list(self.graph.initializer)
        used = {name for node in self.graph.node for name in node.input}
        total = 0
        with data.open("wb") as file:
            for name, made in self.plan.items():
                if name not in used:
                    continue
                array = np.ascontiguousarray(made())
                file.write(b"\0" * (-file.tell() % 64))
                tensor = TensorProto(name=name, dims=array.shape)
                tensor.data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
                tensor.data_location = TensorProto.EXTERNAL
                told = {"location": data.name, "offset": file.tell(), "length": array.nbytes}
                for key, value in told.items():
                    tensor.external_data.add(key=key, value=str(value))
                file.write(array)
                small.append(tensor)
                total = file.tell()
        del self.graph.initializer[:]
        self.graph.initializer.extend(small)
        onnx.save(self.model, path)
        if total < MOST_BYTES:
            whole = onnx.load(path)
            data.unlink()
            onnx.save(whole, path)
