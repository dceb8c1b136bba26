"""Measure deciding again on a large library: real SQLite in a temporary folder, faces drawn as dlib's are scattered."""

import multiprocessing
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from bench_tables import Row, Tables
from kith.identity.decision import Decider
from kith.jobs.context import open_context
from kith.jobs.events import RedecisionFinished
from kith.jobs.filed_copies import FiledCopies
from kith.jobs.redecision import redecide
from kith.library.redecision_queries import RedecisionQueries
from kith.library.store import open_store
from kith.policies import BodyPolicy
from kith.settings import Settings
from kith.vision.face_model import default_face_model

OBSERVATIONS, PEOPLE, SAMPLES = 100_000, 1_000, 20
FACES_A_PHOTO = 1.4
STRANGERS = 0.2  # of the observations
FILED = 2_000  # photos with a copy, whose originals are there
# Faces of lfw10: 1.40 long, their mean 1.29; medians: 0.42 apart within a person, 0.77 between people.
MEAN_LENGTH, WITHIN, BETWEEN = 1.29, 0.42, 0.77
ROOT = 256**0.5  # the distance of two draws of 128 independent numbers, in their deviations


def scale(_data: Path) -> Tables:
    """Say how long deciding again takes, stage by stage, and how much memory."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        fill(Path(root))
        runs = {
            "from nothing": {},
            "nothing changed": {},
            "stricter, preview": {"face_tol": 0.38, "preview": True},
            "stricter": {"face_tol": 0.38},
        }
        rows = [{"run": name, **_in_own_process(Path(root), **changes)} for name, changes in runs.items()]
    title = f"{OBSERVATIONS} observations, {PEOPLE} people of {SAMPLES} samples, {FILED} photos filed"
    return {title: rows}


def _in_own_process(root: Path, **changes: Any) -> Row:
    """Decide again in a fresh process, so that its peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        return processes.submit(_measure, root, changes).result()


def _measure(root: Path, changes: Row) -> Row:
    import resource  # not on Windows

    preview = changes.pop("preview", False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stages: defaultdict[str, float] = defaultdict(float)
    for owner, name, stage in (
        (RedecisionQueries, "photos", "read"),
        (Decider, "photos", "match"),
        (RedecisionQueries, "replace", "write"),
        (FiledCopies, "plans", "file"),
        (FiledCopies, "file", "file"),
    ):
        setattr(owner, name, _timed(getattr(owner, name), stages, stage))
    began = time.perf_counter()
    with open_context(settings_of(root, **changes), threading.Event(), "bench") as context:
        *_, finished = redecide(context, preview)
    assert isinstance(finished, RedecisionFinished)
    whole = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "changed": finished.changed,
        "filed anew": finished.refiled,
        "failed": len(finished.failed),
        **{f"{stage} s": round(stages[stage], 1) for stage in ("read", "match", "write", "file")},
        "whole s": round(whole, 1),
        "peak MB": round(peak / 1024),
        "of which loaded before": round(before / 1024),
    }


def _timed(function: Callable[..., Any], stages: "defaultdict[str, float]", stage: str) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            stages[stage] += time.perf_counter() - began

    return timed


def settings_of(root: Path, **changes: Any) -> Settings:
    """Return the settings of a library that is drawn into a folder."""
    own = {"dataset_dir": "people", "processed_dir": "output", "body_policy": BodyPolicy.OFF, "models_dir": ""}
    return Settings.at(root, {**own, **changes})


def fill(root: Path, faces_a_photo: float = FACES_A_PHOTO) -> None:
    """Make a library of people with samples, photos with their faces, and some copies under Unknown."""
    settings = settings_of(root)
    settings.dataset_folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    model_id = default_face_model().id
    within = WITHIN / ROOT
    spread = (BETWEEN**2 - WITHIN**2) ** 0.5 / ROOT
    mean = random.normal(size=128)
    mean *= MEAN_LENGTH / np.linalg.norm(mean)
    centres = mean + spread * random.normal(size=(PEOPLE + int(STRANGERS * OBSERVATIONS), 128))
    taught = np.repeat(np.arange(PEOPLE), SAMPLES)
    strangers = np.arange(PEOPLE, len(centres))
    shown = random.permutation([*random.integers(PEOPLE, size=OBSERVATIONS - len(strangers)), *strangers])
    photos = np.concatenate([np.arange(len(taught)), len(taught) + (np.arange(len(shown)) / faces_a_photo).astype(int)])
    people = np.concatenate([taught, shown])
    with closing(open_store(settings.library_file, create=True)) as store, store.transaction():
        enter = store._connection.executemany
        enter("INSERT INTO persons (id, name, added_at) VALUES (?, ?, '')", _numbered("Person {}", PEOPLE))
        count = int(photos[-1]) + 1
        enter(
            "INSERT INTO photos (id, image_hash, width, height, orientation, added_at) "
            "VALUES (?, ?, 4000, 3000, 1, '')",
            _numbered("hash {}", count),
        )
        enter(
            "INSERT INTO analyses (id, photo_id, engine_id, orientation, made_at) VALUES (?1, ?1, ?2, 1, ?2)",
            _numbered("bench", count),
        )
        enter(
            "INSERT INTO appearances (id, photo_id, x, y, w, h) VALUES (?, ?, 0.1, 0.1, 0.2, 0.2)",
            ((key, int(photo) + 1) for key, photo in enumerate(photos, start=1)),
        )
        enter(
            "INSERT INTO observations (appearance_id, analysis_id, kind, model_id, x, y, w, h, score, sharpness, "
            "pixels, frontality, weak, vector) "
            "VALUES (?, ?, 'face', ?, 0.1, 0.1, 0.2, 0.2, 0.9, 300, 120, 0.9, 0, ?)",
            (
                (
                    key,
                    int(photo) + 1,
                    model_id,
                    _vector(centres[person] + within * random.normal(size=128)),
                )
                for key, (photo, person) in enumerate(zip(photos, people), start=1)
            ),
        )
        enter(
            "INSERT INTO links (appearance_id, person_id, word, source, made_at) VALUES (?, ?, 'is', 'dataset', '')",
            ((key, int(person) + 1) for key, person in enumerate(taught, start=1)),
        )
        enter(
            "INSERT INTO files (path, photo_id, size, mtime_ns) SELECT ? || '/' || id || '.jpg', id, 1, 1 "
            "FROM photos WHERE id > ?",
            [(str(settings.input_folder / "gone"), len(taught))],
        )
        _file(settings, store, len(taught))


def _numbered(text: str, count: int) -> Iterator["tuple[int, str]"]:
    return ((key, text.format(key)) for key in range(1, count + 1))


def _vector(values: Any) -> bytes:
    return bytes(values.astype("<f4").tobytes())


def _file(settings: Settings, store: Any, first: int) -> None:
    import hashlib

    unknown = settings.output_folder / "Unknown"
    unknown.mkdir(parents=True)
    settings.input_folder.mkdir()
    for key in range(first + 1, first + FILED + 1):
        content = b"a photo, as far as copying goes %d" % key
        for folder in (settings.input_folder, unknown):
            (folder / f"{key}.jpg").write_bytes(content)
        stat = (settings.input_folder / f"{key}.jpg").stat()
        store.photos.save_file(settings.input_folder / f"{key}.jpg", key, stat.st_size, stat.st_mtime_ns)
        record = store.copies.plan(key, None, settings.output_folder, unknown / f"{key}.jpg")
        store.copies.complete(record, hashlib.sha256(content).hexdigest(), None)
