"""What a face detector gives: faces at square boxes, as dlib's landmark predictor expects them."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kith.vision.observations import Rgb


class Detection(NamedTuple):
    """A face at integer pixels (right and bottom excluded) with the detector's own score.

    `frontality` is the distance of the eyes over that from their middle to the mouth's: about 1 seen from the front,
    towards 0 in profile.
    """

    left: int
    top: int
    right: int
    bottom: int
    score: float
    frontality: float = 1.0  # dlib's detectors mark no eyes

    @property
    def width(self) -> int:
        """Width of the box in pixels."""
        return self.right - self.left


Detector = Callable[[Rgb], list[Detection]]


def wide_enough(detector: Detector, min_face: int) -> Detector:
    """Return the detector without the faces that are narrower than `min_face` pixels of the picture it is given."""
    return lambda rgb: [one for one in detector(rgb) if one.width >= min_face]


def squared(row: NDArray[np.float32]) -> Detection:
    """Return YuNet's row (x, y, width, height, five points, score) as the square of equal area around its centre."""
    x, y, w, h = (float(value) for value in row[:4])
    side = round(math.sqrt(w * h))
    left, top = round(x + (w - side) / 2), round(y + (h - side) / 2)
    return Detection(left, top, left + side, top + side, float(row[14]), _frontality(row[4:14].reshape(5, 2)))


def _frontality(points: NDArray[np.float32]) -> float:
    right_eye, left_eye, _, right_mouth, left_mouth = points
    down = float(np.linalg.norm((right_mouth + left_mouth) / 2 - (right_eye + left_eye) / 2))
    return float(np.linalg.norm(left_eye - right_eye)) / max(down, 1.0)
