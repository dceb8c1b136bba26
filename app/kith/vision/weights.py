"""Files of weights that users bring: told apart by what they hold."""

import hashlib
import os
from pathlib import Path

from kith.errors import ModelMissing
from kith.vision.file_hash import sha256_of


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
