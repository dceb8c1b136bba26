"""How many people the person detector finds, and whose face goes with which body; a part of `bench.py bodies`."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from scipy.stats import binomtest

from bench_detection import annotated_photos
from bench_people import DEFAULTS, PEOPLE, faces_in, progress
from bench_tables import Row, Tables
from kith.photos.box import Box
from kith.photos.facts import read_facts
from kith.photos.pixels import load_rgb
from kith.vision import yolox
from kith.vision.detection import Detect, Detection
from kith.vision.observations import Rgb
from kith.vision.pairs import pair
from kith.vision.photo_pixels import load_at_least
from kith.vision.working_copy import working_copy
from kith.vision.yolox import PERSON_SCORE, Yolox

SCORES = (0.3, 0.4, PERSON_SCORE, 0.6)
MOST_OF_IT = 0.5  # of a crop that shows one person: intersection over union
IN_GROUPS = {  # people, counted by eye
    "alex-lacamoire.png": 1,
    "cat.jpg": 0,
    "kit_with_rose.jpg": 2,
    "lin-manuel-miranda.png": 1,
    "obama-1080p.jpg": 1,
    "obama_and_biden.jpg": 3,
    "park.jpg": 0,
    "six_people.jpg": 6,
    "two_people.jpg": 2,
}


class Peopled(NamedTuple):
    """What a photo shows: its faces, as far as they are known, and everybody found in it, in its own pixels."""

    faces: Sequence[Sequence[float]]
    persons: list[Detection]

    def surer(self, score: float) -> "Peopled":
        """Return it with those persons alone."""
        return self._replace(persons=[person for person in self.persons if person.score >= score])

    @property
    def inside(self) -> int:
        """How many faces have their middle in somebody's box."""
        return sum(any(_holds(person, face) for person in self.persons) for face in self.faces)


def persons(data: Path, file: Path) -> Tables:
    """Count who is found in photos of many kinds, by the score asked for."""
    with patch.object(yolox, "PERSON_SCORE", min(SCORES)):
        detect = Yolox(file)
        kinds = {
            "street photos, faces annotated": _annotated(data, "street_voc", detect),
            "web photos, faces annotated": _annotated(data, "dlib_faces", detect),
            **{people: _known(data, people, detect) for people in PEOPLE if any((data / people).glob("*/*"))},
        }
        there = [data / "groups" / name for name in IN_GROUPS if (data / "groups" / name).is_file()]
        groups = {path.name: detect(_read(path)) for path in there}
        crops = [_crop(path, detect) for path in sorted((data / "pedestrians").glob("*/*.jpg"))]
    rows = [_row(kind, score, photos) for kind, photos in kinds.items() for score in SCORES if photos]
    return {"people found": rows, "people counted": [_counted(score, groups, crops) for score in SCORES]}


def _read(path: Path) -> Rgb:
    return working_copy(load_at_least(path, DEFAULTS.resize_max).rgb, DEFAULTS.resize_max)


def _peopled(path: Path, boxes: Sequence[Box], detect: Detect) -> Peopled:
    rgb = _read(path)
    height, width = rgb.shape[:2]
    faces = [(box.x * width, box.y * height, (box.x + box.w) * width, (box.y + box.h) * height) for box in boxes]
    return Peopled(faces, detect(rgb))


def _annotated(data: Path, folder: str, detect: Detect) -> list[Peopled]:
    marked = [(path, faces) for path, faces in annotated_photos(data) if path.parent.name == folder]
    looked_at = progress(marked, folder, len(marked))
    return [_peopled(path, [face.box for face in faces], detect) for path, faces in looked_at]


def _known(data: Path, people: str, detect: Detect) -> list[Peopled]:
    boxes: dict[Path, list[Box]] = {}
    for face in faces_in(data, [people]):
        upright = face.seen.box.to_upright(read_facts(face.photo).orientation)
        boxes.setdefault(face.photo, []).append(upright)
    return [_peopled(path, own, detect) for path, own in progress(boxes.items(), people, len(boxes))]


def _crop(path: Path, detect: Detect) -> list[float]:
    """Return the scores of those who take up most of a crop."""
    rgb = load_rgb(path)
    height, width = rgb.shape[:2]
    whole = Box(0, 0, width, height)
    found = ((person.score, Box(person.left, person.top, person.width, person.height)) for person in detect(rgb))
    return [score for score, box in found if box.iou(whole) >= MOST_OF_IT]


def _row(kind: str, score: float, photos: Sequence[Peopled]) -> Row:
    surer = [photo.surer(score) for photo in photos]
    faces = sum(len(photo.faces) for photo in surer)
    pairs = [one for photo in surer for one in pair(photo.faces, [person[:4] for person in photo.persons])]
    return {
        "photos": f"{kind} ({len(photos)})",
        "score": score,
        "faces": faces,
        "in somebody's box": _share(sum(photo.inside for photo in surer), faces),
        "with a body": _share(sum(None not in one for one in pairs), faces),
        "bodies without a face": sum(one.face is None for one in pairs),
    }


def _counted(score: float, groups: dict[str, list[Detection]], crops: Sequence[list[float]]) -> Row:
    found = {name: sum(person.score >= score for person in everybody) for name, everybody in groups.items()}
    right = sum(min(count, IN_GROUPS[name]) for name, count in found.items())
    shown = sum(any(one >= score for one in crop) for crop in crops)
    return {
        "score": score,
        "people in groups": _share(right, sum(IN_GROUPS[name] for name in found)),
        "too many": sum(found.values()) - right,
        "pedestrians' crops": _share(shown, len(crops)),
    }


def _share(hits: int, of: int) -> str:
    if not of:
        return "-"
    interval = binomtest(hits, of).proportion_ci(method="wilson")
    return f"{hits} of {of}: {100 * hits / of:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _holds(person: Detection, face: Sequence[float]) -> bool:
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    return person.left <= x <= person.right and person.top <= y <= person.bottom
