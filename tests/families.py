"""Libraries of two families, made up without files: who is known in each, and what is said there."""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kith.jobs.open_library import OpenLibrary
from kith.library.store import Store, open_store
from kith.photos.facts import PhotoFacts
from kith.settings import Settings
from kith.values.links import Link, Source, Word
from kith.vision.observations import Analysis, Appearance, Kind, Observation
from tests.small_world import DLIB, PLACES, face_vector

_JOURNAL = {"changes", "change_steps", "sqlite_sequence"}


@dataclass(frozen=True)
class Family:
    """A library in a folder."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> "Family":
        """Begin a library without anybody."""
        (root / "people").mkdir(parents=True)
        family = cls(root)
        open_store(family.settings.library_file, create=True).close()
        return family

    @property
    def settings(self) -> Settings:
        """Its settings."""
        values = {"dataset_dir": "people", "processed_dir": "output", "body_policy": "off", "names_in": "off"}
        return Settings.at(self.root, {**values, "models_dir": "models"})

    def store(self) -> "closing[Store]":
        """Open its records."""
        return closing(open_store(self.settings.library_file))

    def library(self) -> "closing[OpenLibrary]":
        """Open it to ask and change."""
        return closing(OpenLibrary(self.settings))

    def see(self, photo: int, *people: int, model: str = DLIB, image: str = "") -> list[int]:
        """Enter a photo that shows people, by the numbers of their faces, and return their appearances.

        Its image data are made up, unless they are given.
        """
        with self.store() as store, store.transaction():
            facts = PhotoFacts(image or image_hash(photo), 80, 60, 1, f"2019-01-01T00:00:{photo % 60:02}", None)
            photo_id = store.photos.save_photo(facts)
            seen = [
                Appearance(
                    box, (Observation(Kind.FACE, model, box, 0.9, face_vector((who,), photo, model), 500, 120, 1),)
                )
                for box, who in zip(PLACES, people, strict=False)
            ]
            phash = int.from_bytes(hashlib.sha256(b"%d" % photo).digest()[:8], "big", signed=True)
            analysis = store.photos.save_analysis(photo_id, f"x {model} 1", 1, Analysis(phash, tuple(seen)))
            return [sighting.appearance_id for sighting in store.photos.sightings(analysis)]

    def know(self, name: str) -> int:
        """Enter a person."""
        with self.store() as store, store.transaction():
            return store.people.add(name)

    def say(self, appearance: int, person: int, word: Word = Word.IS, source: Source = Source.DATASET) -> None:
        """Say who it is."""
        with self.store() as store, store.transaction():
            store.people.say(Link(appearance, person, word, source))

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the library."""
        with closing(sqlite3.connect(self.settings.library_file)) as library:
            return library.execute(sql, values).fetchall()

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table but the journal's."""
        names = [name for (name,) in self.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: self.query(f"SELECT * FROM {name} ORDER BY 1") for name in names if name not in _JOURNAL}

    def words(self) -> list[tuple[Any, ...]]:
        """Return all that is said: photo, name, word and source."""
        return sorted(
            self.query(
                "SELECT replace(p.image_hash, 'import:', ''), round(a.x, 2), n.name, l.word, l.source FROM links l "
                "JOIN appearances a ON a.id = l.appearance_id JOIN photos p ON p.id = a.photo_id "
                "JOIN persons n ON n.id = l.person_id"
            )
        )


def image_hash(photo: int) -> str:
    """Return what stands for the image data of a photo."""
    return hashlib.sha256(f"photo {photo}".encode()).hexdigest()


def family_of(root: Path, people: Mapping[str, int], photos: Iterable[int], own: int) -> Family:
    """Return a family that knows people by name, each from three photos of its `own` and one of `photos` each shows.

    Photo n shows the person of number n.
    """
    family = Family.at(root)
    shared = set(photos)
    for name, who in people.items():
        person = family.know(name)
        for photo in (*(own + 10 * who + number for number in range(3)), *({who} & shared)):
            (face,) = family.see(photo, who)
            family.say(face, person)
    return family
