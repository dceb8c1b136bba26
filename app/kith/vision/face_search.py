"""Look for faces of every size in the frame and every way up, by a detector of upright ones of ordinary size."""

from collections.abc import Sequence

from kith.vision.detection import Detect, Detection, FaceDetector, apart, sure_enough, turned, wide_enough
from kith.vision.observations import Rgb
from kith.vision.tiles import tiled
from kith.vision.working_copy import working_copy

SMALL = 320  # pixels: in so small a picture even a face that fills it is of ordinary size
INSIDE = 0.5  # of the smaller box: two that share more are not two faces


def face_search(detector: FaceDetector, side: int, min_face: int) -> Detect:
    """Return the search for faces in working copies whose longer side is `side` pixels, or more where there are tiles.

    A copy is looked at as it is and once more SMALL. Where no face is surely the right way up it is turned, too, and
    taken the way up of its surest face. Faces narrower than `min_face` pixels of what is looked at are left out. All of
    it is measured: docs/recognition.md.
    """
    detect = wide_enough(detector, min_face)
    detect_surely = sure_enough(detect, detector.sure_again)
    look = tiled(_at_two_sizes(detect, detect_surely, detector.overlap), side, detector.overlap)
    glance = tiled(detect_surely, SMALL, detector.overlap)

    def search(rgb: Rgb) -> list[Detection]:
        found = look(rgb)
        surest = _surest(found)
        if surest >= detector.sure:
            return found
        small = working_copy(rgb, round(SMALL * max(1.0, max(rgb.shape) / side)))
        score, turns = max((_surest(glance(turned(small, turns))), turns) for turns in (1, 2, 3))
        if score <= surest:
            return found
        upright = turned(rgb, turns)
        height, width = upright.shape[:2]
        return [face.turned(-turns, width, height) for face in look(upright)]

    return search


def _at_two_sizes(detect: Detect, detect_small: Detect, overlap: float) -> Detect:
    """Return the detector that sees each picture once more SMALL; of boxes of one face the surest stands."""

    def detect_all(rgb: Rgb) -> list[Detection]:
        found = detect(rgb)
        small = working_copy(rgb, SMALL)
        if small is rgb:
            return found
        scale = max(rgb.shape) / max(small.shape)
        found += [face.scaled(scale) for face in detect_small(small)]
        found.sort(key=lambda face: -face.score)
        return apart(found, overlap, INSIDE)

    return detect_all


def _surest(found: Sequence[Detection]) -> float:
    """Return the score of the surest face; where there is none, one that every face exceeds."""
    return max((face.score for face in found), default=float("-inf"))
