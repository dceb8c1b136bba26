"""Find faces and turn them upright as their face model was trained with them, and say how sharp they are."""

from collections.abc import Callable
from dataclasses import dataclass

from kith.vision.detection import Detect, Detection, turned
from kith.vision.face_model import FaceModel
from kith.vision.observations import Rgb

FINE_ENOUGH = 30  # pixels: fewer tell much less, and more hardly anything: docs/recognition.md
SHARPNESS_SIDE = 64  # pixels: what is lost below it hardly harms recognition


@dataclass(frozen=True, slots=True, eq=False)
class AlignedFace:
    """A face detected in the working copy, its upright `chip` (square RGB) and that one's sharpness.

    `pixels` is the width of the face in the pixels that the chip was cut from.
    """

    detection: Detection
    chip: Rgb
    pixels: float
    sharpness: float


def detect_and_align_faces(
    decoded: Rgb,
    working: Rgb,
    detect: Detect,
    model: FaceModel,
    twice_as_fine: Callable[[], Rgb] | None = None,
) -> list[AlignedFace]:
    """Return every face of an upright RGB photo, the largest first.

    Faces are found in `working`. `decoded` is the same photo with as many pixels or more, and chips are cut from it,
    since each pixel more helps to recognise a small face; where one is narrower than FINE_ENOUGH they are cut from what
    `twice_as_fine` reads: docs/recognition.md. In a photo that lies or is upside down all of them do.
    """
    found = sorted(detect(working), key=lambda face: -face.width)
    if not found:
        return []
    narrowest = found[-1].width * _finer(decoded, working)
    if twice_as_fine and narrowest < FINE_ENOUGH:
        decoded = twice_as_fine()
    finer = _finer(decoded, working)
    height, width = decoded.shape[:2]
    upright = turned(decoded, found[0].turns)
    aligned = []
    for face in found:
        place = face.scaled(finer).turned(face.turns, width, height)
        chip = model.align(upright, place)
        aligned.append(AlignedFace(face, chip, face.width * finer, sharpness(chip)))
    return aligned


def _finer(decoded: Rgb, working: Rgb) -> float:
    return float(max(decoded.shape) / max(working.shape))


def sharpness(chip: Rgb) -> float:
    """Return the variance of the Laplacian of an aligned face shrunk to one small size.

    A face enlarged to the chip holds no detail at the chip's own pixels, so the plain measure tells its size; at
    SHARPNESS_SIDE sharp faces of any size measure alike: docs/recognition.md.
    """
    import cv2

    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(small, cv2.CV_64F).var())
