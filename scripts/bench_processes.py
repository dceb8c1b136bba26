"""Processes that measure: each side of the comparison of speeds in one of its own, its memory watched from outside."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bench_tables import Row
from kith.errors import BadInput

SIDES_SCRIPT = Path(__file__).with_name("bench_sides.py")
LOOK_EVERY_S, NEW_PROCESSES_EVERY_S = 0.05, 1.0


class Watch:
    """The most memory that a process and its children held together while it was watched, in bytes (resident sets)."""

    def __init__(self, process_id: int) -> None:
        self.peak = 0
        self._root = psutil.Process(process_id)
        self._end = threading.Event()

    def processor_seconds(self) -> float:
        """Return the processor time of all of them so far."""
        return sum(_processor_seconds(process) for process in self._tree())

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look while the block runs."""
        self._end.clear()
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    def _look(self) -> None:
        tree: list[psutil.Process] = []
        known_until = 0.0
        while not self._end.wait(LOOK_EVERY_S):
            now = time.monotonic()
            if now >= known_until:
                tree = self._tree()
                known_until = now + NEW_PROCESSES_EVERY_S
            with suppress(psutil.NoSuchProcess):
                held = sum(process.memory_info().rss for process in tree)
                self.peak = max(self.peak, held)

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def busy_seconds() -> float:
    """Return the processor time of all programs of the machine so far, and what other virtual machines took of it."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0)


def _processor_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


class Side:
    """A side at work in its own process; `cold_start` and `first_photo` in seconds, from nothing and from the call."""

    def __init__(self, name: str, config: Row, first: Path) -> None:
        self.name = name
        began = time.perf_counter()
        command = [sys.executable, str(SIDES_SCRIPT), name, json.dumps(config)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self.watch = Watch(self._process.pid)
        self.first_photo = self.ask([first]).get("first")
        self.cold_start = time.perf_counter() - began

    def ask(self, photos: Sequence[Path], fresh: bool = True) -> Row:
        """Return the side's own account of a pass over photos, with the processor seconds it took."""
        questions, answers = self._process.stdin, self._process.stdout
        assert questions is not None
        assert answers is not None
        watch = self.watch
        task = json.dumps({"photos": [str(path) for path in photos], "fresh": fresh})
        before = watch.processor_seconds()
        with watch.watching():
            with suppress(BrokenPipeError):  # an empty answer says it too
                questions.write(f"{task}\n")
                questions.flush()
            answer = answers.readline()
        if not answer:
            self.close()
            raise BadInput(f"The side {self.name} of the comparison ended early: what it said stands above.")
        used = watch.processor_seconds() - before
        return {**json.loads(answer), "photos": len(photos), "processor": used}

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
