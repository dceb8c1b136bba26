"""Turn the clothed body of a person into a vector, by a network for person re-identification."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from kith.errors import ModelMissing
from kith.vision.detection import Detection
from kith.vision.export import Definition, Source
from kith.vision.metric import Metric
from kith.vision.observations import Rgb, Vector
from kith.vision.runtime import Network
from kith.vision.torchreid_networks import torchreid_network
from kith.vision.weights import is_exported, vector_length, weights_id

INPUT_HEIGHT, INPUT_WIDTH = 256, 128  # what TorchReID trains and tests with
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406]) * 255  # TorchReID's normalisation, for pixels 0..255
IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225]) * 255
BODY_WIDTH, BODY_HEIGHT = 2.5, 5.0  # in face sizes, below the chin: docs/recognition.md
LEAST_SHOWN = 2.5  # in face sizes, from the face's top down: less is a head, whose clothes nobody sees: decision 044


class BodyModel(Protocol):
    """Turns crops of people into vectors, each stored under its `id`."""

    id: str

    def __init__(self, network: Network, model_id: str) -> None:
        """Take the network; raises ModelMissing where it gives no vector per image."""

    @classmethod
    def id_of(cls, name: str, file: Path | None) -> str:
        """Return the id for a name in the settings and a file of weights; raises ModelMissing."""

    @classmethod
    def source(cls, name: str, file: Path | None) -> Source:
        """Return where the network of that name comes from; raises ModelMissing."""

    def fitted(self, crop: Rgb) -> Rgb:
        """Return a crop of any size as small as the network takes it."""

    def encode(self, crops: Sequence[Rgb]) -> Vector:
        """Return a vector of each crop, at least one: N x D."""


def body_region(face: Detection, height: int, width: int) -> tuple[int, int, int, int] | None:
    """Return left, top, right, bottom of the body below a face in a photo of that size, None if it lies outside."""
    side = face.width
    chin = face.bottom
    centre = (face.left + face.right) / 2
    half = BODY_WIDTH / 2 * side
    left = max(round(centre - half), 0)
    top = max(chin, 0)
    right = min(round(centre + half), width)
    bottom = min(round(chin + BODY_HEIGHT * side), height)
    if min(right - left, bottom - top) < side / 2:
        return None
    return left, top, right, bottom


def shows_more_than_the_head(face: Detection, bottom: int) -> bool:
    """Say whether a body that ends at `bottom` shows enough below its face to be told by it."""
    return bottom - face.top >= LEAST_SHOWN * face.height


class TorchreidBodyExtractor:
    """Body vectors from crops of people, by a network of TorchReID's or an .onnx file of any maker's.

    The network takes RGB of the size that its file says, else TorchReID's, normalised as TorchReID does, and gives
    N x D or N x D x 1 x 1. FastReID puts the normalisation into the network, where its mean is found; all others are
    taken to want TorchReID's. Raises ModelMissing where a file gives no vector per image.
    """

    metric = Metric.COSINE

    def __init__(self, network: Network, model_id: str) -> None:
        self.id = model_id
        self._network = network
        height, width = network.input_shape[2:]
        self._height = height or INPUT_HEIGHT
        self._width = width or INPUT_WIDTH
        file = network.file
        mean, deviation = (0.0, 1.0) if _normalises(file) else (IMAGENET_MEAN, IMAGENET_DEVIATION)
        self._factor = np.float32(1 / deviation).reshape(-1, 1, 1)
        self._offset = np.float32(-mean / deviation).reshape(-1, 1, 1)
        if file:
            vector_length(network, file, self._height, self._width)

    @classmethod
    def id_of(cls, name: str, file: Path | None) -> str:
        """Return the id under which its vectors are stored: name and hash, since users bring files of their own."""
        return weights_id(name, file) if file else name

    @classmethod
    def source(cls, name: str, file: Path | None) -> Source:
        """Return the whole network in a file, or TorchReID's of that name with the weights in it."""
        if file is None:
            raise ModelMissing(f"There are no weights for {name}: let reid_weights name a file of yours")
        if is_exported(file):
            return file
        return Definition(weights_id(name, file), lambda: torchreid_network(name, file), INPUT_HEIGHT, INPUT_WIDTH)

    def fitted(self, crop: Rgb) -> Rgb:
        """Return the RGB crop (any size) at the size that the network takes."""
        import cv2

        small = cv2.resize(crop, (self._width, self._height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(small, np.uint8)

    def encode(self, crops: Sequence[Rgb]) -> Vector:
        """Return a vector of each RGB crop (any size, at least one crop): N x D, length 1."""
        small = np.stack([self.fitted(crop) for crop in crops])
        images = small.transpose(0, 3, 1, 2).astype(np.float32, order="C")
        images *= self._factor
        images += self._offset
        outputs = self._network(images)[0]
        vectors = outputs.reshape(len(crops), -1)
        return self.metric.stored(vectors)


def _normalises(file: Path | None) -> bool:
    if file is None:
        return False
    mean = IMAGENET_MEAN.astype("<f4")
    return mean.tobytes() in file.read_bytes()
