"""Find faces in upright pixels: YuNet where its model file is there, else dlib's HOG."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.vision.observations import Rgb

YUNET_SCORE = 0.6  # faces found against false ones on annotated photos: docs/recognition.md
YUNET_OVERLAP = 0.3  # non-maximum suppression, as in OpenCV's own sample
YUNET_CANDIDATES = 5000


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
    frontality: float = 1.0  # HOG finds no profiles

    @property
    def width(self) -> int:
        """Width of the box in pixels."""
        return self.right - self.left


Detector = Callable[[Rgb], list[Detection]]


def yunet(model: Path) -> Detector:
    """Return YuNet (OpenCV `FaceDetectorYN`) over the model file, its boxes squared as dlib's predictor expects."""
    import cv2

    network = np.frombuffer(model.read_bytes(), np.uint8)  # a buffer: OpenCV cannot open every path on Windows
    nothing = np.empty(0, np.uint8)
    engine = cv2.FaceDetectorYN.create(
        "onnx", network, nothing, (320, 320), YUNET_SCORE, YUNET_OVERLAP, YUNET_CANDIDATES
    )

    def detect(rgb: Rgb) -> list[Detection]:
        engine.setInputSize((rgb.shape[1], rgb.shape[0]))
        _, rows = engine.detect(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))  # rows is None where no face shows
        return [_squared(np.asarray(row, np.float32)) for row in rows] if np.ndim(rows) else []

    return detect


def _squared(row: NDArray[np.float32]) -> Detection:
    """Return YuNet's row (box, five points, score) as the square of equal area around the same centre."""
    x, y, w, h = (float(value) for value in row[:4])
    side = round(math.sqrt(w * h))
    left, top = round(x + (w - side) / 2), round(y + (h - side) / 2)
    return Detection(left, top, left + side, top + side, float(row[14]), _frontality(row[4:14].reshape(5, 2)))


def _frontality(points: NDArray[np.float32]) -> float:
    right_eye, left_eye, _, right_mouth, left_mouth = points
    down = float(np.linalg.norm((right_mouth + left_mouth) / 2 - (right_eye + left_eye) / 2))
    return float(np.linalg.norm(left_eye - right_eye)) / max(down, 1.0)


def hog() -> Detector:
    """Return dlib's HOG detector, upsampling once as face_recognition does."""
    import dlib

    engine = dlib.get_frontal_face_detector()

    def detect(rgb: Rgb) -> list[Detection]:
        boxes, scores, _ = engine.run(rgb, 1, 0.0)
        return [
            Detection(box.left(), box.top(), box.right(), box.bottom(), float(score))
            for box, score in zip(boxes, scores, strict=True)
        ]

    return detect
