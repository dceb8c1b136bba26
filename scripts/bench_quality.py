"""Measure what size and blur do to a face: `scripts/bench.py quality`."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

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


def quality(data: Path) -> Tables:
    """Shrink and blur faces that teach: which are still seen, named and called sharp."""
    faces = faces_in(data, PEOPLE)
    whole = [(face, *cut) for face in faces if face.teaches() and (cut := cut_out(face))[1] >= WIDTHS[0]]
    changes: list[tuple[int, str, ImageFilter.Filter | None]] = [(width, "none", None) for width in WIDTHS]
    for width in BLURRED_WIDTHS:
        changes += [(width, f"focus {one:.0%}", ImageFilter.GaussianBlur(one * width)) for one in OUT_OF_FOCUS]
        changes += [(width, f"motion {one:.0%}", ImageFilter.BoxBlur(((one * width - 1) / 2, 0))) for one in MOVED]
    paths: dict[Path, tuple[int, Face]] = {}
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        for number, (width, _, blur) in enumerate(changes):
            for face, picture, own in whole:
                small = picture.resize([round(side * width / own) for side in picture.size], Image.Resampling.LANCZOS)
                path = Path(root) / f"{len(paths)}.png"
                (small.filter(blur) if blur else small).save(path)
                paths[path] = number, face
        seen = look(list(paths), f"{len(changes)} changes of {len(whole)} faces")
    again: list[list[Face]] = [[] for _ in changes]
    for path, (number, face) in paths.items():
        again[number] += [replace(face, seen=one.face) for one in seen[path][:1] if one.face]
    return {
        "quality": [
            {"width": width, "blur": blur, "faces": len(whole), **_of_changed(faces, left)}
            for (width, blur, _), left in zip(changes, progress(again, "galleries of 5", len(again)))
        ]
    }


def cut_out(face: Face) -> tuple[Image.Image, float]:
    """Return a face with one and a half of its size around it, from the photo at full size, and its width there."""
    photo = Image.fromarray(load_rgb(face.photo))
    box = face.seen.box.to_upright(read_facts(face.photo).orientation)
    x, y, width, height = (share * side for share, side in zip(box, photo.size * 2))
    left, top = max(0, round(x - 1.5 * width)), max(0, round(y - 1.5 * height))
    right, bottom = min(photo.width, round(x + 2.5 * width)), min(photo.height, round(y + 2.5 * height))
    return photo.crop((left, top, right, bottom)), width


def _of_changed(faces: Sequence[Face], left: Sequence[Face]) -> Row:
    sharp = sum(one.seen.sharpness >= DEFAULTS.lap_var_thresh for one in left)
    outcomes = [one.at(TOLERANCE) for one in trials(faces, FIVE, left)]
    keys = "known found", "wrong names", "n", "held-out people accepted", "n held-out people"
    return {"seen": len(left), "of those sharp": sharp} | {key: summary(outcomes)[key] for key in keys}
