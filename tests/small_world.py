"""A small world: tiny photos that are real files, made-up sights in them, and real jobs over a real library."""

import hashlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kith.filing.names import folder_names
from kith.identity.certainty import FEATURES
from kith.jobs import looks
from kith.jobs.build_kb import build_kb
from kith.jobs.context import Context
from kith.jobs.events import Event, PhotoDone, RedecisionFinished
from kith.jobs.open_library import OpenLibrary
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.redecision import redecide
from kith.jobs.workers import InlineExecutor
from kith.library.store import Store, open_store
from kith.photos.box import Box
from kith.photos.facts import read_facts
from kith.photos.outputs import MARKER, REPORT
from kith.settings import Settings
from kith.values.calibration import Calibration
from kith.values.links import Link, Source, Word, said_to_be
from kith.vision.engines import EngineSpec
from kith.vision.face_model import default_face_model
from kith.vision.observations import Analysis, Appearance, Kind, Observation
from kith.vision.weights import weights_id
from tests.desk import is_analysis, is_description, no_analysis, run_job

PLACES = [Box(0.05, 0.1, 0.2, 0.3), Box(0.4, 0.1, 0.2, 0.3), Box(0.7, 0.1, 0.2, 0.3)]
# Who shows in each photo, by number; a pair is somebody between two people, an odd one of three has no good face.
SHOWN: list[list[tuple[int, ...]]] = [
    [(0,)], [(0,)], [(1,)], [(1,)], [(2,)], [(2,)], [(0,), (1,)], [(3,)], [(3,)], [(4,)], [(0,), (2,)], [(1,)],
    [(0, 1)], [(0,)], [(3,), (4,)], [], [(2, 2, 2)], [(0, 0, 0), (1,)], [(1, 2), (1,)], [(5,), (5,)],
]  # fmt: skip
BODIES = ("first.onnx", "second.onnx")
OTHER_FACES = "faces.onnx"


DLIB = default_face_model().id


