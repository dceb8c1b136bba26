"""Small .onnx files, as exporters of many kinds write them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save_model

IMAGES = ["batch", 3, "height", "width"]


def save_network(
    file: Path,
    *nodes: tuple[str, Sequence[str], str],
    shape: Sequence[int | str] = IMAGES,
    outputs: Sequence[str] = ("vectors",),
    constants: Mapping[str, np.ndarray] | None = None,
    inputs: Sequence[str] = ("images",),
    kind: int = TensorProto.FLOAT,
) -> Path:
    """Write a network of nodes (operator, inputs, output) from `inputs`, all of that shape, to `outputs`."""
    graph = helper.make_graph(
        [helper.make_node(operator, list(taken), [given]) for operator, taken, given in nodes],
        "network",
        [helper.make_tensor_value_info(name, kind, shape) for name in inputs],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)
    return file


def save_one_person(file: Path) -> Path:
    """Write a YOLOX that takes every photo for one person from edge to edge."""
    side = 64
    rows = np.zeros((1, sum((side // stride) ** 2 for stride in (8, 16, 32)), 6), np.float32)
    rows[..., :4] = side / 2, side / 2, side, side
    rows[0, 0, 4:] = 1  # one cell sees a thing, a person
    nodes = ("Identity", ["rows"], "output")
    return save_network(file, nodes, shape=(1, 3, side, side), outputs=("output",), constants={"rows": rows})
