"""Turn aligned faces into dlib's 128-D vectors, of the face and of its mirror image."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from app.vision.model_files import packaged_model
from app.vision.observations import Rgb

FACE_MODEL_ID = "dlib_face_recognition_resnet_model_v1"

FaceEncoder = Callable[[Sequence[Rgb]], tuple[NDArray[np.float32], NDArray[np.float32]]]


def dlib_encoder(batch_size: int) -> FaceEncoder:
    """Return an encoder from chips (150 x 150 RGB) to plain and mirror vectors, each N x 128.

    Two faces of one person are usually nearer than 0.6 (Euclidean): the scale of all face distances here.
    Raises ModelMissing.
    """
    import dlib

    network = dlib.face_recognition_model_v1(str(packaged_model(f"{FACE_MODEL_ID}.dat")))

    def encode(chips: Sequence[Rgb]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        images = [*chips, *(np.ascontiguousarray(chip[:, ::-1]) for chip in chips)]
        vectors = np.empty((len(images), 128), np.float32)
        for start in range(0, len(images), batch_size):
            batch = network.compute_face_descriptor(images[start : start + batch_size])
            vectors[start : start + batch_size] = batch
        return vectors[: len(chips)], vectors[len(chips) :]

    return encode
