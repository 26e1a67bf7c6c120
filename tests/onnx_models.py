"""Small ONNX graphs of ECGs, and what they compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LEADS, CLASSES, KERNEL = 12, 2, 5
Floats = NDArray[np.float32]


def weights() -> tuple[Floats, Floats]:
    """A convolution `(feature, lead, step)` and a matrix `(class, feature)`."""
    rng = np.random.default_rng(0)
    sizes = ((3, LEADS, KERNEL), (CLASSES, 3))
    return tuple(rng.normal(0, 0.05, size).astype(np.float32) for size in sizes)  # type: ignore[return-value]


def logits(x: Floats) -> Floats:
    """Of records `(record, lead, time)`: convolve, rectify, mean over time, matrix."""
    kernel, matrix = weights()
    pieces = np.lib.stride_tricks.sliding_window_view(x, KERNEL, axis=2)
    features = np.maximum(np.einsum("rlts,fls->rft", pieces, kernel), 0).mean(2)
    return np.asarray(features @ matrix.T, np.float32)


def write(
    path: Path,
    *,
    samples: int | None = 40,
    turned: bool = False,
    sigmoid: bool = False,
    leads: int = LEADS,
    extra: str = "",
) -> Path:
    """The graph of `logits`; `turned`: `(record, time, lead)`; `extra`: a foreign operator."""
    kernel, matrix = weights()
    shape = ["n", samples or "t", leads] if turned else ["n", leads, samples or "t"]
    nodes = [helper.make_node("Transpose", ["x"], ["y"], perm=[0, 2, 1])] if turned else []
    nodes += [
        helper.make_node("Conv", ["y" if turned else "x", "kernel"], ["c"]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "matrix"], ["l"]),
    ]
    last = "Sigmoid" if sigmoid else "Identity"
    nodes.append(helper.make_node(extra or last, ["l"], ["out"], domain="own" if extra else ""))
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", CLASSES])],
        [numpy_helper.from_array(a, n) for a, n in ((kernel, "kernel"), (matrix.T, "matrix"))],
    )
    sets = [helper.make_opsetid("", 17), *([helper.make_opsetid("own", 1)] if extra else [])]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=9), str(path))
    return path