def _draw(kind: str, size: int, *numbers: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    random = np.random.default_rng([len(kind), *numbers])
    return random.normal(size=size).astype(np.float32)


def face_vector(who: tuple[int, ...], photo: int, model: str = DLIB) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return a face like dlib's: people about 0.85 apart, the faces of one about 0.35; as far apart by another model.

    That one cannot tell the second person from the third, and takes somebody between two people for the first of them.
    """
    if model == DLIB:
        size, kind, people = 128, "", set(who)
    else:
        size, kind, people = 64, " by another", {min(1 if one == 2 else one for one in who)}
    scale = (128 / size) ** 0.5
    centre = np.mean([_draw("person" + kind, size, one) for one in people], axis=0) * 0.053
    return (scale * (centre + 0.022 * _draw("face" + kind, size, photo, *who))).astype(np.float32)


def calibration(length: int, even: float, slope: float) -> Calibration:
    """Return one by which a pair is as likely as not one person at that distance, and less by `slope` beyond."""
    weights = {"one": slope * even, "distance": -slope}
    numbers = tuple(weights.get(name, 0.0) for name in FEATURES)
    return Calibration(np.zeros(length), (0.0, 1.0), (0.0, 1.0), numbers, "a test")


def body_vector(who: tuple[int, ...], photo: int, model: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return a body in the clothes of its person, as this model describes it."""
    vector = _draw("clothes", 32, *who, len(model), ord(model[-1])) + 0.2 * _draw("body", 32, photo, *who)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


class Eyes(Executor):
    """Stands for the worker processes: sees in each photo what is made up for it, and counts how often it looked."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self.hashes: dict[int, int] = {}
        self.looked: Counter[tuple[str, str]] = Counter()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return what is seen."""
        if not is_analysis(fn):
            return InlineExecutor().submit(fn, *args, **kwargs)
        (photos,), spec = args, fn.keywords["spec"]
        future: Future[Any] = Future()
        if is_description(fn):
            drawn = getattr(fn, "keywords", {}).get("drawn", False)
            future.set_result([self._described(path, boxes, spec, drawn) for path, _, boxes in photos])
            return future
        images = [read_facts(path).image_hash for path, _ in photos]
        self.looked.update((image, spec.engine_id) for image in images)
        future.set_result([self._seen(self.known[image], spec) for image in images])
        return future

    def _described(self, path: Path, boxes: Sequence[Box], spec: EngineSpec, drawn: bool) -> list[Observation | None]:
        faces = [one.observations[0] for one in self._seen(self.known[read_facts(path).image_hash], spec).appearances]
        faces = [replace(face, score=0.0) for face in faces] if drawn else faces  # no detector found them
        return [max(faces, key=lambda face: face.box.iou(box), default=None) for box in boxes]

    def _seen(self, photo: int, spec: EngineSpec) -> Analysis:
        seen = []
        for box, who in zip(PLACES, SHOWN[photo], strict=False):
            poor = len(who) == 3
            place = Box(box.x + spec.resize_max / 100_000, *box[1:])
            own = [
                Observation(
                    Kind.FACE, spec.face_model.id, place, 0.9, face_vector(who, photo, spec.face_model.id),
                    sharpness=5.0 if poor else 500.0, pixels=120.0, frontality=1.0,
                )
            ]  # fmt: skip
            if spec.body_model_id:
                vector = body_vector(who, photo, spec.body_model_id)
                own.append(Observation(Kind.BODY, spec.body_model_id, place, 1.0, vector))
            seen.append(Appearance(place, tuple(own)))
        return Analysis(self.hashes.get(photo, photo), tuple(seen))


class World:
    """A people folder, an input folder and an output folder, and all that may be done with them."""

    def __init__(self, root: Path) -> None:
        self.root, self.eyes = root, Eyes()
        self.values: dict[str, object] = {
            "dataset_dir": "people",
            "process_dir": "input",
            "processed_dir": "output",
            "models_dir": "models",
            "reid_weights": "first.onnx",
            "body_policy": "off",
            "names_in": "off",  # what lies in the output are copies
            "workers": 1,
            "face_margin": 0.04,  # somebody between two people is neither
        }
        for folder in ("people", "input", "models"):
            (root / folder).mkdir(parents=True)
        for model in (*BODIES, OTHER_FACES):
            (root / model).write_text(model)
        self.originals: dict[Path, bytes] = {}
        self.contents: dict[str, bytes] = {}
        self.may_lag = False
        for photo, folder in [(0, "people/Ann"), (1, "people/Ann"), (2, "people/Bob"), (4, "people/Eve")]:
            self.put(photo, folder)
        for photo in (5, 6, 8, 10, 11, 12, 13):
            self.put(photo, "input")
        self.build()

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return Settings.at(self.root, self.values)

    def put(self, photo: int, folder: str, size: tuple[int, int] = (8, 6)) -> None:
        """Put a photo into a folder."""
        path = self.root / folder / f"{photo}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", size, (10 * photo, 20, 255 - photo)).save(path)
        image, content = read_facts(path).image_hash, path.read_bytes()
        self.eyes.known[image] = photo
        self.contents[image] = self.originals[path] = content

    @property
    def other_faces_id(self) -> str:
        """The id of the other network that compares faces."""
        return weights_id("", self.root / OTHER_FACES)

    def measure(self, *models: str) -> None:
        """Let the library know how sure the two networks, by their ids, make."""
        with self.store() as store, store.transaction():
            for model, length in zip(models, (128, 64), strict=False):
                store.calibrations.save(model, calibration(length, 0.55, 30.0))

    def move(self, number: int) -> None:
        """Move a photo of the input to another place there."""
        found = [path for path in sorted(self.originals) if path.is_relative_to(self.root / "input")]
        before = found[number % len(found)]
        now = self.root / "input" / f"moved {len(before.parts)} {before.name.split()[-1]}"
        if now not in self.originals:
            before.rename(now)
            self.originals[now] = self.originals.pop(before)

    # Jobs

    def build(self) -> None:
        """Build the knowledge base; copies of photos that it learned something new of lag behind from then on."""
        self.may_lag = True
        self._run(build_kb)

    def recognise(self) -> list[PhotoDone]:
        """Recognise the input."""

        def job(context: Context) -> Iterator[Event]:
            return recognize_folder(context, [self.root / "input"], self.root / "output")

        events = self._run(job)
        self.may_lag = False
        return [event for event in events if isinstance(event, PhotoDone)]

    def _run(self, job: Callable[[Context], Iterator[Event]]) -> list[Event]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(looks, "made_ready", lambda spec, _device: spec)  # these eyes need no networks
            return run_job(self.settings, job, executor=lambda: self.eyes)

    def redecide(self) -> RedecisionFinished:
        """Decide again, without a look at a photo."""
        (*_, finished) = run_job(self.settings, redecide, executor=no_analysis)
        assert isinstance(finished, RedecisionFinished)
        assert not finished.failed
        self.may_lag = False
        return finished

    def library(self) -> "closing[OpenLibrary]":
        """Open the library to ask and change."""
        return closing(OpenLibrary(self.settings))

    # What there is

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the library."""
        with closing(sqlite3.connect(self.settings.library_file)) as library:
            return library.execute(sql, values).fetchall()

    def store(self) -> "closing[Store]":
        """Open the library."""
        return closing(open_store(self.settings.library_file))

    def persons(self) -> list[tuple[Any, ...]]:
        """Return everybody, without the numbers that the library knows them by."""
        with self.store() as store:
            return sorted(
                (one.name, one.folders, tuple(sorted(one.aliases)), one.birth, one.death, one.notes, one.hidden)
                for one in store.people.all().values()
            )

    def links(self) -> list[tuple[Any, ...]]:
        """Return all that is said, by photo, place and name."""
        rows = self.query(
            "SELECT p.image_hash, round(a.x, 1), n.name, n.birth, l.word, l.source, round(l.score, 9) FROM links l "
            "JOIN appearances a ON a.id = l.appearance_id JOIN photos p ON p.id = a.photo_id "
            "JOIN persons n ON n.id = l.person_id"
        )
        return sorted(rows, key=repr)

    def ignored(self) -> list[tuple[Any, ...]]:
        """Return who is ignored."""
        return self.query("SELECT appearance_id FROM ignored ORDER BY 1")

    def tree(self) -> Counter[tuple[str, str]]:
        """Return what lies in the output, by folder (without the number of a namesake) and content."""
        output = self.root / "output"
        files = [path for path in output.rglob("*") if path.is_file() and path.name not in {MARKER, REPORT}]
        return Counter(
            (path.parent.name.split(" #")[0], hashlib.sha256(path.read_bytes()).hexdigest()) for path in files
        )

    def said(self, *sources: Source) -> list[tuple[Any, ...]]:
        """Return all that some sources say."""
        among = ", ".join(f"'{one}'" for one in sources)
        return self.query(f"SELECT * FROM links WHERE source IN ({among}) ORDER BY id")

    # The invariants

    def check(self) -> None:
        """Check all that must hold at any moment."""
        assert {path: path.read_bytes() for path in self.originals} == self.originals
        files = Counter(self.originals.values())  # several files of one photo may be looked at side by side
        for (image, _), times in self.eyes.looked.items():
            assert times <= files[self.contents[image]]
        assert self.query("PRAGMA foreign_key_check") == []
        assert self.query("SELECT * FROM open_change") == []
        assert self.query("SELECT id FROM copies WHERE sha256 IS NULL") == []
        with self.store() as store:
            self._check_links(store)
            self._check_copies(store)

    def _check_links(self, store: Store) -> None:
        links = self._all_links(store)
        for own in links.values():
            denied = {one.person_id for one in own if one.word is Word.IS_NOT and one.source is Source.USER}
            by_machine = [one for one in own if one.source is Source.MACHINE]
            assert len(by_machine) <= 1
            assert not [one for one in by_machine if one.person_id in denied or one.word is Word.IS_NOT]
            assert sum(one.source is Source.USER and one.word is Word.IS for one in own) <= 1
        seen = set(self.query("SELECT DISTINCT appearance_id, model_id FROM observations"))
        for key, own in links.items():
            for one in own:
                if one.source is Source.MACHINE:
                    assert (key, one.model_id) in seen  # what it goes by was seen there

    def _all_links(self, store: Store) -> dict[int, list[Link]]:
        return {key: store.people.links(key) for (key,) in self.query("SELECT id FROM appearances")}

    def _check_copies(self, store: Store) -> None:
        """Copies on disk are those on record, and those are what is said of who shows."""
        output, folders = self.root / "output", folder_names(store.people.all().values())
        rows = self.query("SELECT photo_id, person_id, target FROM copies")
        on_disk = {str(path) for path in output.rglob("*") if path.is_file() and path.name not in {MARKER, REPORT}}
        assert sorted(target for _, _, target in rows) == sorted(on_disk)
        contents = {photo: self.contents[image] for photo, image in self.query("SELECT id, image_hash FROM photos")}
        filed: dict[int, set[int | None]] = defaultdict(set)
        for photo, person, target in rows:
            assert Path(target).read_bytes() == contents[photo]
            assert self.may_lag or Path(target).parent == output / folders[person]
            assert person not in filed[photo]
            filed[photo].add(person)
        for photo, people in filed.items():
            assert self.may_lag or people == (self.shown(store, photo) or {None})

    def shown(self, store: Store, photo: int) -> set[int | None]:
        """Return who shows in a photo as user, dataset or machine say."""
        found = set()
        for key in store.photos.appearances(photo):
            links = store.people.links(key)
            machine = next((one.person_id for one in links if one.source is Source.MACHINE), None)
            said = said_to_be(links)
            found.add(machine if said is None else said)
        return {one for one in found if one is not None}

    def heard(self, photos: list[PhotoDone]) -> None:
        """Check that nobody is decided on or suggested whom the user excluded."""
        denied = defaultdict(set)
        for key, person in self.query("SELECT appearance_id, person_id FROM links WHERE word = 'is_not'"):
            denied[key].add(person)
        for photo in photos:
            for one in photo.decision.appearances:
                assert not {one.person_id, one.suggested} & denied[one.appearance_id]
