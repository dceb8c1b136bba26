"""Measure how faces of every size in the frame, turned and cut ones are found: `scripts/bench.py closeups`.

Each face that teaches, alone in its photo, is shown in a square frame as large as the working size: filling more or
less of it, turned, or cut by its edge. Where the photo ends before the frame, its last pixels go on. *Found*: a box
overlaps the part of the face that shows. *Alone*: and there is no other box, so that such a photo could teach. *Named*:
of the people known by their other photos, theirs is the nearest, and near enough. All of it with the first look only,
as the program looked before, and with the whole search.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import compress, cycle
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from bench_detection import annotated_photos, timed
from bench_people import DEFAULTS, PEOPLE, SHARED, TOLERANCE, Face, faces_in, progress
from bench_tables import Row, Tables
from kith.photos.box import Box
from kith.photos.facts import read_facts
from kith.photos.pixels import load_rgb
from kith.vision.alignment import detect_and_align_faces
from kith.vision.detection import Detect, Detection, wide_enough
from kith.vision.dlib_faces import DlibFaces
from kith.vision.face_search import face_search
from kith.vision.observations import Rgb, Vector
from kith.vision.runtime import TorchNetwork
from kith.vision.tiles import tiled
from kith.vision.working_copy import working_copy
from kith.vision.yunet import YuNet

SIZES = (1000, 800)  # working sizes
SHARES = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0, 1.05)  # of the frame's side that the face's takes
ORDINARY, CLOSE = 0.3, 0.8
ANGLES = (0, 30, 45, 60, 90, 120, 135, 150, 180, 270)  # degrees, counter-clockwise
CUTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)  # of the face's side, outside the frame
EDGES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # across and down
LEAST_WIDTH = 60  # pixels of a face worth enlarging
OVERLAP = 0.4
LEAST_EMPTY = 150  # pixels: the shorter side of a part of a photo where nobody's face shows
NOBODY = ("cat.jpg", "park.jpg")
COUNTED = ("found", "alone", "named")
FIRST, WHOLE = "first look", "whole search"


class Frame(NamedTuple):
    """What shows through a square frame, and where the face is in it, as far as it shows."""

    rgb: Rgb
    place: Box


class Portrait(NamedTuple):
    """A face alone in its photo: the photo's pixels, the middle of the face and its width there.

    `edge` is that by which it is cut, where it is: across and down.
    """

    face: Face
    rgb: Rgb
    x: float
    y: float
    width: float
    edge: tuple[int, int]

    def frame(self, size: int, share: float, angle: float = 0.0, cut: float | None = None) -> Frame:
        """Return the face taking `share` of the side, turned by degrees, in the middle or `cut` of it outside."""
        import cv2

        shift = 0.0 if cut is None else (1 - share) / 2 + cut * share
        x, y = 0.5 + shift * self.edge[0], 0.5 + shift * self.edge[1]
        pixels = size * share
        scale = pixels / self.width
        rgb, scale = self._shrunk(scale)
        middle = self.x * rgb.shape[1] / self.rgb.shape[1], self.y * rgb.shape[0] / self.rgb.shape[0]
        matrix = cv2.getRotationMatrix2D(middle, angle, scale)
        matrix[:, 2] += x * size - middle[0], y * size - middle[1]
        shown = cv2.warpAffine(rgb, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        place = Box(x - share / 2, y - share / 2, share, share)
        return Frame(np.asarray(shown, np.uint8), _shown(place))

    def _shrunk(self, scale: float) -> tuple[Rgb, float]:
        """Return the photo so small that little is left to shrink, since that would look at single pixels."""
        if scale >= 1:
            return self.rgb, scale
        small = working_copy(self.rgb, round(max(self.rgb.shape) * scale))
        return small, scale * max(self.rgb.shape) / max(small.shape)


def closeups(data: Path) -> Tables:
    """Compare the first look with the whole search."""
    import cv2

    cv2.setNumThreads(1)  # as in the workers
    faces = faces_in(data, PEOPLE)
    tables: Tables = {}
    for size in SIZES:
        bench = Bench(faces, size)
        tables[f"face of the frame, {size} pixels"] = bench.by_share()
        if size == DEFAULTS.resize_max:
            tables["turned"] = bench.by_angle()
            tables |= {f"cut, face/frame {share}": bench.by_cut(share) for share in (ORDINARY, CLOSE)}
            tables["photos as they are"] = bench.as_they_are(data)
    return tables


class Bench:
    """People's portraits, and how a working size looks at them."""

    def __init__(self, faces: Sequence[Face], size: int) -> None:
        detector = YuNet(SHARED / "models/face_detection_yunet_2026may.onnx")
        first = tiled(wide_enough(detector, DEFAULTS.min_face), size, detector.overlap)
        self._size = size
        self._looks: dict[str, Detect] = {FIRST: first, WHOLE: face_search(detector, size, DEFAULTS.min_face)}
        self._model = DlibFaces(TorchNetwork(DlibFaces.source().build(), "cpu"))
        self._faces = faces
        self._taught = [face for face in faces if face.teaches()]
        seen_in = Counter(face.photo for face in faces)
        alone = [face for face in self._taught if seen_in[face.photo] == 1 and face.seen.pixels >= LEAST_WIDTH]
        self._portraits = [_portrait(face, edge) for face, edge in zip(alone, cycle(EDGES))]

    def by_share(self) -> list[Row]:
        """Return a row for each share of the frame's side that the face's takes."""
        shares = progress(SHARES, f"{len(self._portraits)} portraits, {self._size} pixels", len(SHARES))
        return [{"face/frame": share, **self._counts(share)} for share in shares]

    def by_angle(self) -> list[Row]:
        """Return a row for each angle by which portraits are turned."""
        angles = progress(ANGLES, "turned portraits", len(ANGLES))
        return [{"degrees": angle, **self._counts(ORDINARY, angle)} for angle in angles]

    def by_cut(self, share: float) -> list[Row]:
        """Return a row for each part of a face that lies outside: left, right, above and below in turn."""
        cuts = progress(CUTS, f"cut portraits, {share} of the frame", len(CUTS))
        return [{"outside": cut, **self._counts(share, cut=cut)} for cut in cuts]

    def _counts(self, share: float, angle: float = 0.0, cut: float | None = None) -> Row:
        counts: Row = {f"{name}: {what}": 0 for name in self._looks for what in COUNTED}
        for portrait in self._portraits:
            frame = portrait.frame(self._size, share, angle, cut)
            for name, look in self._looks.items():
                for what in self._seen(portrait.face, frame, look):
                    counts[f"{name}: {what}"] += 1
        return {"n": len(self._portraits), **counts}

    def _seen(self, portrayed: Face, frame: Frame, look: Detect) -> list[str]:
        """Return which of COUNTED holds."""
        faces = detect_and_align_faces(frame.rgb, frame.rgb, look, self._model)
        fitting = [face for face in faces if _shown(_box(face.detection, frame.rgb)).iou(frame.place) >= OVERLAP]
        if not fitting:
            return []
        (vector,) = self._model.encode([fitting[0].chip])
        holds = True, len(faces) == 1, self._is_named(portrayed, vector)
        return list(compress(COUNTED, holds))

    def _is_named(self, face: Face, vector: Vector) -> bool:
        others = [one for one in self._taught if one.photo != face.photo]
        distances = cdist([vector], [one.seen.vector for one in others])[0]
        people = np.array([one.person for one in others])
        near = {person: np.sort(distances[people == person])[:3].mean() for person in set(people.tolist())}
        nearest = min(near, key=lambda person: near[person])
        return bool(nearest == face.person and near[nearest] < TOLERANCE)

    def as_they_are(self, data: Path) -> list[Row]:
        """Return what both looks find in photos of people, and in parts of photos where nobody's face shows."""
        marked = dict(annotated_photos(data))
        places: dict[Path, list[Box]] = {path: [face.box for face in faces] for path, faces in marked.items()}
        for face in self._faces:
            places.setdefault(face.photo, []).append(face.seen.box.to_upright(read_facts(face.photo).orientation))
        whole = [(load_rgb(path), own) for path, own in places.items()]
        parts = [part for rgb, own in whole if (part := _without_faces(rgb, own)) is not None]
        parts += [load_rgb(data / "groups" / name) for name in NOBODY]
        nobody = [(part, list[Box]()) for part in parts]
        return [self._as_it_is("photos of people", whole), self._as_it_is("nobody's face", nobody)]

    def _as_it_is(self, name: str, photos: Sequence[tuple[Rgb, list[Box]]]) -> Row:
        row: Row = {"photos": name, "n": len(photos), "faces": sum(len(places) for _, places in photos)}
        pictures = [(_large(rgb, self._size), places) for rgb, places in progress(photos, name, len(photos))]
        for kind, look in self._looks.items():
            found = false = turned = 0
            times = []
            for rgb, places in pictures:
                seen, took = timed(look, rgb)
                boxes = [_box(face, rgb) for face in seen]
                times.append(took)
                found += sum(any(box.iou(place) >= OVERLAP for box in boxes) for place in places)
                false += sum(not any(box.iou(place) for place in places) for box in boxes)
                turned += any(face.turns for face in seen)
            row |= {f"{kind}: found": found, f"{kind}: others": false, f"{kind}: turned": turned}
            row[f"{kind}: ms"] = round(float(np.median(times)), 1)
        return row


