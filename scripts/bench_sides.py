"""One side of the comparison of speeds, in a process of its own: its memory and its start are its own.

Started by bench_speed as `bench_sides.py SIDE CONFIGURATION`. Each line it reads is a task, {"photos": [paths],
"fresh": bool}, each line it writes what came of it; both JSON.
"""

import json
import os
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

REPOSITORY = Path(__file__).resolve().parents[1]

Config = dict[str, Any]
Reply = dict[str, Any]
Run = Callable[[list[Path], bool], Reply]


class StandingExecutor(Executor):
    """Worker processes that stay when a job shuts its executor down, so that the next one finds them warm."""

    def __init__(self, workers: int) -> None:
        from kith.jobs.workers import process_pool

        self.pool = process_pool(workers)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Hand the call on."""
        return self.pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Keep the processes."""


@contextmanager
def articles(config: Config) -> Iterator[Run]:
    """Give the articles' pipeline."""
    os.environ.pop("OPENBLAS_NUM_THREADS", None)  # Kith's own, before numpy is there
    from bench_articles import ArticlesPipeline

    pipeline = ArticlesPipeline(config["reid_model"], Path(config["weights"]), config["threads"], config["device"])

    def run(photos: list[Path], _: bool) -> Reply:
        began = time.perf_counter()
        stages: Counter[str] = Counter()
        faces = 0
        for photo in photos:
            seconds, found = pipeline(photo)
            stages.update(seconds)
            faces += found
        return {"seconds": time.perf_counter() - began, "stages": stages, "faces": faces, "bodies": len(photos)}

    yield run


@contextmanager
def analysis(config: Config) -> Iterator[Run]:
    """Give Kith's road of a photo up to its observations, by way of worker processes; nothing is kept."""
    from kith.errors import BadPhoto
    from kith.jobs.context import open_context
    from kith.jobs.looks import Look, look_at_photos

    workers = StandingExecutor(config["workers"])
    settings = _with_library(_settings(config))
    with workers.pool, open_context(settings, threading.Event(), "bench", lambda: workers) as context:

        def run(photos: list[Path], _: bool) -> Reply:
            began, first = time.perf_counter(), 0.0
            seen: Counter[str] = Counter()
            for look in look_at_photos(context, photos):
                if isinstance(look, BadPhoto):
                    raise look
                assert isinstance(look, Look)
                assert look.analysis
                first = first or time.perf_counter() - began
                for appearance in look.analysis.appearances:
                    seen.update(observation.kind for observation in appearance.observations)
            seconds = time.perf_counter() - began
            return {"seconds": seconds, "first": first, "faces": seen["face"], "bodies": seen["body"]}

        yield run


@contextmanager
def whole_job(config: Config) -> Iterator[Run]:
    """Give Kith's whole recognise job, from opening the library to the report.

    A fresh one has the photos in its input folder and knows what was taught, one that is not finds all as it left it.
    """
    from kith.errors import BadPhoto
    from kith.jobs.context import open_context
    from kith.jobs.events import PhotoDone, PhotoFailed
    from kith.jobs.recognize_folder import recognize_folder

    settings, workers = _settings(config), StandingExecutor(config["workers"])

    def run(photos: list[Path], fresh: bool) -> Reply:
        if fresh:
            _set_out(settings, Path(config["taught"]), photos)
        began, first, faces = time.perf_counter(), 0.0, 0
        with open_context(settings, threading.Event(), "bench", lambda: workers) as context:
            for event in recognize_folder(context, [settings.input_folder], settings.output_folder):
                if isinstance(event, PhotoFailed):
                    raise BadPhoto(event.path, event.reason)
                if isinstance(event, PhotoDone):
                    first = first or time.perf_counter() - began
                    faces += event.row.faces
        return {"seconds": time.perf_counter() - began, "first": first, "faces": faces}

    with workers.pool:
        yield run


