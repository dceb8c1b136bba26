"""Draw a library as the jobs leave it: photos in events, faces scattered as dlib's are, who they are, copies and runs.

    .venv/bin/python scripts/bench_scale_library.py FOLDER FACES PEOPLE PHOTOS

Rows go straight into the tables, many at a time; no photo lies anywhere. Every draw of one size is the same.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app"))

from kith.filing.xmp_names import NamedPlace, PhotoNames, wanted_names
from kith.library.store import Store, open_store
from kith.library.written_fields import packed
from kith.photos.box import Box
from kith.policies import BodyPolicy
from kith.settings import Settings
from kith.vision.face_model import default_face_model

# Faces of lfw10: 1.40 long, their mean 1.29; medians: 0.42 apart within a person, 0.77 between people.
MEAN_LENGTH, WITHIN, BETWEEN = 1.29, 0.42, 0.77
LENGTH = 128
ROOT = (2 * LENGTH) ** 0.5  # the distance of two draws of 128 independent numbers, in their deviations
FIRST = ("Anna", "Bruno", "Carla", "David", "Emma", "Felix", "Greta", "Hugo", "Irene", "Jakob", "Klara", "Rosa")
LAST = ("Abel", "Berg", "Conti", "Dahl", "Egger", "Falk", "Gruber", "Haas", "Imhof", "Jansen", "Keller", "Moser")
CAMERAS = ("Canon EOS 5D Mark III", "NIKON D750", "SONY ILCE-7M3", "Apple iPhone 12", "samsung SM-G991B")
EVENT = 200  # photos
AT_ONCE = 20_000  # vectors
MODEL = default_face_model().id
ENGINE = f"face_detection_yunet_2026may@1000/16v4 {MODEL}"
THEN = "2026-11-27T20:00:00+00:00"
# Of the known faces that the machine is to decide; the others it is sure of.
UNSURE, NAMED, DENIED = 0.04, 0.01, 0.005
IGNORED = 0.02  # of the strangers
PLACE = (0.41, 0.23, 0.11, 0.14)

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Size:
    """So many faces and photos in all; of each of the people so many `samples`, a photo each, are in the people folder.

    `strangers` is the part of the other faces that is nobody known.
    """

    faces: int
    people: int
    photos: int
    samples: int = 10
    strangers: float = 0.2

    @property
    def taught(self) -> int:
        """How many faces teach, the first of all, and how many photos they are in."""
        return self.people * self.samples

    @classmethod
    def of(cls, faces: int) -> "Size":
        """Return the size of a library of so many faces as it is measured: a photo each, a hundredth as many people."""
        return cls(faces, max(faces // 100, 1), faces)


class Drawn:
    """Who shows where: of each face its photo and person, by number from 0; strangers come after the people."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.random = np.random.default_rng(0)
        others = size.faces - size.taught
        strangers = round(size.strangers * others)
        known = self._some(size.people, others - strangers)
        unknown = size.people + self._some(max(strangers // 3, 1), strangers)
        shown = self.random.permutation(np.concatenate([known, unknown]))
        self.people: Ids = np.concatenate([np.repeat(np.arange(size.people), size.samples), shown])
        places = np.sort(self.random.integers(size.taught, size.photos, size=others))
        self.photos: Ids = np.concatenate([np.arange(size.taught), places])
        chance = self.random.random(size.faces)
        is_known, is_other = self.people < size.people, np.arange(size.faces) >= size.taught
        self.is_unsure = is_known & is_other & (chance < UNSURE)
        self.is_named = is_known & is_other & (chance > 1 - NAMED)
        self.is_sure = is_known & is_other & ~self.is_unsure & ~self.is_named
        self.is_ignored = ~is_known & (chance < IGNORED)
        self.is_denied = self.is_unsure & (chance < DENIED)

    def _some(self, kinds: int, count: int) -> Ids:
        """Return whom so many faces are: a few people are in many photos, most in few."""
        some: Ids = (kinds * self.random.random(count) ** 2).astype(np.int64)
        return some

    @cached_property
    def is_unknown(self) -> NDArray[np.bool_]:
        """Whom nobody is said to be, nor ignored."""
        others = np.arange(self.size.faces) >= self.size.taught
        return others & ~self.is_sure & ~self.is_named & ~self.is_ignored

    def vectors(self) -> Iterator[Floats]:
        """Yield the vectors of all faces, some at a time."""
        mean = self.random.normal(size=LENGTH)
        mean *= MEAN_LENGTH / np.linalg.norm(mean)
        spread = (BETWEEN**2 - WITHIN**2) ** 0.5 / ROOT
        count = int(self.people.max()) + 1
        centres = self.random.standard_normal((count, LENGTH), np.float32) * np.float32(spread) + mean.astype("f4")
        for start in range(0, self.size.faces, AT_ONCE):
            people = self.people[start : start + AT_ONCE]
            around = self.random.standard_normal((len(people), LENGTH), np.float32)
            yield (centres[people] + np.float32(WITHIN / ROOT) * around).astype("<f4")


def settings_of(root: Path, **changes: Any) -> Settings:
    """Return the settings of a library that is drawn into a folder."""
    own = {"dataset_dir": "people", "processed_dir": "output", "body_policy": BodyPolicy.OFF, "models_dir": ""}
    return Settings.at(root, {**own, **changes})


def draw(root: Path, size: Size, decided: bool = True) -> Settings:
    """Make a library of such a size in a folder and return its settings; a million faces take two minutes.

    Photos of the people folder come first, one face and one person each. With `decided` there is all that recognising
    and the user left: who shows, surely and perhaps, groups of strangers, copies, names beside them, runs and words.
    """
    settings = settings_of(root)
    settings.dataset_folder.mkdir(parents=True)
    drawn = Drawn(size)
    with closing(open_store(settings.library_file, create=True)) as store:
        store._connection.execute("PRAGMA cache_size = -400000")  # kB: indexes of random texts are written all over
        with store.transaction():
            _people(store, size)
            _photos(store, settings, drawn)
            _faces(store, drawn)
            if decided:
                _decide(store, drawn)
                _file(store, settings, drawn)
        if decided:
            _say(store, drawn)
    return settings


def name_of(person: int) -> str:
    """Return what a person is called, by number from 0."""
    return f"{FIRST[person % 12]} {LAST[person // 12 % 12]} {person // 144}"


def _people(store: Store, size: Size) -> None:
    enter, names = store._connection.executemany, [(key + 1, name_of(key)) for key in range(size.people)]
    enter("INSERT INTO persons (id, name, added_at) VALUES (?, ?, ?)", [(*row, THEN) for row in names])
    enter("INSERT INTO person_folders (person_id, folder) VALUES (?, ?)", names)


def _photos(store: Store, settings: Settings, drawn: Drawn) -> None:
    size, random = drawn.size, drawn.random
    enter = store._connection.executemany
    days = np.datetime64("2000-01-01") + np.sort(random.integers(0, 9000, size=size.photos // EVENT + 1))
    cameras = random.integers(0, len(CAMERAS), size=size.photos // EVENT + 1)
    hashes = random.bytes(32 * size.photos).hex()
    phashes = np.frombuffer(random.bytes(8 * size.photos), np.int64).copy()
    phashes[1::100] = phashes[: len(phashes[1::100]) * 100 : 100]  # one in a hundred is nearly the one before
    enter(
        "INSERT INTO photos (id, image_hash, width, height, orientation, taken_at, camera, phash, added_at) "
        "VALUES (?, ?, 4000, 3000, 1, ?, ?, ?, ?)",
        (
            (
                key + 1,
                hashes[64 * key : 64 * key + 64],
                f"{days[key // EVENT]}T{10 + key % EVENT // 60:02}:{key % 60:02}:00",
                CAMERAS[cameras[key // EVENT]],
                phash,
                THEN,
            )
            for key, phash in enumerate(phashes.tolist())
        ),
    )
    enter(
        "INSERT INTO files (path, photo_id, size, mtime_ns) VALUES (?, ?, ?, 1700000000123456789)",
        ((_path(settings, size, key), key + 1, 2_000_000 + key % 999_983) for key in range(size.photos)),
    )
    enter(
        "INSERT INTO analyses (id, photo_id, engine_id, orientation, made_at) VALUES (?1, ?1, ?2, 1, ?3)",
        ((key, ENGINE, THEN) for key in range(1, size.photos + 1)),
    )
    failed = [(f"{settings.input_folder}/broken/{key}.jpg", THEN) for key in range(size.photos // 10_000)]
    enter("INSERT INTO failures (path, reason, failed_at) VALUES (?, 'it is cut off', ?)", failed)


def _path(settings: Settings, size: Size, photo: int) -> str:
    if photo < size.taught:
        return f"{settings.dataset_folder}/{name_of(photo // size.samples)}/{photo % size.samples}.jpg"
    return f"{settings.input_folder}/{2000 + photo * 25 // size.photos}/event {photo // EVENT}/{_file_name(photo)}"


def _file_name(photo: int) -> str:
    return f"IMG_{photo:07}.jpg"


def _faces(store: Store, drawn: Drawn) -> None:
    enter = store._connection.executemany
    photos = (drawn.photos + 1).tolist()
    enter(
        "INSERT INTO appearances (id, photo_id, x, y, w, h) VALUES (?, ?, ?, ?, ?, ?)",
        ((key, photo, *PLACE) for key, photo in enumerate(photos, start=1)),
    )
    vectors = (vector.tobytes() for some in drawn.vectors() for vector in some)
    enter(
        "INSERT INTO observations (appearance_id, analysis_id, kind, model_id, x, y, w, h, score, sharpness, pixels, "
        "frontality, weak, vector) VALUES (?, ?, 'face', ?, ?, ?, ?, ?, 0.93, ?, ?, 0.9, 0, ?)",
        (
            (key, photo, MODEL, *PLACE, 200.0 + key % 701, 80.0 + key % 211, vector)
            for key, (photo, vector) in enumerate(zip(photos, vectors, strict=True), start=1)
        ),
    )
    taught = ((key + 1, key // drawn.size.samples + 1, THEN) for key in range(drawn.size.taught))
    enter(
        "INSERT INTO links (appearance_id, person_id, word, source, made_at) VALUES (?, ?, 'is', 'dataset', ?)", taught
    )


def _decide(store: Store, drawn: Drawn) -> None:
    enter = store._connection.executemany
    enter(
        "INSERT INTO links (appearance_id, person_id, word, source, score, model_id, made_at) "
        "VALUES (?, ?, 'is', 'machine', ?, ?, ?)",
        ((face + 1, person + 1, 0.31 + face % 97 / 1000, MODEL, THEN) for face, person in _of(drawn, drawn.is_sure)),
    )
    unsure = [(face + 1, person + 1) for face, person in _of(drawn, drawn.is_unsure)]
    enter("INSERT INTO suggestions (appearance_id, person_id) VALUES (?, ?)", unsure)
    founded: dict[int, int] = {}
    unknown = ((face, face if person < drawn.size.people else founded.setdefault(person, face))
               for face, person in _of(drawn, drawn.is_unknown))  # fmt: skip
    enter(
        "INSERT INTO unknown_groups (appearance_id, group_id) VALUES (?, ?)",
        ((face + 1, group + 1) for face, group in unknown),
    )


def _of(drawn: Drawn, chosen: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Return chosen faces, each with its person."""
    faces = np.flatnonzero(chosen)
    return zip(faces.tolist(), drawn.people[faces].tolist(), strict=True)


def _file(store: Store, settings: Settings, drawn: Drawn) -> None:
    """Enter the copies of all photos but those of the people folder, as one run made them, and the names beside."""
    connection, output = store._connection, str(settings.output_folder)
    filed: dict[tuple[int, int], None] = {}  # photo and person, -1 for nobody
    known = drawn.is_sure | drawn.is_named
    faces = np.flatnonzero(known)
    filed |= dict.fromkeys(zip(drawn.photos[faces].tolist(), drawn.people[faces].tolist(), strict=True))
    named = {photo for photo, _ in filed}
    filed |= {(photo, -1): None for photo in range(drawn.size.taught, drawn.size.photos) if photo not in named}
    hashes = drawn.random.bytes(32 * len(filed)).hex()

    def rows() -> Iterator[tuple[object, ...]]:
        for number, (photo, person) in enumerate(sorted(filed)):
            folder = "Unknown" if person < 0 else name_of(person)
            target, source = f"{output}/{folder}/{_file_name(photo)}", _path(settings, drawn.size, photo)
            sha256 = hashes[64 * number : 64 * number + 64]
            yield (photo + 1, person + 1 or None, output, target, sha256, THEN, source, 2_000_000 + photo % 999_983)

    connection.executemany(
        "INSERT INTO copies (photo_id, person_id, output, target, sha256, made_at, source, source_size, "
        "source_mtime_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1700000000123456789)",
        rows(),
    )
    told = {"sure": len(named), "unknown": len(filed) - len(named)}
    connection.execute(
        "INSERT INTO runs (id, began_at, ended_at, job, told) VALUES (1, ?1, ?1, 'Recognize Folder', ?2)",
        (THEN, json.dumps(told)),
    )
    connection.execute(
        "INSERT INTO run_copies (run_id, copy_id, photo_id, output) SELECT 1, id, photo_id, output FROM copies"
    )
    store.runs.end(1)
    connection.create_function("written", 1, _written, deterministic=True)
    connection.execute(
        "INSERT INTO written_names (photo_id, path, names, sha256) "
        "SELECT photo_id, target || '.xmp', written(person_id), sha256 FROM copies WHERE person_id IS NOT NULL"
    )


@cache
def _written(person_id: int) -> str:
    names = PhotoNames((NamedPlace(name_of(person_id - 1), Box(*PLACE)),), 4000, 3000)
    return packed(wanted_names(names))


def _say(store: Store, drawn: Drawn) -> None:
    """Let the user have named, denied and ignored some, each in a change of its own, and chosen a few faces."""
    words = [("is", *row) for row in _of(drawn, drawn.is_named)]
    words += [("is_not", *row) for row in _of(drawn, drawn.is_denied)]
    with store.transaction():
        for word, face, person in words:
            change = store.changes.begin("link", f"{_file_name(int(drawn.photos[face]))}#{face + 1}: {name_of(person)}")
            store._connection.execute(
                "INSERT INTO links (appearance_id, person_id, word, source, made_at) VALUES (?, ?, ?, 'user', ?)",
                (face + 1, person + 1, word, THEN),
            )
            store.changes.end(change)
        change = store.changes.begin("ignore", "some ignored")
        store.groups.ignore(face + 1 for face, _ in _of(drawn, drawn.is_ignored))
        store.changes.end(change)
    for person in range(0, drawn.size.people, 20):
        with store.change("key face", name_of(person)):
            store.edits.set_key_face(person + 1, person * drawn.size.samples + 1)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Size(*map(int, sys.argv[2:])))
