"""Face networks side by side, on the same faces of the same people: `scripts/bench.py networks [FACE_MODEL ...]`.

What is a face, who it is, whether it teaches and which are drawn is taken from the look by the first network, so that
all are asked the same; only vectors differ. Shares are those at which 1 % of strangers are let in, split by split.
"""

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from bench_identify import STRANGERS_LET_IN, mean_and_worst
from bench_people import PEOPLE, STRANGERS, Face, faces_in, look, progress, settings_in, with_selfies
from bench_quality import cut_out
from bench_rules import FIVE, RULES, SHIPPED, Outcome, Setup, tolerance_letting_in, trials
from bench_second_opinion import second_opinions
from bench_tables import Row, Tables
from calibration_data import WHOLE, FaceTable, table
from kith.jobs.engines import find_engines, made_ready
from kith.model_registry import FACE_MODELS
from kith.photos.box import Box
from kith.photos.pixels import load_rgb
from kith.settings import Device
from kith.values.sightings import Sighting
from kith.vision.engines import engines_of
from kith.vision.observations import Observation

SETUPS = (Setup("1", (1,)), Setup("3", (3,)), FIVE, Setup("12", (12,)))
SHRUNK = (40, 30, 20)
LEAST_SHRINKAGE = 1.3
LEAST_WIDTH = 80  # of a face that is shrunk and asked
LEAST_STRANGER = 30  # pixels of a stranger's face
SPLITS = 200
TIMED = 64

Seen = Mapping[Path, Sequence[Sighting]]


@dataclass(frozen=True, eq=False)
class Shrunk:
    """A face cut out, `own` pixels wide, and shrunk to `width`."""

    face: Face
    own: float
    width: int


@dataclass(frozen=True, eq=False)
class Described:
    """All faces by one network, and by file those that were shrunk, where they were found again."""

    faces: Sequence[Face]
    shrunk: Mapping[Path, Face]


def networks(data: Path, face_models: Sequence[str]) -> Tables:
    """Compare dlib's network with others, each a name or a file as `face_model` takes it."""
    dlib, *others = (FACE_MODELS[0].name, *(_absolute(name) for name in face_models))
    faces = with_selfies(faces_in(data, PEOPLE + STRANGERS))
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        files = _shrunk(faces, Path(root))
        first = Described(faces, _found_again(dlib, files))
        seconds = {name: _described(name, faces, files) for name in others}
    rows = [_row(dlib, dlib, first, files), *(_row(Path(name).stem, name, own, files) for name, own in seconds.items())]
    tables: Tables = {"face networks, known found at 1 % of strangers": rows}
    for name, second in seconds.items():
        both = _paired(first, second, files)
        tables[f"{dlib}, and {Path(name).stem} as a second opinion"] = second_opinions(*both)
    return tables


def _absolute(name: str) -> str:
    return str(Path(name).resolve()) if os.path.isfile(name) else name


def _shrunk(faces: Sequence[Face], folder: Path) -> dict[Path, Shrunk]:
    """Write the good faces cut out and shrunk to each width."""
    files: dict[Path, Shrunk] = {}
    for face in (face for face in faces if face.findable):
        picture, own = cut_out(face)
        for width in (width for width in SHRUNK if own >= LEAST_SHRINKAGE * width):
            size = [round(side * width / own) for side in picture.size]
            file = folder / f"{len(files)}.png"
            picture.resize(size, Image.Resampling.LANCZOS).save(file)
            files[file] = Shrunk(face, own, width)
    return files


def _described(name: str, faces: Sequence[Face], files: Mapping[Path, Shrunk]) -> Described:
    photos = sorted({face.photo for face in faces})
    seen = look(photos, f"{Path(name).stem}: {len(photos)} photos", face_model=name)
    return Described([_with_vector_of(face, seen) for face in faces], _found_again(name, files))


def _with_vector_of(face: Face, seen: Seen) -> Face:
    """Return the face with the vector of what another network saw at the same place."""
    others = [sighting.face for sighting in seen[face.photo] if sighting.face]
    same = max(others, key=lambda other: other.box.iou(face.seen.box))
    return replace(face, seen=replace(face.seen, vector=same.vector))


def _found_again(name: str, files: Mapping[Path, Shrunk]) -> dict[Path, Face]:
    seen = look([*files], f"{Path(name).stem}: {len(files)} shrunk faces", face_model=name)
    found = {}
    for file, shrunk in files.items():
        faces = [sighting.face for sighting in seen[file] if sighting.face]
        if faces:
            found[file] = replace(shrunk.face, seen=min(faces, key=_off_the_middle))
    return found


def _off_the_middle(face: Observation) -> float:
    box: Box = face.box
    return abs(box.x + box.w / 2 - 0.5) + abs(box.y + box.h / 2 - 0.5)


def _row(title: str, name: str, own: Described, files: Mapping[Path, Shrunk]) -> Row:
    probes = [face for face in own.faces if face.person or face.seen.pixels >= LEAST_STRANGER]
    row: Row = {"network": title}
    asked = [(f"samples: {setup.name}", setup, probes) for setup in SETUPS]
    asked += [(f"{width} px, 5 samples", FIVE, _asked_at(width, own, files)) for width in SHRUNK]
    for what, setup, faces in progress(asked, f"{title}: galleries", len(asked)):
        outcomes = trials(own.faces, setup, faces, RULES[SHIPPED], SPLITS)
        row[what] = mean_and_worst([_at_equal_risk(outcome) for outcome in outcomes])
        if setup is FIVE and faces is probes:
            row["tolerance"] = round(tolerance_letting_in(outcomes, STRANGERS_LET_IN), 3)
    return row | {"ms a face": _milliseconds(name, own.faces)}


def _asked_at(width: int, own: Described, files: Mapping[Path, Shrunk]) -> list[Face]:
    of_width = {file for file, shrunk in files.items() if shrunk.width == width and shrunk.own >= LEAST_WIDTH}
    return [face for file, face in own.shrunk.items() if file in of_width and files[file].face.teaches()]


def _at_equal_risk(outcome: Outcome) -> Outcome:
    return outcome.at(tolerance_letting_in([outcome], STRANGERS_LET_IN))


def _paired(first: Described, second: Described, files: Mapping[Path, Shrunk]) -> list[FaceTable]:
    """Return all faces, as they are and shrunk, as each network describes them."""
    again = [file for file in first.shrunk if file in second.shrunk]
    conditions = [WHOLE] * len(first.faces) + [f"{files[file].width} px" for file in again]
    return [table([*own.faces, *(own.shrunk[file] for file in again)], conditions) for own in (first, second)]


def _milliseconds(name: str, faces: Sequence[Face]) -> float:
    """Return the processor's time to describe a face that is cut out, alone as most photos show it."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        spec = made_ready(find_engines(settings_in(Path(root), face_model=name))[0], Device.CPU)
        engines = engines_of(spec)
        chips = []
        for photo in sorted({face.photo for face in faces if face.person})[:TIMED]:
            rgb = load_rgb(photo, 1000)
            chips += [engines.faces.align(rgb, found) for found in engines.detector(rgb)[:1]]
        engines.faces.encode(chips[:4])
        began = time.process_time()
        for chip in chips:
            engines.faces.encode([chip])
        return round(1000 * (time.process_time() - began) / len(chips), 1)
