"""Measure deciding again on a large library: real SQLite in a temporary folder, faces drawn as dlib's are scattered."""

import hashlib
import multiprocessing
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from bench_scale_library import Size, draw, settings_of
from bench_tables import Row, Tables
from kith.identity.decision import Decider
from kith.jobs.context import open_context
from kith.jobs.events import RedecisionFinished
from kith.jobs.filed_copies import FiledCopies
from kith.jobs.redecision import redecide
from kith.library.redecision_queries import RedecisionQueries
from kith.library.store import open_store
from kith.settings import Settings

OBSERVATIONS, PEOPLE, SAMPLES = 100_000, 1_000, 20
FACES_A_PHOTO = 1.4
FILED = 2_000  # photos with a copy, whose originals are there


def scale(_data: Path) -> Tables:
    """Say how long deciding again takes, stage by stage, and how much memory."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        _fill(Path(root))
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


def _fill(root: Path) -> None:
    """Draw a library in which nothing is decided, and photos that lie there, filed under Unknown so far."""
    taught = PEOPLE * SAMPLES
    size = Size(OBSERVATIONS + taught, PEOPLE, round(OBSERVATIONS / FACES_A_PHOTO) + taught, SAMPLES)
    settings = draw(root, size, decided=False)
    with closing(open_store(settings.library_file)) as store, store.transaction():
        _file(settings, store, taught)


def _file(settings: Settings, store: Any, first: int) -> None:
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
