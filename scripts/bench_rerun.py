"""Measure recognising again what has not changed: a large library drawn, real SQLite and files, nothing looked at.

Photos are files of a few bytes that the library knows, faces drawn as bench_scale_library draws them, and bodies: five
in six photos show a face of somebody with the body below it, the others a body alone, which hangs on its event. A first
run decides and files, the second one finds all as it left it. Times are the processor's, of a process with no workers.
The first run, there for the second one's sake, syncs its copies all at once at its end, not each by itself: filing has
a measurement of its own, and waiting for the disk took two fifths of the first run.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from bench_people import SHARED
from bench_scale_library import BETWEEN, MEAN_LENGTH, ROOT, WITHIN
from bench_tables import Row, Tables
from kith.errors import BadInput
from kith.jobs.context import Context, open_context
from kith.jobs.events import RecognitionFinished
from kith.jobs.recognize_folder import recognize_folder
from kith.library.store import Store, open_store
from kith.process import collect_garbage_seldom
from kith.settings import Settings
from kith.vision.face_model import default_face_model

NETWORK = "osnet_x0_25_msmt17.onnx"
BODY_LENGTH = 512
PEOPLE, SAMPLES = 50, 5
FACELESS = 6  # one photo in so many shows a body alone
BODIES_ALIKE = 0.35  # of a body's length, by which it differs from the person's others of that event
SECONDS_APART = 3


@dataclass(frozen=True)
class Case:
    """So many photos in folders of so many each, every folder an event of its own."""

    name: str
    photos: int
    in_a_folder: int
    size: int = 0  # bytes of a file, where that matters


CASES = (
    Case("10,000 photos in events of 500", 10_000, 500),
    Case("10,000 photos in one event", 10_000, 10_000),
    Case("100,000 photos in events of 500", 100_000, 500),
)


def rerun(_data: Path) -> Tables:
    """Say how many photos a second a run over known photos decides, the first time and when nothing changed."""
    rows = [row for case in CASES for row in _measured(case)]
    return {f"{PEOPLE} people of {SAMPLES} samples; photos a second by processor time": rows}


def _measured(case: Case) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        fill(_settings(Path(root)), case)
        for run in ("first", "again"):
            yield {"case": case.name, "run": run, **_in_own_process(Path(root), run)}


def _in_own_process(root: Path, run: str) -> Row:
    """Recognise in a fresh process, so that its time and peak memory are its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, __file__, str(root), run]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
    row: Row = json.loads(done.stdout)
    return row


