"""Measure the window over a drawn library of 100,000 faces: how soon a place is there, its longest frames, memory.

Run by `scripts/bench.py gui`. A frame is what the window's own thread does without a pause: its processor time, which
other programs do not lengthen, beside the clock's.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench_scale import FACES_A_PHOTO, OBSERVATIONS, PEOPLE, SAMPLES
from bench_scale_library import Size, draw
from bench_tables import Row, Tables
from kith.library.store import open_store
from kith.process import collect_garbage_seldom

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication

PICTURES = 60  # different ones, each in the place of many
STEPS = 300  # of the scroll bar
TYPED = "Rosa Moser"
PATIENCE_S = 120


def places() -> Tables:
    """Return the figures of each place, in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        root = Path(folder)
        os.environ["KITH_HOME"] = f"{folder}/home"
        draw_library(root)
        rows = _in_own_process(root)
    return {"places, over 100,000 faces": rows}


def draw_library(root: Path, faces_a_photo: float = FACES_A_PHOTO, lie_there: bool = True) -> None:
    """Draw a library as recognising left it, with photos that lie there."""
    taught = PEOPLE * SAMPLES
    size = Size(OBSERVATIONS + taught, PEOPLE, round(OBSERVATIONS / faces_a_photo) + taught, SAMPLES)
    settings = draw(root, size)
    (root / "settings.json").write_text(json.dumps({"dataset_dir": "people", "process_dir": "input"}))
    if lie_there:
        with closing(open_store(settings.library_file)) as store, store.transaction():
            photos = store.photos.photos_at([settings.input_folder])
            _lay_photos(root, [*photos])
            for path, photo_id in photos.items():
                status = path.stat()
                store.photos.save_file(path, photo_id, status.st_size, status.st_mtime_ns)


def _in_own_process(root: Path) -> list[Row]:
    """Measure in a fresh process, so that its memory is its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    measure = [sys.executable, __file__, "measure", str(root)]
    done = subprocess.run(measure, stdout=subprocess.PIPE, env=environment, check=True)
    rows: list[Row] = json.loads(done.stdout)
    return rows


def _lay_photos(root: Path, paths: list[Path]) -> None:
    from PIL import Image

    random, pictures = np.random.default_rng(2), []
    for number in range(PICTURES):
        coarse = Image.fromarray(random.integers(0, 255, (9, 12, 3), np.uint8))
        picture = root / f"picture{number}.jpg"
        coarse.resize((1200, 900), Image.Resampling.BICUBIC).save(picture)
        pictures.append(picture)
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(pictures[number % PICTURES], path)


class Frames:
    """The longest that the window's thread was at work without a pause, in milliseconds."""

    def __init__(self, application: "QApplication") -> None:
        self._application = application
        self.processor = self.clock = 0.0

    def turn(self) -> None:
        """Let what waits happen, as one frame."""
        began, before = time.perf_counter(), time.thread_time()
        self._application.processEvents()
        self.processor = max(self.processor, 1000 * (time.thread_time() - before))
        self.clock = max(self.clock, 1000 * (time.perf_counter() - began))

    def until(self, condition: Callable[[], bool]) -> None:
        """Turn until something is so."""
        began = time.monotonic()
        while not condition():
            self.turn()
            if time.monotonic() - began > PATIENCE_S:
                raise TimeoutError
            time.sleep(0.001)


@contextmanager
def _open_window(root: Path) -> Iterator[tuple[Any, "QApplication"]]:
    from PyQt6.QtWidgets import QApplication

    from kith.gui.main_window import MainWindow
    from kith.settings import load

    application = QApplication.instance() or QApplication(["kith"])
    assert isinstance(application, QApplication)
    window = MainWindow(load(root / "settings.json"))
    window.show()
    application.processEvents()
    yield window, application
    window.close()


