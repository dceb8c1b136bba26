"""What a network for faces is to the rest of the program."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import ClassVar

import numpy as np

from kith import model_registry
from kith.vision.detection import Detection
from kith.vision.export import Source
from kith.vision.metric import Metric
from kith.vision.observations import Rgb, Vector
from kith.vision.runtime import Images, Network


class FaceModel(ABC):
    """Turns faces into vectors; each is a subclass of its own, named in a row of the registry.

    `id` is stored with every vector, so it never changes; vectors have `length` numbers and are compared by `metric`.
    """

    id: str
    length: int
    metric: ClassVar[Metric]

    def __init__(self, network: Network, model_id: str = "") -> None:
        self._network = network
        self.id = model_id or self.id

    @classmethod
    def id_of(cls, _name: str, _file: Path | None) -> str:
        """Return the id under which its vectors are stored."""
        return cls.id

    @classmethod
    @abstractmethod
    def source(cls, name: str, file: Path | None) -> Source:
        """Return where its network comes from, by the file of its row; raises ModelMissing."""

    @abstractmethod
    def align(self, rgb: Rgb, face: Detection) -> Rgb:
        """Return the chip of a face in an upright RGB photo: square, as large as the network takes it, RGB."""

    def encode(self, chips: Sequence[Rgb]) -> Vector:
        """Return a vector of each chip: N x `length`."""
        if not chips:
            return np.empty((0, self.length), np.float32)
        (vectors,) = self._network(self._images(chips))
        return self.metric.stored(vectors)

    def _images(self, chips: Sequence[Rgb]) -> Images:
        """Return what the network takes, N x 3 x side x side: RGB from 0 to 255 unless a model says otherwise."""
        return np.stack(chips).transpose(0, 3, 1, 2).astype(np.float32, order="C")


def default_face_model() -> type[FaceModel]:
    """Return the model that faces are compared by."""
    return _class_of(model_registry.FACE_MODELS[0])


def vector_lengths() -> dict[str, int]:
    """Return how many numbers the vectors of each face model have, by its id."""
    models = map(_class_of, model_registry.FACE_MODELS)
    return {model.id: model.length for model in models}


def _class_of(model: model_registry.Model) -> type[FaceModel]:
    found: type[FaceModel] = resolve_name(model.code)
    return found
