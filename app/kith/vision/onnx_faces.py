"""Networks for faces in .onnx files: those that are published, and the user's own."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from kith.errors import ModelMissing
from kith.vision.detection import Detection
from kith.vision.dlib_faces import eyes_and_nose, landmark_predictor
from kith.vision.face_model import FaceModel
from kith.vision.metric import Metric
from kith.vision.observations import Rgb, Vector
from kith.vision.runtime import Images, Network
from kith.vision.template import SIDE, chip
from kith.vision.weights import vector_length, weights_id

DLIBS_SCALE = 0.5  # times the distance of vectors of length 1: strangers begin where they do in dlib's, at about 0.6
LEAST_LENGTH = 64  # numbers: fewer do not tell faces apart, but ages perhaps, which lie beside face networks


class OnnxFaces(FaceModel):
    """A network of ArcFace's kind, from a file of the user's own where no subclass says of which.

    It takes what most of them do: `channels` from 0 to 255 less `mean` and divided by `spread`, of a square chip with
    eyes, nose and mouth at ArcFace's places, as large as the file says, else 112 pixels. Vectors are compared by angle,
    and stored so short that distances mean what they do in dlib's. Raises ModelMissing where the file holds another
    kind of network.
    """

    metric = Metric.COSINE
    channels: ClassVar[str] = "RGB"
    mean: ClassVar[float] = 127.5
    spread: ClassVar[float] = 127.5

    def __init__(self, network: Network, model_id: str = "") -> None:
        super().__init__(network, model_id)
        assert network.file
        self._side = _side(network, network.file)
        self.length = _length(network, network.file, self._side)

    @classmethod
    def id_of(cls, name: str, file: Path | None) -> str:
        """Return the id under which its vectors are stored: of the user's own, name and hash of the file."""
        if file is None or hasattr(cls, "id"):
            return super().id_of(name, file)
        return weights_id(name, file, "face_model")

    @classmethod
    def source(cls, name: str, file: Path | None) -> Path:
        """Return the file."""
        if file is None:
            raise ModelMissing(f"The face network {name} needs a file: let face_model name one.")
        return file

    def align(self, rgb: Rgb, face: Detection) -> Rgb:
        """Return the face upright, RGB, by the detector's points or, where it marks none, by dlib's."""
        points = face.points or eyes_and_nose(self._landmarks, rgb, face)
        return chip(rgb, points, self._side)

    def encode(self, chips: Sequence[Rgb]) -> Vector:
        """Return a vector of each chip, of length DLIBS_SCALE: N x `length`."""
        return super().encode(chips) * np.float32(DLIBS_SCALE)

    @cached_property
    def _landmarks(self) -> Any:
        return landmark_predictor()

    def _images(self, chips: Sequence[Rgb]) -> Images:
        images = super()._images(chips)
        if self.channels == "BGR":
            images = images[:, ::-1]
        return np.ascontiguousarray((images - self.mean) / self.spread, np.float32)


def _side(network: Network, file: Path) -> int:
    height, width = network.input_shape[2:]
    if height != width:
        raise ModelMissing(
            f"{file} takes pictures of {height or 'any'} x {width or 'any'} pixels, where a face network takes square "
            "ones: let face_model name another file."
        )
    return height or SIDE


def _length(network: Network, file: Path, side: int) -> int:
    length = vector_length(network, file, side, side)
    if length < LEAST_LENGTH:
        raise ModelMissing(
            f"{file} gives {length} numbers for a face, where networks that tell faces apart give {LEAST_LENGTH} or "
            "more: let face_model name another file."
        )
    return length


class SFace(OnnxFaces):
    """The network that OpenCV's FaceRecognizerSF runs: RGB from 0 to 255, since its own first layers scale it."""

    id = "sface_2021dec"
    length = 128
    mean = 0.0
    spread = 1.0


class AuraFace(OnnxFaces):
    """A ResNet of 100 layers trained as ArcFace is, on photos that may be used for it."""

    id = "auraface_v1"
    length = 512
