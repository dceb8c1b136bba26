"""Turn the clothed body of a person into a vector, by a network for person re-identification."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kith.errors import ModelMissing
from kith.vision.detect import Detection
from kith.vision.observations import Rgb
from kith.vision.runtime import Network, OnnxNetwork

INPUT_HEIGHT, INPUT_WIDTH = 256, 128  # what TorchReID trains and tests with
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406]) * 255  # TorchReID's normalisation, for pixels 0..255
IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225]) * 255
BODY_WIDTH, BODY_HEIGHT = 2.5, 5.0  # in face sizes, below the chin: docs/recognition.md
BATCH_SIZE = 2  # larger ones are slower on a CPU


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
        content = weights.read_bytes() + (beside.read_bytes() if os.path.isfile(beside) else b"")
        return f"{name}:{hashlib.sha256(content).hexdigest()[:12]}"
    except OSError as error:
        raise ModelMissing(f"{weights} cannot be read ({error.strerror}): correct that or {setting}") from error


def body_region(face: Detection, height: int, width: int) -> tuple[int, int, int, int] | None:
    """Return left, top, right, bottom of the body below a face in a photo of that size, None if it lies outside."""
    side = face.width
    centre = (face.left + face.right) / 2
    left, right = (round(centre + sign * BODY_WIDTH / 2 * side) for sign in (-1, 1))
    top, bottom = face.bottom, round(face.bottom + BODY_HEIGHT * side)
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    return (left, top, right, bottom) if right - left >= side / 2 and bottom - top >= side / 2 else None


class TorchreidBodyExtractor:
    """L2-normalised body vectors from crops of people.

    The network takes RGB of that height and width, normalised as TorchReID does unless it `normalises` itself, and
    gives N x D or N x D x 1 x 1.
    """

    def __init__(
        self,
        network: Network,
        model_id: str,
        height: int = INPUT_HEIGHT,
        width: int = INPUT_WIDTH,
        normalises: bool = False,
    ) -> None:
        self.model_id = model_id
        self._network = network
        self._size = width, height
        mean, deviation = (0.0, 1.0) if normalises else (IMAGENET_MEAN, IMAGENET_DEVIATION)
        self._factor = np.float32(1 / deviation)
        self._offset = np.float32(-mean / deviation)

    def fitted(self, crop: Rgb) -> Rgb:
        """Return the RGB crop (any size) at the size that the network takes."""
        import cv2

        return np.asarray(cv2.resize(crop, self._size, interpolation=cv2.INTER_LINEAR), np.uint8)

    def __call__(self, crops: Sequence[Rgb]) -> NDArray[np.float32]:
        """Return one vector per RGB crop (any size, at least one crop): N x D, length 1."""
        small = np.stack([self.fitted(crop) for crop in crops])
        images = np.ascontiguousarray((small * self._factor + self._offset).transpose(0, 3, 1, 2))
        vectors = self._network(images)[0].reshape(len(crops), -1)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        normed: NDArray[np.float32] = vectors / np.maximum(lengths, np.float32(1e-12))
        return normed


def onnx_bodies(file: Path, model_id: str, batch_size: int = BATCH_SIZE) -> TorchreidBodyExtractor:
    """Return the extractor over an .onnx file, exported from TorchReID, FastReID or others; its input size is read.

    FastReID puts the normalisation into the network, where its mean is found; all others are taken to want TorchReID's.
    Raises ModelMissing where the file gives no vector per image.
    """
    network = OnnxNetwork(file, batch_size)
    height, width = network.input_shape[2] or INPUT_HEIGHT, network.input_shape[3] or INPUT_WIDTH
    _check_vectors(network, file, height, width)
    return TorchreidBodyExtractor(network, model_id, height, width, _normalises(file))


def _check_vectors(network: Network, file: Path, height: int, width: int) -> None:
    try:
        outputs = network(np.zeros((2, 3, height, width), np.float32))
    except Exception as error:  # ONNX Runtime's exceptions have no common base
        raise ModelMissing(
            f"{file} cannot be run on two images of {height} x {width} pixels: export it again, for any size of batch."
        ) from error
    shapes = [output.shape for output in outputs]
    if len(shapes) != 1 or len(shapes[0]) < 2 or shapes[0][0] != 2 or np.prod(shapes[0][2:]) != 1:
        given = ", ".join(" x ".join(map(str, shape)) for shape in shapes)
        raise ModelMissing(
            f"{file} gives {given or 'nothing'} for two images, where one vector for each is needed (2 x length): "
            "export the network without its classifier and up to its pooled features."
        )
    if not np.isfinite(outputs[0]).all():
        raise ModelMissing(
            f"{file} gives vectors that are no numbers: its weights are damaged, fetch or export it anew."
        )


def _normalises(file: Path) -> bool:
    return IMAGENET_MEAN.astype("<f4").tobytes() in file.read_bytes()
