"""Turn faces to dlib's standard position by its five landmarks, and say how sharp they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.vision.detect import Detection, Detector
from app.vision.model_files import packaged_model
from app.vision.observations import Rgb

CHIP_SIDE = 150  # the input of dlib's face network
CHIP_PADDING = 0.25  # the margin the network was trained with
SHARPNESS_SIDE = 64  # pixels: what is lost below it hardly harms recognition
LANDMARKS = "shape_predictor_5_face_landmarks.dat"

Predictor = Callable[[Rgb, Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class AlignedFace:
    """A detected face, its upright `chip` (150 x 150 RGB) and its sharpness."""

    detection: Detection
    chip: Rgb
    sharpness: float


def landmark_predictor() -> Predictor:
    """Return dlib's five-point landmark predictor; raises ModelMissing."""
    import dlib

    predictor: Predictor = dlib.shape_predictor(str(packaged_model(LANDMARKS)))
    return predictor


def detect_and_align_faces(rgb: Rgb, detector: Detector, predictor: Predictor) -> list[AlignedFace]:
    """Return every face of an upright RGB photo, the largest first."""
    faces = [_align(rgb, detection, predictor) for detection in detector(rgb)]
    return sorted(faces, key=lambda face: -face.detection.width)


def _align(rgb: Rgb, detection: Detection, predictor: Predictor) -> AlignedFace:
    import dlib

    shape = predictor(rgb, dlib.rectangle(*detection[:4]))
    chip = dlib.get_face_chip(rgb, shape, CHIP_SIDE, CHIP_PADDING)
    return AlignedFace(detection, chip, sharpness(chip))


def sharpness(chip: Rgb) -> float:
    """Return the variance of the Laplacian of an aligned face shrunk to one small size.

    A face enlarged to the chip holds no detail at the chip's own pixels, so the plain measure tells its size; at
    SHARPNESS_SIDE sharp faces of any size measure alike: docs/recognition.md.
    """
    import cv2

    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(small, cv2.CV_64F).var())