def measure(root: Path) -> list[Row]:
    """Return how soon each place is there and how long its frames are, and those of scrolling and typing in Photos."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    collect_garbage_seldom()  # as kith.__main__ does
    rows = []
    with _open_window(root) as (window, application):
        home = window.places["Home"]
        words = _opened(window, application, "Home", lambda: bool(home.page.advice.text()))
        rows.append({"what": "Home, what is next", **words})
        for name in window.bar.buttons:
            if name == "Review":
                asked = _opened(
                    window, application, name, lambda: window.places["Review"].model.line.current is not None
                )
                rows.append({"what": "Review, whom to ask about", **asked})
            opened = [{"what": f"{name}, {when}", **_opened(window, application, name)} for when in ("first", "again")]
            rows += opened
        for name in ("People", "Photos"):
            rows.append({"what": f"{name}, scrolling", **_scrolled(window, application, name)})
        rows.append({"what": "People, typing", **_typed_of_people(window, application)})
        rows.append({"what": "Photos, typing", **_typed(window, application)})
        rows.append({"what": "memory", "MB": _memory()})
    return rows


def _opened(window: Any, application: "QApplication", name: str, is_there: Callable[[], bool] | None = None) -> Row:
    """Return how soon a place is there: all that it asked for, unless `is_there` tells otherwise."""
    frames, began = Frames(application), time.perf_counter()
    before, work = time.thread_time(), time.process_time()
    window.go(name)
    frames.processor = frames.clock = 1000 * (time.thread_time() - before)
    frames.until(is_there or (lambda: not window.desk.busy))
    there, worked = time.perf_counter() - began, time.process_time() - work
    return {"there ms": round(1000 * there), "of all threads' processors ms": round(1000 * worked), **_longest(frames)}


def _scrolled(window: Any, application: "QApplication", name: str) -> Row:
    window.go(name)
    place = window.places[name]
    frames, grid = Frames(application), place.grid if name == "Photos" else place.wall
    frames.until(lambda: not window.desk.busy)
    frames = Frames(application)
    bar = grid.verticalScrollBar()
    for step in range(STEPS):
        bar.setValue(bar.maximum() * step // STEPS if step % 10 == 0 else bar.value() + 90)
        frames.turn()
    frames.until(lambda: not window.desk.busy)
    return {"there ms": None, "of all threads' processors ms": None, **_longest(frames)}


def _typed_of_people(window: Any, application: "QApplication") -> Row:
    window.go("People")
    frames, place = Frames(application), window.places["People"]
    frames.until(lambda: not window.desk.busy)
    frames = Frames(application)
    for letters in [*range(1, len(TYPED) + 1), *range(len(TYPED) - 1, -1, -1)]:
        before, began = time.thread_time(), time.perf_counter()
        place.search.setText(TYPED[:letters])
        application.processEvents()
        frames.processor = max(frames.processor, 1000 * (time.thread_time() - before))
        frames.clock = max(frames.clock, 1000 * (time.perf_counter() - began))
    place.search.clear()
    return {"there ms": None, "of all threads' processors ms": None, **_longest(frames)}


def _typed(window: Any, application: "QApplication") -> Row:
    window.go("Photos")
    frames, place = Frames(application), window.places["Photos"]
    answers = []
    for letters in range(1, len(TYPED) + 1):
        before, began = place.grid.photos.found.keys, time.perf_counter()
        place.filter.text.setText(TYPED[:letters])
        place.filter.changed.emit()  # as after the pause that one makes while typing
        frames.turn()
        frames.until(lambda: not window.desk.busy)
        answers.append(1000 * (time.perf_counter() - began))
        assert place.grid.photos.found.keys is not before
    return {"there ms": round(max(answers)), "of all threads' processors ms": None, **_longest(frames)}


def _longest(frames: Frames) -> Row:
    return {"longest frame, processor ms": round(frames.processor), "by the clock ms": round(frames.clock)}


def _memory() -> int:
    import psutil

    return round(psutil.Process().memory_info().rss / 1e6)


if __name__ == "__main__":
    if sys.argv[1:2] == ["draw"]:
        draw_library(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
