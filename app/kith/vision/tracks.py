"""Faces followed through the shots of a video: one appearance of somebody in each, by their best frames."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kith.photos.video import Frame
from kith.vision.metric import Metric
from kith.vision.observations import Appearance, Observation, Rgb, Vector

_BEST = 3  # frames, of which the vectors are averaged
# Two faces nearer than this are one person's for sure enough within a shot; far below what a stranger comes to.
_SAME = {Metric.EUCLIDEAN: 0.45, Metric.COSINE: 0.85}
_CUT = 18.0  # of 255: how much two frames differ where one shot ends and another begins
_SMALL = (16, 9)
_GONE_MS = 5000  # whoever comes back after so long appears once more


def shots(frames: Iterable[Frame]) -> Iterator[tuple[Frame, int]]:
    """Yield the frames of a video, each with the number of the shot that it is in."""
    shot, before = 0, None
    for frame in frames:
        small = _small(frame.rgb)
        if before is not None and float(np.abs(small - before).mean()) > _CUT:
            shot += 1
        before = small
        yield frame, shot


def _small(rgb: Rgb) -> Vector:
    import cv2

    return np.asarray(cv2.resize(rgb, _SMALL, interpolation=cv2.INTER_AREA), np.float32)


@dataclass(slots=True)
class _Track:
    """The faces of somebody in a shot."""

    faces: list[Observation] = field(default_factory=list)

    def distance(self, face: Observation) -> float:
        """Return how far a face is from the nearest of them, infinitely where it shows beside them, or long after."""
        passed = (face.box.moment or 0) - (self.faces[-1].box.moment or 0)
        if not 0 < passed < _GONE_MS:
            return float("inf")
        return min(float(np.linalg.norm(known.vector - face.vector)) for known in self.faces)

    def appearance(self, metric: Metric) -> Appearance:
        """Return the best of them, described by the best few."""
        best = sorted(self.faces, key=_quality, reverse=True)[:_BEST]
        mean = np.mean([face.vector for face in best], axis=0, dtype=np.float32)
        (vector,) = metric.stored(np.atleast_2d(mean))
        shown = replace(best[0], vector=vector)
        return Appearance(shown.box, (shown,))


def _quality(face: Observation) -> float:
    return face.frontality * min(face.pixels, 150.0) * min(face.sharpness, 300.0)


def tracked(seen: Sequence[Appearance], of_shots: Sequence[int | None], metric: Metric) -> list[Appearance]:
    """Return who shows in each shot, once; appearances in no shot, those in photos, as they are."""
    found: list[Appearance] = []
    tracks: dict[int, list[_Track]] = {}
    for appearance, shot in zip(seen, of_shots, strict=True):
        if shot is None:
            found.append(appearance)
            continue
        face, others = appearance.observations[0], tracks.setdefault(shot, [])
        nearest = min(others, key=lambda track: track.distance(face), default=None)
        if nearest is None or nearest.distance(face) > _SAME[metric]:
            others.append(nearest := _Track())
        nearest.faces.append(face)
    return [*found, *(track.appearance(metric) for of_shot in tracks.values() for track in of_shot)]
