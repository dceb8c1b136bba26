"""Small .onnx files, as exporters of many kinds write them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save_model

from kith.model_registry import BODY_MODELS, FACE_DETECTORS, FACE_MODELS, Model, named
from kith.vision.bodies import TorchreidBodyExtractor
from kith.vision.dlib_faces import DlibFaces
from kith.vision.engines import Chosen, EngineSpec
from kith.vision.export import prepare_network
from kith.vision.runtime import OnnxNetwork

IMAGES: Sequence[int | str] = ["batch", 3, "height", "width"]


def spec_of(reid_model: str = "", weights: Path | None = None) -> EngineSpec:
    """Return what looks for faces by HOG, and describes bodies where there are weights."""
    body = Chosen.of(BODY_MODELS[0].code, reid_model, weights) if weights else None
    return EngineSpec(_chosen(named(FACE_DETECTORS, "hog")), _chosen(FACE_MODELS[0]), None, body, 1000, 16, 32)


def _chosen(model: Model | None) -> Chosen:
    assert model
    return Chosen.of(model.code, model.name)


def dlib_faces(folder: Path) -> DlibFaces:
    """Return dlib's face model, its network exported to a folder."""
    return DlibFaces(OnnxNetwork(prepare_network(DlibFaces.source(), folder)))


def onnx_bodies(file: Path, model_id: str) -> TorchreidBodyExtractor:
    """Return a body model over an .onnx file."""
    return TorchreidBodyExtractor(OnnxNetwork(file), model_id)


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
