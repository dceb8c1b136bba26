"""Measure the window: time until it shows, its longest pause while photos are analysed, time from Abort to the end.

Run by `scripts/bench.py gui`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench_tables import Tables

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication

SHOW = """
import sys
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication
from kith.gui.main_window import MainWindow
from kith.settings import load_user_settings
app = QApplication(["kith"])
window = MainWindow(load_user_settings())
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
print("shown", flush=True)
sys.stdin.read()
"""
TICK_MS = 10
PATIENCE_S = 300
TAUGHT = 4  # photos a person


@cache
def application() -> "QApplication":
    """Return the one that all measuring in this process shares, as all of a program does."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PyQt6.QtWidgets import QApplication

    return QApplication(["kith"])


def window(data: Path) -> Tables:
    """Return the figures in seconds, over the people of lfw10: four photos of each teach, the others are recognised."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KITH_HOME"] = f"{folder}/home"
        shows = [_time_to_window() for _ in range(5)]
        row = {"time to window": _rounded(median(shows)), **_run_and_abort(data / "lfw10", Path(folder))}
        return {"window": [row]}


def _time_to_window() -> float:
    began = time.monotonic()
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", SHOW], text=True, stdin=pipe, stdout=pipe) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        took = time.monotonic() - began
        child.stdin.close()
    return took


def _run_and_abort(people: Path, folder: Path) -> dict[str, Any]:
    from PyQt6.QtCore import Qt, QTimer

    from kith.gui.main_window import MainWindow
    from kith.gui.workers import FolderWorker, KbBuilder
    from kith.settings import load

    app = application()
    settings = load(_settings(people, folder))
    window = MainWindow(settings)
    window.show()
    ticks: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start(TICK_MS)

    def run_until(condition: Callable[[], bool]) -> float:
        began = time.monotonic()

        def look() -> None:
            if condition() or time.monotonic() - began > PATIENCE_S:
                app.quit()

        loop = QTimer()
        loop.timeout.connect(look)
        loop.start(1)
        app.exec()
        return time.monotonic() - began

    jobs, bar = window.jobs, window.progress.bar

    def is_idle() -> bool:
        return not jobs.running

    def is_half_done() -> bool:
        return 0 < bar.maximum() // 2 <= bar.value()

    jobs.start(KbBuilder(window.settings))
    run_until(is_idle)
    build = _longest_gap(ticks)
    ticks.clear()
    jobs.start(FolderWorker(window.settings))
    run_until(is_half_done)
    window.does.abort.trigger()
    abort = run_until(is_idle)
    gap = _longest_gap(ticks)
    window.close()
    return {
        f"longest gap of a {TICK_MS} ms timer, building": _rounded(build),
        "the same, recognising": _rounded(gap),
        "Abort to end": _rounded(abort),
    }


def _rounded(seconds: float) -> float:
    return round(seconds, 3)


def _longest_gap(ticks: list[float]) -> float:
    gaps = (later - earlier for earlier, later in pairwise(ticks))
    return max(gaps, default=0.0)


def _settings(people: Path, folder: Path) -> Path:
    from kith.settings import Settings, save

    for person in sorted(people.iterdir()):
        for index, photo in enumerate(sorted(person.iterdir())):
            place = "people" if index < TAUGHT else "input"
            target = folder / place / person.name
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(photo, target)
    settings = Settings.at(folder, {"dataset_dir": "people", "process_dir": "input", "processed_dir": "output"})
    file = folder / "settings.json"
    save(file, settings)
    return file