def recognised(settings: Settings) -> Row:
    """Recognise the drawn photos once and return what it took."""
    import resource  # not on Windows

    with open_context(settings, threading.Event(), "bench", _nobody) as context:
        began, clock = time.process_time(), time.perf_counter()
        events = recognize_folder(context, [settings.input_folder], settings.output_folder)
        (finished,) = deque(events, maxlen=1)  # who keeps all of them measures their memory
        seconds, clock = time.process_time() - began, time.perf_counter() - clock
    assert isinstance(finished, RecognitionFinished)
    return {
        "photos/s": round(finished.done / seconds),
        "photos/s by the clock": round(finished.done / clock),
        "analysed": finished.analysed,
        "failed": len(finished.failed),
        "known": finished.known,
        "unsure": finished.unsure,
        "peak MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _nobody() -> Any:
    raise AssertionError("a photo was to be looked at")


def _settings(root: Path) -> Settings:
    network = SHARED / "models" / NETWORK
    if not network.is_file():
        raise BadInput(f"There is no {network}, by whose name bodies are drawn.")
    places = {"dataset_dir": "people", "process_dir": "input", "processed_dir": "output"}
    models = {"face_detector": "hog", "person_detector": "off", "reid_model": str(network), "device": "cpu"}
    return Settings.at(root, {**places, **models, "models_dir": ""})


def fill(settings: Settings, case: Case) -> None:
    """Draw a library and the photos that it knows."""
    settings.dataset_folder.mkdir()
    with closing(open_store(settings.library_file, create=True)):
        pass
    with open_context(settings, threading.Event(), "bench", _nobody) as context, context.store.transaction():
        Draft(context, case).enter()


class Draft:
    """Draws people, photos and who shows in them, and enters them."""

    def __init__(self, context: Context, case: Case) -> None:
        self._store: Store = context.store
        self._engine_id, self._body_id = context.spec.engine_id, context.spec.body_model_id
        self._input = context.settings.input_folder
        self._case = case
        self._random = np.random.default_rng(0)
        spread = (BETWEEN**2 - WITHIN**2) ** 0.5 / ROOT
        mean = self._random.normal(size=128)
        self._faces = mean * MEAN_LENGTH / np.linalg.norm(mean) + spread * self._random.normal(size=(PEOPLE, 128))
        self._observed = 0
        self._rest = self._random.bytes(case.size)

    def enter(self) -> None:
        """Enter all."""
        enter = self._store._connection.executemany
        people = ((number, f"Person {number}") for number in range(1, PEOPLE + 1))
        enter("INSERT INTO persons (id, name, added_at) VALUES (?, ?, '')", people)
        for key in range(1, PEOPLE * SAMPLES + 1):
            person = (key - 1) // SAMPLES
            self._photo(key, None)
            self._show(key, self._face(person), None)
            link = "INSERT INTO links (appearance_id, person_id, word, source, made_at) VALUES (?, ?, 'is', ?, '')"
            enter(link, [(self._observed, person + 1, "dataset")])
        for number in range(self._case.photos):
            self._draw(number)

    def _draw(self, number: int) -> None:
        event, _ = divmod(number, self._case.in_a_folder)
        key = PEOPLE * SAMPLES + 1 + number
        person = int(self._random.integers(PEOPLE))
        taken = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=event, seconds=SECONDS_APART * (number % 20_000))
        self._photo(key, taken)
        folder = self._input / f"{event:04}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"IMG_{number:06}.jpg"
        path.write_bytes(b"photo %d" % number + self._rest)
        status = path.stat()
        self._store.photos.save_file(path, key, status.st_size, status.st_mtime_ns)
        face = None if number % FACELESS == 0 else self._face(person)
        self._show(key, face, self._body(event, person))

    def _photo(self, key: int, taken: datetime | None) -> None:
        execute = self._store._connection.execute
        execute(
            "INSERT INTO photos (id, image_hash, width, height, orientation, taken_at, added_at) "
            "VALUES (?, ?, 4000, 3000, 1, ?, '')",
            (key, f"hash {key}", taken and taken.isoformat()),
        )
        execute(
            "INSERT INTO analyses (id, photo_id, engine_id, orientation, made_at) VALUES (?1, ?1, ?2, 1, '')",
            (key, self._engine_id),
        )

    def _show(self, photo: int, face: NDArray[np.float64] | None, body: NDArray[np.float64] | None) -> None:
        execute = self._store._connection.execute
        appearance = execute(
            "INSERT INTO appearances (photo_id, x, y, w, h) VALUES (?, 0.1, 0.1, 0.2, 0.2)", (photo,)
        ).lastrowid
        self._observed = int(appearance or 0)
        models = {"face": default_face_model().id, "body": self._body_id}
        for kind, vector in (("face", face), ("body", body)):
            if vector is not None and models[kind]:
                execute(
                    "INSERT INTO observations (appearance_id, analysis_id, kind, model_id, x, y, w, h, score, "
                    "sharpness, pixels, frontality, weak, vector) "
                    "VALUES (?, ?, ?, ?, 0.1, 0.1, 0.2, 0.2, 0.9, 300, 120, 0.9, 0, ?)",
                    (appearance, photo, kind, models[kind], vector.astype("<f4").tobytes()),
                )

    def _face(self, person: int) -> NDArray[np.float64]:
        face: NDArray[np.float64] = self._faces[person] + WITHIN / ROOT * self._random.normal(size=128)
        return face

    def _body(self, event: int, person: int) -> NDArray[np.float64]:
        """Return a body in the clothes that a person wears at an event."""
        clothes = np.random.default_rng((event, person)).normal(size=BODY_LENGTH)
        body = clothes + BODIES_ALIKE * self._random.normal(size=BODY_LENGTH)
        unit: NDArray[np.float64] = body / np.linalg.norm(body)
        return unit


if __name__ == "__main__":
    collect_garbage_seldom()  # as kith.__main__ does
    with patch("os.fsync", lambda _file: None) if sys.argv[2] == "first" else nullcontext():
        row = recognised(_settings(Path(sys.argv[1])))
    os.sync()
    sys.stdout.write(json.dumps(row))
