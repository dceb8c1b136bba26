"""Recognise by the people of two libraries: each alone, each after the other's file was imported, folders joined.

Run by `scripts/bench.py exchange`. Of 15 people each library knows some, eight know both, half of these by other names.
"""

import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench_people import PEOPLE, STRANGERS, Face, faces_in, settings_in
from bench_tables import Row, Tables
from kith.jobs.build_kb import build_kb
from kith.jobs.context import open_context
from kith.jobs.export_people import export_people
from kith.jobs.import_people import find_people, import_people
from kith.jobs.open_library import OpenLibrary
from kith.policies import BodyPolicy
from kith.settings import Settings
from kith.values.sightings import Case, Sighting

OURS, THEIRS = slice(0, 12), slice(4, 15)  # of the people by name
OUR_PHOTOS, THEIR_PHOTOS = slice(0, 4), slice(3, 7)  # of each person's: one is in both libraries
ASKED = slice(7, None)
OTHER_NAME = "Relative "  # begins what they call every second person whom both know


def exchange(data: Path) -> Tables:
    """Return how many faces in photos that taught nobody are named, by each library."""
    folders = [folder for name in PEOPLE if (data / name).is_dir() for folder in (data / name).iterdir()]
    people = sorted(folders, key=lambda folder: folder.name)
    asked = {photo for folder in people for photo in sorted(folder.iterdir())[ASKED]}
    faces = [face for face in faces_in(data, [*PEOPLE, *STRANGERS]) if face.photo in asked or not face.person]
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        return {"recognised by": _by_libraries(Path(root), people, faces)}


def _by_libraries(root: Path, people: Sequence[Path], faces: Sequence[Face]) -> list[Row]:
    ours = _taught(root / "ours", _photos(people[OURS], OUR_PHOTOS))
    both = [folder.name for folder in people[OURS] if folder in people[THEIRS]]
    called = {name: f"{OTHER_NAME}{name}" for name in both[::2]}
    theirs = _taught(root / "theirs", _photos(people[THEIRS], THEIR_PHOTOS, called))
    joined = _photos(people[OURS], OUR_PHOTOS)
    for name, photos in _photos(people[THEIRS], THEIR_PHOTOS).items():
        joined[name] = sorted({*joined.get(name, ()), *photos})
    files = [root / "ours.zip", root / "theirs.zip"]
    rows = []
    for name, settings, file in (("ours", ours, files[0]), ("theirs", theirs, files[1])):
        export_people(settings, file)
        rows.append(_asked(name, settings, faces))
    for name, settings, file in (("ours, theirs", ours, files[1]), ("theirs, ours", theirs, files[0])):
        import_people(settings, find_people(settings, file))
        rows.append(_asked(f"{name} imported", settings, faces))
    return [*rows, _asked("both people folders joined", _taught(root / "joined", joined), faces)]


def _photos(people: Sequence[Path], photos: slice, called: Mapping[str, str] = {}) -> dict[str, list[Path]]:
    return {called.get(folder.name, folder.name): sorted(folder.iterdir())[photos] for folder in people}


def _taught(root: Path, people: Mapping[str, Sequence[Path]]) -> Settings:
    """Learn people from their photos, as a user does."""
    settings = settings_in(root, body_policy=BodyPolicy.OFF)
    for name, photos in people.items():
        folder = settings.dataset_folder / name
        folder.mkdir(parents=True)
        for photo in photos:
            shutil.copy(photo, folder)
    with open_context(settings, threading.Event(), "bench", create=True) as context:
        for _ in build_kb(context):
            pass
    return settings


def _asked(name: str, settings: Settings, faces: Sequence[Face]) -> Row:
    """Return how a library names each face by itself."""
    with OpenLibrary(settings) as library:
        names = {key: person.name.removeprefix(OTHER_NAME) for key, person in library.people.all().items()}
        cases = [Case([Sighting(key, face.seen, None)], {key: []}) for key, face in enumerate(faces, 1)]
        decided = [names.get(photo.appearances[0].person_id or 0) for photo in library.decisions.decider.photos(cases)]
    known = [(face.person, given) for face, given in zip(faces, decided, strict=True) if face.person]
    strangers = [given for face, given in zip(faces, decided, strict=True) if not face.person]
    return {
        "library": name,
        "people": len(names),
        "known found": sum(given == person for person, given in known),
        "of": len(known),
        "wrong names": sum(given not in (None, person) for person, given in known),
        "strangers taken in": sum(given is not None for given in strangers),
        "of strangers": len(strangers),
    }
