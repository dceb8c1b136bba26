"""Turn faces to dlib's standard position by its five landmarks, and say how sharp they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kith.errors import ModelMissing
from kith.vision.detect import Detection, Detector
from kith.vision.model_files import packaged_model
from kith.vision.observations import Rgb

CHIP_SIDE = 150  # the input of dlib's face network
CHIP_PADDING = 0.25  # the margin the network was trained with
FINE_ENOUGH = 30  # pixels: fewer give no name, and more of them hardly help: docs/recognition.md
SHARPNESS_SIDE = 64  # pixels: what is lost below it hardly harms recognition
LANDMARKS = "shape_predictor_5_face_landmarks.dat"

Predictor = Callable[[Rgb, Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class AlignedFace:
    """A face detected in the working copy, its upright `chip` (150 x 150 RGB) and that one's sharpness.

    `pixels` is the width of the face in the pixels that the chip was cut from.
    """

    detection: Detection
    chip: Rgb
    pixels: float
    sharpness: float


def landmark_predictor() -> Predictor:
    """Return dlib's five-point landmark predictor; raises ModelMissing."""
    import dlib

    file = packaged_model(LANDMARKS)
    try:
        predictor: Predictor = dlib.shape_predictor(str(file))
    except RuntimeError as error:
        raise ModelMissing(f"{file} is damaged: install the package face_recognition_models again.") from error
    return predictor


def detect_and_align_faces(
    decoded: Rgb,
    working: Rgb,
    detector: Detector,
    predictor: Predictor,
    twice_as_fine: Callable[[], Rgb] | None = None,
) -> list[AlignedFace]:
    """Return every face of an upright RGB photo, the largest first.

    Faces are found in `working`. `decoded` is the same photo with as many pixels or more, and chips are cut from it,
    since each pixel more helps to recognise a small face; where one is narrower than FINE_ENOUGH they are cut from what
    `twice_as_fine` reads: docs/recognition.md.
    """
    found = sorted(detector(working), key=lambda one: -one.width)
    if found and twice_as_fine and found[-1].width * _finer(decoded, working) < FINE_ENOUGH:
        decoded = twice_as_fine()
    return [_align(decoded, _finer(decoded, working), detection, predictor) for detection in found]


def _finer(decoded: Rgb, working: Rgb) -> float:
    return float(max(decoded.shape) / max(working.shape))


def _align(decoded: Rgb, finer: float, detection: Detection, predictor: Predictor) -> AlignedFace:
    import dlib

    shape = predictor(decoded, dlib.rectangle(*(round(corner * finer) for corner in detection[:4])))
    chip = dlib.get_face_chip(decoded, shape, CHIP_SIDE, CHIP_PADDING)
    return AlignedFace(detection, chip, detection.width * finer, sharpness(chip))


def sharpness(chip: Rgb) -> float:
    """Return the variance of the Laplacian of an aligned face shrunk to one small size.

    A face enlarged to the chip holds no detail at the chip's own pixels, so the plain measure tells its size; at
    SHARPNESS_SIDE sharp faces of any size measure alike: docs/recognition.md.
    """
    import cv2

    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(small, cv2.CV_64F).var())
