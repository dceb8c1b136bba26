"""Measure looking at photos by Dask workers on this machine beside its own processes, in turns, the same photos.

A scheduler and its workers are started for it, each on one thread; nothing is entered, so that all are looked at anew.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench_people import settings_in
from bench_photos import enlarged, sources, spread
from bench_processes import Watch
from bench_tables import Row, Tables
from kith.jobs.context import open_context
from kith.jobs.dask_cluster import Cluster
from kith.jobs.looks import Look, look_with, open_workers, storage_of
from kith.library.store import open_store
from kith.settings import Settings

PHOTOS, PRINTS, MEGAPIXELS = 8, 6, 12
WORKERS, ROUNDS = (1, 2, 3), 3


def dask(data: Path) -> Tables:
    """Say how many photos a second are looked at by so many local processes, and by as many Dask workers."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root, _scheduler(Path(root)) as address:
        prints = enlarged(spread(sources(data), PHOTOS), MEGAPIXELS, PRINTS, Path(root) / "photos")
        photos = [path for several in prints for path in several]
        rows = [row for workers in WORKERS for row in _compared(Path(root), photos, workers, address)]
    return {f"{len(photos)} photos of {MEGAPIXELS} megapixels, the fastest of {ROUNDS} rounds": rows}


def _compared(root: Path, photos: Sequence[Path], workers: int, address: str) -> Iterator[Row]:
    cluster: dict[str, object] = {"executor": "dask", "dask_scheduler": address}
    sides: dict[str, dict[str, object]] = {
        "local": {},
        "Dask": cluster,
        "Dask, photos sent": cluster | {"path_map": [f"{root}=/nowhere"]},
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    processor: dict[str, list[float]] = {name: [] for name in sides}
    seen = {}
    with _workers(root, workers, address):
        for _ in range(ROUNDS):
            for name, values in sides.items():
                took, busy, seen[name] = _looked(settings_in(root, workers=workers, **values), photos)
                seconds[name].append(took)
                processor[name].append(busy)
    local = min(seconds["local"])
    for name in sides:
        least = min(seconds[name])
        yield {
            "workers": workers,
            "side": name,
            "photos/s": round(len(photos) / least, 1),
            "ms a photo and worker more than local": round(1000 * workers * (least - local) / len(photos), 1),
            "processor ms a photo": round(1000 * min(processor[name]) / len(photos), 1),
            "the same is seen": seen[name] == seen["local"],
        }


def _looked(settings: Settings, photos: Sequence[Path]) -> tuple[float, float, list[object]]:
    """Return how long warm workers take for all photos, the processor time of all programs, and what they see."""
    settings.library_file.parent.mkdir(exist_ok=True)
    open_store(settings.library_file, create=True).close()
    with open_context(settings, threading.Event(), "bench") as context, open_workers(context) as workers:
        storage = storage_of(context, photos, ())
        warm = [*look_with(workers, context, photos[: 2 * context.workers], storage)]
        assert all(isinstance(look, Look) for look in warm)
        all_of_us = Watch(os.getpid())
        began, busy = time.perf_counter(), all_of_us.processor_seconds()
        looks = [look for look in look_with(workers, context, photos, storage) if isinstance(look, Look)]
        took, busy = time.perf_counter() - began, all_of_us.processor_seconds() - busy
        return took, busy, [_told(look) for look in sorted(looks, key=lambda look: look.path)]


def _told(look: Look) -> object:
    assert look.analysis
    faces = [observation for somebody in look.analysis.appearances for observation in somebody.observations]
    return look.path, look.size, look.mtime_ns, [(face.box, face.vector.tobytes()) for face in faces]


@contextmanager
def _scheduler(root: Path) -> Iterator[str]:
    file = root / "scheduler.json"
    with _process("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)):
        while not (file.is_file() and file.stat().st_size):
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"]


@contextmanager
def _workers(root: Path, count: int, address: str) -> Iterator[None]:
    environment = {"KITH_HOME": str(root / "worker")}
    with _process("worker", address, "--nworkers", str(count), "--nthreads", "1", **environment):
        cluster = Cluster(address)
        while len(cluster.workers()) != count:
            time.sleep(0.1)
        cluster.close()
        yield


@contextmanager
def _process(kind: str, *arguments: str, **environment: str) -> Iterator[None]:
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments, "--no-dashboard"]
    places = {"PYTHONPATH": os.pathsep.join(sys.path)}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=os.environ | places | environment, stdout=quiet, stderr=quiet) as process:
        try:
            yield
        finally:
            process.terminate()
