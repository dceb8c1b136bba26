"""Turn aligned faces into dlib's 128-D vectors."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kith.vision.dlib_network import VECTOR_LENGTH
from kith.vision.model_files import packaged_model
from kith.vision.observations import Rgb
from kith.vision.runtime import Network

FACE_MODEL_ID = "dlib_face_recognition_resnet_model_v1"

FaceEncoder = Callable[[Sequence[Rgb]], NDArray[np.float32]]


def face_weights() -> Path:
    """Return dlib's file of the face network; raises ModelMissing."""
    return packaged_model(f"{FACE_MODEL_ID}.dat")


def face_encoder(network: Network) -> FaceEncoder:
    """Return an encoder from chips (150 x 150 RGB) to vectors, N x 128.

    Two faces of one person are usually nearer than 0.6 (Euclidean): the scale of all face distances here.
    """

    def encode(chips: Sequence[Rgb]) -> NDArray[np.float32]:
        if not chips:
            return np.empty((0, VECTOR_LENGTH), np.float32)
        (vectors,) = network(np.stack(chips).transpose(0, 3, 1, 2).astype(np.float32, order="C"))
        return vectors

    return encode
