"""Look for faces of every size in the frame and every way up, by a detector of upright ones of ordinary size."""

import math
from collections.abc import Sequence

import numpy as np

from kith.vision.detection import Detect, Detection, FaceDetector, apart, sure_enough, turned, wide_enough
from kith.vision.observations import Rgb
from kith.vision.tiles import tiled
from kith.vision.working_copy import working_copy

SMALL = 320  # pixels: in so small a picture even a face that fills it is of ordinary size
NOBODY = -math.inf  # the score that every face exceeds
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
        turns = _way_up(small, glance, surest)
        if not turns:
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


def _way_up(small: Rgb, glance: Detect, as_it_came: float) -> int:
    """Return after how many quarter turns, counter-clockwise, the surest face is upright, or nearly so.

    Half-way between two ways up a face is found in both, and often surer upside down: the look from there tells. Only a
    way up in which a face is found by itself counts.
    """
    straight = [as_it_came, *(_surest(glance(turned(small, turns))) for turns in (1, 2, 3))]
    if max(straight[1:]) == NOBODY:
        return 0
    between = [_surest(glance(_tilted(small, turns + 0.5))) for turns in range(4)]
    sure = [max(straight[turns], between[turns], between[turns - 1]) for turns in range(4)]
    return max(
        (turns for turns in range(4) if straight[turns] > NOBODY or not turns),
        key=lambda turns: (sure[turns], straight[turns], -turns),
    )


def _tilted(rgb: Rgb, turns: float) -> Rgb:
    """Return a picture turned counter-clockwise by so many quarter turns, as large as its longer side, black around."""
    import cv2

    height, width = rgb.shape[:2]
    side = max(height, width)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 90 * turns, side / math.hypot(height, width))
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    return np.asarray(cv2.warpAffine(rgb, turn, (side, side), flags=cv2.INTER_LINEAR), np.uint8)


def _surest(found: Sequence[Detection]) -> float:
    """Return the score of the surest face; where there is none, one that every face exceeds."""
    return max((face.score for face in found), default=NOBODY)
