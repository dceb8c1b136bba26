"""How vectors of one model are compared, and how they are stored for it."""

from enum import StrEnum

import numpy as np

from kith.vision.observations import Vector


class Metric(StrEnum):
    """What says how much alike two vectors are."""

    EUCLIDEAN = "euclidean"  # their distance
    COSINE = "cosine"  # their angle

    def stored(self, vectors: Vector) -> Vector:
        """Return the vectors (N x D) as they are stored: for angles with length 1, so that distances order alike."""
        if self is Metric.EUCLIDEAN:
            return vectors
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, np.float32(1e-12)), np.float32)
