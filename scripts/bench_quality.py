"""Measure what size and blur do to a face: `scripts/bench.py quality`."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageFilter

from bench_identify import summary
from bench_people import DEFAULTS, PEOPLE, TOLERANCE, Face, faces_in, look, progress
from bench_rules import FIVE, trials
from bench_tables import Row, Tables
from kith.photos.facts import read_facts
from kith.photos.pixels import load_rgb

WIDTHS = (80, 60, 50, 40, 30, 25, 20)
BLURRED_WIDTHS = (80, 40)
OUT_OF_FOCUS = (0.02, 0.03, 0.04, 0.06)  # deviation of the Gaussian, in face widths
MOVED = (0.15, 0.30)  # sideways, in face widths


class Change(NamedTuple):
    """What is done to a face: it is shrunk to a width in pixels, and blurred."""

    width: int
    told: str
    blur: ImageFilter.Filter | None


class Cut(NamedTuple):
    """A face as it is cut out of its photo, and its width there in pixels."""

    face: Face
    picture: Image.Image
    width: float


def quality(data: Path) -> Tables:
    """Shrink and blur faces that teach: which are still seen, named and called sharp."""
    faces = faces_in(data, PEOPLE)
    cuts = [Cut(face, *cut_out(face)) for face in faces if face.teaches()]
    whole = [cut for cut in cuts if cut.width >= WIDTHS[0]]
    changes = list(_changes())
    paths: dict[Path, tuple[int, Face]] = {}
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        for number, change in enumerate(changes):
            for cut in whole:
                path = Path(root) / f"{len(paths)}.png"
                _changed(cut, change).save(path)
                paths[path] = number, cut.face
        seen = look(list(paths), f"{len(changes)} changes of {len(whole)} faces")
    again: list[list[Face]] = [[] for _ in changes]
    for path, (number, face) in paths.items():
        for person in seen[path][:1]:
            if person.face:
                found = replace(face, seen=person.face)
                again[number].append(found)
    rows = []
    for change, left in zip(changes, progress(again, "galleries of 5", len(again))):
        row = {"width": change.width, "blur": change.told, "faces": len(whole), **_of_changed(faces, left)}
        rows.append(row)
    return {"quality": rows}


def _changes() -> Iterator[Change]:
    for width in WIDTHS:
        yield Change(width, "none", None)
    for width in BLURRED_WIDTHS:
        for share in OUT_OF_FOCUS:
            focus = ImageFilter.GaussianBlur(share * width)
            yield Change(width, f"focus {share:.0%}", focus)
        for share in MOVED:
            sideways = (share * width - 1) / 2
            yield Change(width, f"motion {share:.0%}", ImageFilter.BoxBlur((sideways, 0)))


def _changed(cut: Cut, change: Change) -> Image.Image:
    picture = cut.picture
    size = [round(side * change.width / cut.width) for side in picture.size]
    small = picture.resize(size, Image.Resampling.LANCZOS)
    return small.filter(change.blur) if change.blur else small


def cut_out(face: Face) -> tuple[Image.Image, float]:
    """Return a face with one and a half of its size around it, from the photo at full size, and its width there."""
    photo = Image.fromarray(load_rgb(face.photo))
    orientation = read_facts(face.photo).orientation
    box = face.seen.box.to_upright(orientation)
    x, y, width, height = (share * side for share, side in zip(box, photo.size * 2))
    left = max(0, round(x - 1.5 * width))
    top = max(0, round(y - 1.5 * height))
    right = min(photo.width, round(x + 2.5 * width))
    bottom = min(photo.height, round(y + 2.5 * height))
    return photo.crop((left, top, right, bottom)), width


def _of_changed(faces: Sequence[Face], left: Sequence[Face]) -> Row:
    sharp = sum(face.seen.sharpness >= DEFAULTS.lap_var_thresh for face in left)
    outcomes = [trial.at(TOLERANCE) for trial in trials(faces, FIVE, left)]
    found = summary(outcomes)
    keys = "known found", "wrong names", "n", "held-out people accepted", "n held-out people"
    return {"seen": len(left), "of those sharp": sharp, **{key: found[key] for key in keys}}