@contextmanager
def kernels(config: Config) -> Iterator[Run]:
    """Give what Kith cannot do without, each step alone: one process, on a graphics card in the program's batches."""
    from kith.jobs.context import open_context
    from kith.jobs.engines import made_ready
    from kith.photos.photo_file import opened
    from kith.vision import scene
    from kith.vision.engines import engines_of
    from kith.vision.photo_pixels import load_at_least
    from kith.vision.working_copy import working_copy

    with open_context(_with_library(_settings(config)), threading.Event(), "bench") as context:
        spec, size, at_once = made_ready(context.spec, context.device), context.batch_size, context.at_once
    engines = engines_of(spec)

    def decode(path: Path) -> Any:
        return working_copy(load_at_least(path, spec.resize_max)[0], spec.resize_max)

    def look(photos: list[Path], clock: Clock) -> "tuple[int, int]":
        people = []
        for path in photos:
            with clock.inside(scene, engines) as clocked, opened(path) as file:
                people += scene.see(file, None, spec, clocked).people
        chips = [somebody.face.chip for somebody in people if somebody.face]
        crops = [somebody.body.crop for somebody in people if somebody.body]
        clock("encode", engines.faces.encode, chips)
        if engines.bodies and crops:
            clock("body", engines.bodies.encode, crops)
        return len(chips), len(crops)

    def run(photos: list[Path], _: bool) -> Reply:
        clock = Clock(time.process_time if at_once == 1 else time.perf_counter)
        found = [look(photos[start : start + size], clock) for start in range(0, len(photos), size)]
        faces, bodies = map(sum, zip(*found))
        reply = {"seconds": sum(clock.stages.values()), "stages": clock.stages, "faces": faces, "bodies": bodies}
        return {**reply, "decode_alone": _decode_alone(photos, decode, os.cpu_count() or 1)} if at_once > 1 else reply

    yield run


class Clock:
    """Adds up the seconds of each stage, by the processor's time or by the wall's."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.stages: dict[str, float] = {}
        self._now = now

    @contextmanager
    def inside(self, scene: Any, engines: Any) -> Iterator[Any]:
        """Give models that are timed as they look at a photo, and time how its pixels are read, again or finer too."""
        faces = SimpleNamespace(align=partial(self, "encode", engines.faces.align))  # as on the articles' side
        persons = engines.persons and partial(self, "persons", engines.persons)
        read, reduced = (partial(self, "decode", function) for function in (scene.photo_pixels, scene.working_copy))
        with patch.object(scene, "photo_pixels", read), patch.object(scene, "working_copy", reduced):
            yield replace(engines, detector=partial(self, "detect", engines.detector), persons=persons, faces=faces)

    def __call__(self, stage: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what the function returns."""
        began = self._now()
        result = function(*arguments)
        self.stages[stage] = self.stages.get(stage, 0) + self._now() - began
        return result


def _decode_alone(photos: list[Path], decode: Callable[[Path], Any], threads: int) -> float:
    """Return the seconds in which that many threads read the photos and do nothing else."""
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(decode, photos):
            pass
    return time.perf_counter() - began


def _settings(config: Config) -> Any:
    from kith.settings import Settings

    return Settings.at(Path(config["folder"]), config["settings"])


def _with_library(settings: Any) -> Any:
    """Return the settings, once there is a library, be it an empty one."""
    from kith.library.store import open_store

    open_store(settings.library_file, create=True).close()
    return settings


def _set_out(settings: Any, taught: Path, photos: "list[Path]") -> None:
    for folder in (settings.output_folder, settings.input_folder):
        shutil.rmtree(folder, ignore_errors=True)
    settings.input_folder.mkdir()
    for photo in photos:
        os.link(photo, settings.input_folder / photo.name)
    for file in settings.library_file.parent.glob(f"{settings.library_file.name}*"):
        file.unlink()
    shutil.copy(taught, settings.library_file)


SIDES: dict[str, Callable[[Config], "AbstractContextManager[Run]"]] = {
    "articles": articles,
    "same_detector": analysis,
    "shipped": analysis,
    "whole_job": whole_job,
    "kernels": kernels,
    "kernels_hog": kernels,
}


def main() -> None:
    """Do each task until there are no more."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no reply
    sys.path.insert(0, str(REPOSITORY / "app"))
    from kith.errors import KithError
    from kith.process import collect_garbage_seldom

    collect_garbage_seldom()  # as kith.__main__ does
    try:
        with SIDES[sys.argv[1]](json.loads(sys.argv[2])) as run:
            for line in sys.stdin:
                task = json.loads(line)
                reply = run([Path(photo) for photo in task["photos"]], task["fresh"])
                print(json.dumps(reply), file=replies, flush=True)
    except KithError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
