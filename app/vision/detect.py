"""Find faces in upright pixels: YuNet where its model file is there, else dlib's HOG."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from app.vision.observations import Rgb

YUNET_SCORE = 0.6  # faces found against false ones on annotated photos: docs/recognition.md
YUNET_OVERLAP = 0.3  # non-maximum suppression, as in OpenCV's own sample
YUNET_CANDIDATES = 5000


class Detection(NamedTuple):
    """A face at integer pixels (right and bottom excluded) with the detector's own score."""

    left: int
    top: int
    right: int
    bottom: int
    score: float

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
        _, rows = engine.detect(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        return [_squared(row) for row in ([] if rows is None else rows)]

    return detect


def _squared(row: Any) -> Detection:
    x, y, w, h = (float(value) for value in row[:4])
    side = max(w, h)
    left, top = round(x + (w - side) / 2), round(y + (h - side) / 2)
    return Detection(left, top, left + round(side), top + round(side), float(row[14]))


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
