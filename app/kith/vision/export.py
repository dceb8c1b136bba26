"""Networks defined in torch, exported to ONNX once and kept: who runs them needs no torch."""

import glob
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

from kith import shipped
from kith.errors import ModelMissing
from kith.vision.file_hash import sha256_of
from kith.vision.runtime import OnnxNetwork, TorchNetwork
from kith.whole_files import sync, take_place

if TYPE_CHECKING:
    from torch import nn

FORMAT = 1  # to be raised when the same weights are exported in another way
TOLERANCE = 1e-4  # of the vector's length, between torch and ONNX Runtime


@dataclass(frozen=True, slots=True)
class Definition:
    """A network defined in torch: its id, which holds the hash of its weights, how to build it, and its input."""

    network_id: str
    build: Callable[[], "nn.Module"]
    height: int
    width: int


Source = Definition | Path
"""Where a network comes from; a path is that of an .onnx file."""


def find_network(source: Source, folder: Path) -> Path | None:
    """Return the .onnx file of a network, None where it is still to be made, or damaged."""
    return source if isinstance(source, Path) else _find_made_ready(source.network_id, folder)


def prepare_network(source: Source, folder: Path) -> Path:
    """Return the .onnx file of a network after making it where it is missing, which imports torch.

    Raises ModelMissing.
    """
    if isinstance(source, Path):
        return source
    found = _find_made_ready(source.network_id, folder)
    return found or export(source.build(), source.height, source.width, source.network_id, folder)


def _find_made_ready(network_id: str, folder: Path) -> Path | None:
    return find_exported(network_id, folder) or find_exported(network_id, shipped.NETWORKS)


def find_exported(network_id: str, folder: Path) -> Path | None:
    """Return the network's file in the folder, None where there is none or it is damaged."""
    files = sorted(folder.glob(f"{glob.escape(_stem(network_id))}-*.onnx"))
    for file in files:
        _, _, written_digest = file.stem.rpartition("-")
        if digest(file) == written_digest:
            return file
    return None


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
            target = folder / f"{_stem(network_id)}-{digest(draft)}.onnx"
            sync(draft)
            take_place(draft, target)
            return target
    except OSError as error:
        if other := find_exported(network_id, folder):  # Windows replaces no file that another process has open
            return other
        raise ModelMissing(
            f"The network {network_id} could not be kept in {folder} ({error.strerror}): make room there, or make "
            "that folder one that can be written to."
        ) from error


def _stem(network_id: str) -> str:
    name = re.sub(r"[^\w.-]", "-", network_id)
    return f"{name}-v{FORMAT}"


def digest(file: Path) -> str:
    """Return the beginning of the file's SHA-256, nothing where it cannot be read."""
    try:
        return sha256_of(file)[:16]
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
        (expected,) = reference(images)
        (found,) = exported(images)
        lengths = np.linalg.norm(expected, axis=1)
        differences = np.linalg.norm(found - expected, axis=1)
        if not (differences <= TOLERANCE * lengths).all():
            raise ModelMissing(
                f"{type(module).__name__} gives other vectors in ONNX Runtime than in torch: install the packages "
                "torch, onnx and onnxruntime again, at the versions that Kith names."
            )
