"""Networks defined in torch, exported to ONNX once and kept: who runs them needs no torch."""

import glob
import hashlib
import importlib.util
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kith.errors import ModelMissing
from kith.vision.bodies import INPUT_HEIGHT, INPUT_WIDTH, is_exported, weights_id
from kith.vision.dlib_network import SIDE, face_resnet
from kith.vision.encode import FACE_MODEL_ID, face_weights
from kith.vision.runtime import OnnxNetwork, TorchNetwork
from kith.vision.torchreid_networks import torchreid_network

if TYPE_CHECKING:
    from torch import nn

FORMAT = 1  # to be raised when the same weights are exported in another way
TOLERANCE = 1e-4  # of the vector's length, between torch and ONNX Runtime


@dataclass(frozen=True, slots=True)
class Networks:
    """The .onnx files of the networks that describe faces and bodies; without `body`, faces only."""

    face: Path
    body: Path | None


@dataclass(frozen=True, slots=True)
class _Export:
    """A network to be exported: its id, which holds the hash of its weights, how to build it, and its input."""

    network_id: str
    build: Callable[[], "nn.Module"]
    height: int
    width: int


def find_networks(folder: Path, reid_model: str, weights: Path | None) -> Networks | None:
    """Return the networks' files where all are there and whole; else `prepare_networks` is to make them.

    `weights` are those of the network `reid_model`, or a whole network (.onnx). Raises ModelMissing.
    """
    face = find_exported(_face().network_id, folder)
    if weights is None or is_exported(weights):
        body = weights
    else:
        body = find_exported(weights_id(reid_model, weights), folder)
    return Networks(face, body) if face and (body or not weights) else None


def prepare_networks(folder: Path, reid_model: str, weights: Path | None) -> Networks:
    """Return the networks' files after making those that are missing: for a process of its own, as it imports torch.

    Raises ModelMissing.
    """
    import torch

    torch.set_num_threads(1)  # several wait for each other where the cores are busy
    face = _found_or_made(_face(), folder)
    if weights is None or is_exported(weights):
        return Networks(face, weights)
    return Networks(face, _found_or_made(_body(reid_model, weights), folder))


def find_exported(network_id: str, folder: Path) -> Path | None:
    """Return the network's file in the folder, None where there is none or it is damaged."""
    files = sorted(folder.glob(f"{glob.escape(_stem(network_id))}-*.onnx"))
    return next((file for file in files if _digest(file) == file.stem.rpartition("-")[2]), None)


def export(module: "nn.Module", height: int, width: int, network_id: str, folder: Path) -> Path:
    """Write the module (N x 3 x height x width to N x D) as .onnx, which must give what torch gives; return the file.

    Processes may do so at the same time. Raises ModelMissing.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as own:
            draft = Path(own) / "network.onnx"
            _write(module, height, width, draft)
            _compare(module, height, width, draft)
            return draft.replace(folder / f"{_stem(network_id)}-{_digest(draft)}.onnx")
    except OSError as error:
        if other := find_exported(network_id, folder):  # Windows replaces no file that another process has open
            return other
        raise ModelMissing(
            f"The network {network_id} could not be kept in {folder} ({error.strerror}): make room there, or make "
            "that folder one that can be written to."
        ) from error


def _face() -> _Export:
    weights = face_weights()
    return _Export(f"{FACE_MODEL_ID}:{_digest(weights)}", lambda: face_resnet(weights), SIDE, SIDE)


def _body(reid_model: str, weights: Path) -> _Export:
    network_id = weights_id(reid_model, weights)
    return _Export(network_id, lambda: torchreid_network(reid_model, weights), INPUT_HEIGHT, INPUT_WIDTH)


def _found_or_made(wanted: _Export, folder: Path) -> Path:
    found = find_exported(wanted.network_id, folder)
    return found or export(wanted.build(), wanted.height, wanted.width, wanted.network_id, folder)


def _stem(network_id: str) -> str:
    name = re.sub(r"[^\w.-]", "-", network_id)
    return f"{name}-v{FORMAT}"


def _digest(file: Path) -> str:
    """Return the beginning of the file's SHA-256, nothing where it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def _write(module: "nn.Module", height: int, width: int, file: Path) -> None:
    if importlib.util.find_spec("onnx") is None:
        raise ModelMissing("The package onnx is not installed: start Kith by its set-up script once more")
    import torch

    try:
        with _without_the_exporters_warnings():
            torch.onnx.export(
                module,
                (torch.zeros(2, 3, height, width),),
                file,
                dynamo=False,  # the exporter that follows this one takes ten times as long and another package
                input_names=["images"],
                output_names=["vectors"],
                dynamic_axes={"images": {0: "batch"}, "vectors": {0: "batch"}},
            )
    except OSError:
        raise
    except Exception as error:  # whatever the network itself raises, as well
        raise ModelMissing(
            f"{type(module).__name__} cannot be exported for images of {height} x {width} pixels ({error}): let "
            "reid_model name another network"
        ) from error


@contextmanager
def _without_the_exporters_warnings() -> Iterator[None]:
    """Keep quiet what is meant as it is, or would show in the comparison with torch."""
    import torch

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are using the legacy TorchScript-based ONNX export", DeprecationWarning)
        warnings.filterwarnings("ignore", "The feature will be removed", DeprecationWarning)
        warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # type: ignore[attr-defined]
        warnings.filterwarnings("ignore", "ONNX export mode is set to TrainingMode.EVAL", UserWarning)
        warnings.filterwarnings("ignore", "Constant folding", UserWarning)
        yield


def _compare(module: "nn.Module", height: int, width: int, file: Path) -> None:
    reference, exported = TorchNetwork(module, "cpu"), OnnxNetwork(file)
    random = np.random.default_rng(0)
    for count in (1, 2, 5):
        images = random.normal(scale=2, size=(count, 3, height, width)).astype(np.float32)
        (expected,), (found,) = reference(images), exported(images)
        lengths = np.linalg.norm(expected, axis=1)
        if not (np.linalg.norm(found - expected, axis=1) <= TOLERANCE * lengths).all():
            raise ModelMissing(
                f"{type(module).__name__} gives other vectors in ONNX Runtime than in torch: install the packages "
                "torch, onnx and onnxruntime again, at the versions that Kith names."
            )
