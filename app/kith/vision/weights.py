"""Files of weights that users bring: told apart by what they hold."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kith.errors import ModelMissing
from kith.vision.file_hash import sha256_of
from kith.vision.runtime import Network


def is_exported(weights: Path) -> bool:
    """Whether the file holds a whole network (.onnx), not only the weights of one that TorchReID knows by name."""
    return weights.suffix.lower() == ".onnx"


def weights_id(model: str, weights: Path, setting: str = "reid_weights") -> str:
    """Return the id of what is made with these weights: the network's name, or the .onnx file's, and the SHA-256.

    Raises ModelMissing where the file cannot be read, which names the `setting` to correct.
    """
    name = weights.stem if is_exported(weights) else model
    beside = Path(f"{weights}.data")  # where torch's exporter puts the weights of an .onnx file
    try:
        if os.path.isfile(beside):
            content = weights.read_bytes() + beside.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
        else:
            digest = sha256_of(weights)
    except OSError as error:
        raise ModelMissing(f"{weights} cannot be read ({error.strerror}): correct that or {setting}") from error
    return f"{name}:{digest[:12]}"


def vector_length(network: Network, file: Path, height: int, width: int) -> int:
    """Return how many numbers a network from a file gives for an image; raises ModelMissing where it is no vector."""
    try:
        outputs = network(np.zeros((2, 3, height, width), np.float32))
    except Exception as error:  # ONNX Runtime's exceptions have no common base
        raise ModelMissing(
            f"{file} cannot be run on two images of {height} x {width} pixels: export it again, for any size of batch."
        ) from error
    shapes = [output.shape for output in outputs]
    if not _are_vectors_of_two(shapes):
        given = ", ".join(" x ".join(map(str, shape)) for shape in shapes)
        raise ModelMissing(
            f"{file} gives {given or 'nothing'} for two images, where one vector for each is needed (2 x length): "
            "export the network without its classifier and up to its pooled features."
        )
    if not np.isfinite(outputs[0]).all():
        raise ModelMissing(
            f"{file} gives vectors that are no numbers: its weights are damaged, fetch or export it anew."
        )
    return int(shapes[0][1])


def _are_vectors_of_two(shapes: Sequence[tuple[int, ...]]) -> bool:
    match shapes:
        case [(2, _, *further)]:
            return all(side == 1 for side in further)
    return False
