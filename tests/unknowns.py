"""A desk with unknown people on it: photos recognised and filed, some of them of nobody known."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from kith.jobs.context import Context
from kith.jobs.looks import Look, look_at_photos, save_look
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.review import Question, Review
from kith.jobs.review_queues import confirm, deny, waiting
from kith.jobs.unknowns import Unknowns
from kith.library.review_queries import Unknown
from tests.desk import CHIRAC, NOBODY, POWELL, POWELL_AGAIN, SCHROEDER, TWO_STRANGERS, Desk

PUTIN = [f"lfw10/Vladimir_Putin/Vladimir_Putin_000{number}.jpg" for number in (1, 3, 4)]
INPUT = [*SCHROEDER, POWELL_AGAIN[0], NOBODY, TWO_STRANGERS]
FACES = 5  # of Schroeder in three photos and of the two strangers in one


def look_once(root: Path, material: Path, **changes: object) -> Path:
    """Return a library that has analysed every photo used here and knows nobody: faces are slow."""
    if (library := root / "people/library.sqlite").exists():
        return library
    desk = Desk(root, material, **changes)
    desk.put_all([*POWELL, *CHIRAC, *PUTIN, *INPUT], "input")
    desk.run(_only_look)
    with closing(sqlite3.connect(library)) as connection, connection:
        connection.execute("DELETE FROM files")
    return library


def _only_look(context: Context) -> Iterator[Any]:
    for look in look_at_photos(context, sorted(context.settings.input_folder.iterdir())):
        assert isinstance(look, Look)
        with context.store.transaction():
            save_look(context.store, look, context.spec.engine_id)
        yield


def recognized_desk(root: Path, material: Path, library: Path, **changes: object) -> Desk:
    """Return a desk that knows Powell, Chirac and Putin and has filed its input, Schroeder and strangers as Unknown."""
    desk = Desk(root, material, **changes)
    shutil.copyfile(library, desk.settings.library_file)
    for name, photos in {"Powell": POWELL, "Chirac": CHIRAC, "Putin": PUTIN}.items():
        desk.put_all(photos, f"people/{name}")
    desk.put_all(INPUT, "input")
    desk.build()
    desk.recognize()
    return desk


@contextmanager
def reviewing(desk: Desk) -> Iterator[OpenLibrary]:
    """Open the desk's library for a review."""
    with closing(OpenLibrary(desk.settings)) as library:
        yield library


def all_unknown(library: OpenLibrary) -> list[Unknown]:
    """Return who waits for a word."""
    return [Unknown(face.id, face.photo_id, face.has_face) for face in waiting(library).faces]


def question_on(library: OpenLibrary, unknown: Unknown) -> Question:
    """Return what is asked about somebody unknown."""
    return Review(library).question(unknown)


def of_photo(library: OpenLibrary, name: str) -> list[Unknown]:
    """Return the unknown faces of a photo of the input."""
    found = {face: question_on(library, face).spot.path for face in all_unknown(library)}
    return [face for face, path in found.items() if path and path.name == Path(name).name]


def ask(library: OpenLibrary, name: str) -> Question:
    """Return the question about the only unknown face of a photo."""
    (unknown,) = of_photo(library, name)
    return question_on(library, unknown)


def accept(library: OpenLibrary, unknown: Unknown, person_id: int) -> Outcome:
    """Say that somebody unknown is a person, as the window does."""
    return confirm(library, person_id, [unknown.appearance_id])


def refuse(library: OpenLibrary, unknown: Unknown, person_id: int) -> Outcome:
    """Say that somebody unknown is not a person, as the window does."""
    return deny(library, person_id, [unknown.appearance_id])


def give_name(library: OpenLibrary, unknown: Unknown, name: str) -> Outcome:
    """Give somebody unknown a name, as the window does."""
    return Unknowns(library).name_faces([unknown.appearance_id], name, meant=True)
