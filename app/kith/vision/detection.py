"""What a detector is, and what it gives: faces at square boxes as dlib's landmark predictor expects them, or people."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from kith.vision.observations import Rgb

Points = tuple[tuple[float, float], ...]
"""Right eye, left eye, nose, right and left corner of the mouth, each x and y in pixels."""


class Detection(NamedTuple):
    """A face or a person at integer pixels (right and bottom excluded) with the detector's own score.

    `points` are those of a face, where the detector marks them. `turns` counts the quarter turns, counter-clockwise,
    that put it upright.
    """

    left: int
    top: int
    right: int
    bottom: int
    score: float
    points: Points | None = None
    turns: int = 0

    @property
    def width(self) -> int:
        """Width of the box in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height of the box in pixels."""
        return self.bottom - self.top

    @property
    def frontality(self) -> float:
        """The distance of the eyes over that from their middle to the mouth's.

        About 1 seen from the front, towards 0 in profile; 1 where no points are marked.
        """
        if self.points is None:
            return 1.0
        right_eye, left_eye, _, right_mouth, left_mouth = np.array(self.points, np.float32)
        mouth = (right_mouth + left_mouth) / 2
        eyes = (right_eye + left_eye) / 2
        down = float(np.linalg.norm(mouth - eyes))
        across = float(np.linalg.norm(left_eye - right_eye))
        return across / max(down, 1.0)

    def moved(self, right: int, down: int) -> "Detection":
        """Return it that many pixels farther right and down."""
        left, top, right_edge, bottom = self[:4]
        points = self.points and tuple((x + right, y + down) for x, y in self.points)
        return self._replace(
            left=left + right, top=top + down, right=right_edge + right, bottom=bottom + down, points=points
        )

    def scaled(self, times: float) -> "Detection":
        """Return it in a picture so many times as large."""
        left, top, right, bottom = (round(side * times) for side in self[:4])
        points = self.points and tuple((x * times, y * times) for x, y in self.points)
        return self._replace(left=left, top=top, right=right, bottom=bottom, points=points)

    def turned(self, turns: int, width: int, height: int) -> "Detection":
        """Return it in its picture, of `width` x `height`, after so many quarter turns counter-clockwise."""
        seen = self
        for _ in range(turns % 4):
            seen = seen._turned_once(width)
            width, height = height, width
        return seen

    def _turned_once(self, width: int) -> "Detection":
        points = self.points and tuple((y, width - x) for x, y in self.points)
        return Detection(
            self.top, width - self.right, self.bottom, width - self.left, self.score, points, (self.turns - 1) % 4
        )


Detect = Callable[[Rgb], list[Detection]]


class Detector(Protocol):
    """Finds faces, or people, in RGB photos of any size, for several threads at a time.

    Two boxes whose intersection is more than `overlap` of their union are one face or person.
    """

    overlap: float

    def __init__(self, file: Path | None) -> None:
        """Load it; raises ModelMissing."""

    @classmethod
    def id_of(cls, name: str, file: Path | None) -> str:
        """Return the id under which its finds are stored; raises ModelMissing where the file cannot be read."""

    def __call__(self, rgb: Rgb) -> list[Detection]:
        """Return what shows in a photo, in no order."""


class FaceDetector(Detector, Protocol):
    """Finds upright faces.

    None that lies or is upside down reaches the score `sure`; what only a further look at a small or turned photo
    shows is a face from `sure_again` on.
    """

    sure: float
    sure_again: float


def wide_enough(detect: Detect, min_face: int) -> Detect:
    """Return the detector without the faces that are narrower than `min_face` pixels of the picture it is given."""
    return lambda rgb: [face for face in detect(rgb) if face.width >= min_face]


def sure_enough(detect: Detect, score: float) -> Detect:
    """Return the detector without what it is less sure of."""
    return lambda rgb: [seen for seen in detect(rgb) if seen.score >= score]


def apart(found: Sequence[Detection], overlap: float, inside: float = 1.0) -> list[Detection]:
    """Return the first of those that share more than `overlap` of their union or `inside` of the smaller one."""
    kept: list[Detection] = []
    for seen in found:
        if not any(_same(seen, other, overlap, inside) for other in kept):
            kept.append(seen)
    return kept


def _same(one: Detection, other: Detection, overlap: float, inside: float) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    if across <= 0 or down <= 0:
        return False
    shared = across * down
    areas = one.width * one.height, other.width * other.height
    return shared > overlap * (sum(areas) - shared) or shared > inside * min(areas)


def turned(rgb: Rgb, turns: int) -> Rgb:
    """Return the picture after so many quarter turns counter-clockwise."""
    return np.ascontiguousarray(np.rot90(rgb, turns))
