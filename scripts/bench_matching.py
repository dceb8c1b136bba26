"""Decide on 100,000 faces at once against 1,000 people of 20 samples each: time and memory; a part of bench.py."""

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench_people import DEFAULTS, MARGIN, SUGGEST, TOLERANCE
from bench_tables import Tables
from kith.identity.comparison import nearest_people
from kith.identity.decision import Decider
from kith.identity.gallery import Gallery, gallery_of
from kith.photos.box import Box
from kith.policies import BodyPolicy
from kith.values.sightings import Case, Sighting
from kith.vision.face_model import default_face_model
from kith.vision.observations import Kind, Observation

PEOPLE, SAMPLES, PROBES, LENGTH = 1000, 20, 100_000, 128
ROOT = np.sqrt(LENGTH)
CHUNK = 10_000  # photos judged at a time
APART, SPREAD, COMMON = 0.6, 0.35, 1.2  # people around what all faces have in common, samples around people: as dlib's


def matching(_data: Path) -> Tables:
    """Measure the comparison alone, and with the decisions (each face a photo of its own)."""
    random = np.random.default_rng(0)
    people = random.normal(size=(PEOPLE, LENGTH))
    lengths = np.linalg.norm(people, axis=1)
    people *= APART / lengths[:, None]
    people += COMMON / ROOT

    def faces_of(numbers: Any) -> Any:
        around = random.normal(size=(len(numbers), LENGTH)) * SPREAD / ROOT
        return (people[numbers] + around).astype("f4")

    numbers = np.repeat(np.arange(PEOPLE), SAMPLES)
    samples = np.arange(len(numbers))
    gallery = Gallery(default_face_model().id, numbers, samples, faces_of(numbers))
    probes = faces_of(random.integers(0, PEOPLE, PROBES))
    ways: dict[str, Callable[[], object]] = {
        "nearest people": lambda: nearest_people(gallery, gallery.model_id, probes),
        "decisions": lambda: _decider(gallery, probes),
    }
    rows = [{"what": name, "faces": PROBES, "samples": len(gallery), **_cost(way)} for name, way in ways.items()]
    return {"matching": rows}


def _decider(gallery: Gallery, probes: Any) -> int:
    decider = Decider(
        gallery,
        gallery_of("", []),
        TOLERANCE,
        DEFAULTS.body_tol,
        BodyPolicy.OFF,
        DEFAULTS.lap_var_thresh,
        MARGIN,
        SUGGEST,
    )
    decided = 0
    for start in range(0, len(probes), CHUNK):
        chunk = probes[start : start + CHUNK]
        cases = [_case(number, vector, gallery.model_id) for number, vector in enumerate(chunk)]
        photos = decider.photos(cases)
        decided += sum(bool(photo.people) for photo in photos)
    return decided


def _case(number: int, vector: Any, model_id: str) -> Case:
    """Return a photo that shows one good face."""
    place = Box(0, 0, 1, 1)
    face = Observation(Kind.FACE, model_id, place, 1, vector, sharpness=500, pixels=100, frontality=1)
    return Case([Sighting(number, face, None)], {number: ()})


def _cost(work: Callable[[], object]) -> dict[str, float]:
    """Return seconds, and in a second run (counting slows it down) the most memory held beside the inputs."""
    began, began_cpu = time.perf_counter(), time.process_time()
    work()
    seconds = time.perf_counter() - began
    used = time.process_time() - began_cpu
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"seconds": round(seconds, 1), "CPU seconds": round(used, 1), "MB": round(peak / 2**20)}
