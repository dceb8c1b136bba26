"""Face networks side by side, on the same faces of the same people: `scripts/bench.py networks [FACE_MODEL ...]`.

What is a face, who it is, whether it teaches and which are drawn is taken from the look by the first network, so that
all are asked the same; only vectors differ. Shares are those at which 1 % of strangers are let in, split by split.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from bench_identify import STRANGERS_LET_IN, mean_and_worst
from bench_people import PEOPLE, STRANGERS, Face, faces_in, look, progress, settings_in
from bench_quality import cut_out
from bench_rules import FIVE, RULES, SHIPPED, Outcome, Setup, tolerance_letting_in, trials
from bench_tables import Row, Tables
from kith.jobs.engines import find_engines, made_ready
from kith.model_registry import FACE_MODELS
from kith.photos.pixels import load_rgb
from kith.settings import Device
from kith.values.sightings import Sighting
from kith.vision.engines import engines_of

SETUPS = (Setup("1", (1,)), Setup("3", (3,)), FIVE, Setup("12", (12,)))
SHRUNK = (40, 30, 20)
LEAST_WIDTH = 80  # of a face that is shrunk
LEAST_STRANGER = 30  # pixels of a face
SPLITS = 200
TIMED = 64

Found = dict[Path, list[Sighting]]


def networks(data: Path, face_models: Sequence[str]) -> Tables:
    """Compare dlib's network with others, each a name or a file as `face_model` takes it."""
    first, *others = (FACE_MODELS[0].name, *(_absolute(name) for name in face_models))
    faces = faces_in(data, PEOPLE + STRANGERS)
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        shrunk = _shrunk(faces, Path(root))
        looks = {name: _described(name, faces, shrunk, first) for name in (first, *others)}
    rows = []
    for number, (name, (same, small)) in enumerate(looks.items()):
        title = name if number == 0 else Path(name).stem
        rows.append(_row(title, same, small) | {"ms a face": _milliseconds(name, faces)})
    return {"face networks, known found at 1 % of strangers": rows}


def _absolute(name: str) -> str:
    return str(Path(name).resolve()) if os.path.isfile(name) else name


def _shrunk(faces: Sequence[Face], folder: Path) -> dict[Path, tuple[int, Face]]:
    """Write the faces that teach cut out and shrunk to each width."""
    files: dict[Path, tuple[int, Face]] = {}
    for face in (face for face in faces if face.teaches()):
        picture, width = cut_out(face)
        for wanted in SHRUNK if width >= LEAST_WIDTH else ():
            size = [round(side * wanted / width) for side in picture.size]
            file = folder / f"{len(files)}.png"
            picture.resize(size, Image.Resampling.LANCZOS).save(file)
            files[file] = wanted, face
    return files


def _described(
    name: str, faces: Sequence[Face], shrunk: dict[Path, tuple[int, Face]], first: str
) -> tuple[list[Face], dict[int, list[Face]]]:
    """Return the faces with that network's vectors, and the shrunk ones by width."""
    small = look([*shrunk], f"{Path(name).stem}: {len(shrunk)} shrunk faces", face_model=name)
    by_width: dict[int, list[Face]] = {width: [] for width in SHRUNK}
    for file, (width, face) in shrunk.items():
        by_width[width] += [replace(face, seen=seen.face) for seen in small[file][:1] if seen.face]
    if name == first:
        return list(faces), by_width
    photos = sorted({face.photo for face in faces})
    seen = look(photos, f"{Path(name).stem}: {len(photos)} photos", face_model=name)
    return [_with_vector_of(face, seen) for face in faces], by_width


def _with_vector_of(face: Face, seen: Found) -> Face:
    """Return the face with the vector of what another network saw at the same place."""
    others = [sighting.face for sighting in seen[face.photo] if sighting.face]
    same = max(others, key=lambda other: other.box.iou(face.seen.box))
    return replace(face, seen=replace(face.seen, vector=same.vector))


def _row(title: str, faces: Sequence[Face], shrunk: dict[int, list[Face]]) -> Row:
    probes = [face for face in faces if face.person or face.seen.pixels >= LEAST_STRANGER]
    row: Row = {"network": title}
    asked = [(f"samples: {setup.name}", setup, probes) for setup in SETUPS]
    asked += [(f"{width} px, 5 samples", FIVE, shrunk[width]) for width in SHRUNK]
    for name, setup, own in progress(asked, f"{title}: galleries", len(asked)):
        outcomes = trials(faces, setup, own, RULES[SHIPPED], SPLITS)
        if setup is FIVE and own is probes:
            row["tolerance, 5 samples"] = round(tolerance_letting_in(outcomes, STRANGERS_LET_IN), 3)
        row[name] = mean_and_worst([_at_equal_risk(outcome) for outcome in outcomes])
    return row


def _at_equal_risk(outcome: Outcome) -> Outcome:
    return outcome.at(tolerance_letting_in([outcome], STRANGERS_LET_IN))


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
