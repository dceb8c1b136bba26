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
from kith.jobs.review import Question, Review
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
def reviewing(desk: Desk) -> Iterator[Review]:
    """Open the desk's library for a review."""
    with closing(OpenLibrary(desk.settings)) as library:
        yield Review(library)


def of_photo(review: Review, name: str) -> list[Unknown]:
    """Return the unknown faces of a photo of the input."""
    found = {one: review.question(one).spot.path for one in review.unknowns()}
    return [one for one, path in found.items() if path and path.name == Path(name).name]


def ask(review: Review, name: str) -> Question:
    """Return the question about the only unknown face of a photo."""
    (unknown,) = of_photo(review, name)
    return review.question(unknown)