def _portrait(face: Face, edge: tuple[int, int]) -> Portrait:
    rgb = load_rgb(face.photo)
    height, width = rgb.shape[:2]
    box = face.seen.box.to_upright(read_facts(face.photo).orientation)
    x, y = (box.x + box.w / 2) * width, (box.y + box.h / 2) * height
    return Portrait(face, rgb, x, y, box.w * width, edge)


def _box(face: Detection, rgb: Rgb) -> Box:
    height, width = rgb.shape[:2]
    return Box(face.left / width, face.top / height, face.width / width, face.height / height)


def _shown(box: Box) -> Box:
    """Return the part of a box that lies within the frame."""
    left, top = max(box.x, 0.0), max(box.y, 0.0)
    return Box(left, top, min(box.x + box.w, 1.0) - left, min(box.y + box.h, 1.0) - top)


def _without_faces(rgb: Rgb, faces: Sequence[Box]) -> Rgb | None:
    """Return the largest part of a photo beside, above or below all its faces, if it is not too small."""
    height, width = rgb.shape[:2]
    left = round(min(box.x for box in faces) * width)
    right = round(max(box.x + box.w for box in faces) * width)
    top = round(min(box.y for box in faces) * height)
    bottom = round(max(box.y + box.h for box in faces) * height)
    parts = rgb[:, : max(left, 0)], rgb[:, max(right, 0) :], rgb[: max(top, 0)], rgb[max(bottom, 0) :]
    largest = max(parts, key=lambda part: part.size)
    return largest if min(largest.shape[:2]) >= LEAST_EMPTY else None


def _large(rgb: Rgb, size: int) -> Rgb:
    """Return a picture with `size` pixels on its longer side."""
    import cv2

    height, width = rgb.shape[:2]
    scale = size / max(height, width)
    if scale <= 1:
        return working_copy(rgb, size)
    return np.asarray(cv2.resize(rgb, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_CUBIC))
