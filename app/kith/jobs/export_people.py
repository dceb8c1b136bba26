"""Export people with all that the user and the people folder say of them, for another library."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from kith.errors import BadInput, FilingFailed
from kith.filing.people_file import AppearanceRow, ObservationRow, PeopleFile, PersonRow, WordRow, read_people
from kith.filing.people_file import write_people as write
from kith.jobs.library_file import open_records
from kith.jobs.people import People
from kith.library.store import Store
from kith.settings import Settings
from kith.text import counted, printable
from kith.values.persons import Person
from kith.whole_files import complete, part_file, take_place


@dataclass(frozen=True, slots=True)
class PeopleExported:
    """The file, and how much is in it."""

    file: Path
    people: int
    words: int
    vectors: int


def export_people(settings: Settings, file: Path, names: Sequence[str] = ()) -> PeopleExported:
    """Write people, all without `names`, to a new file; it is read again before it gets its name.

    Raises BadInput, also where the file is there, BadKnowledgeBase and FilingFailed.
    """
    file = Path(os.path.abspath(file))
    with open_records(settings) as store:
        people = People(store)
        meant = {people.find(name).id for name in names} if names else {*people.all()}
        content = _content(store, [person for key, person in people.all().items() if key in meant])
    if os.path.lexists(file):
        raise BadInput(f"{file} is there already and is not overwritten: name a new file.")
    try:
        with part_file(file.parent, 0o600) as (target, part):
            write(target, content)
            complete(target)
            with part.open("rb") as written:
                read_people(written)
            take_place(part, file)
    except OSError as error:
        raise FilingFailed(f"{file} could not be written: {error.strerror or error}.") from error
    return PeopleExported(file, len(content.people), len(content.words), len(content.observations))


def export_summary(done: PeopleExported) -> list[str]:
    """Return what was exported, in a line."""
    people, vectors = counted(done.people, "person", "people"), counted(done.vectors, "vector")
    return [f"{people} with {counted(done.words, 'word')} and {vectors}, without photos: {done.file}"]


def _content(store: Store, people: Sequence[Person]) -> PeopleFile:
    keys = [person.id for person in people]
    vectors, observations = defaultdict[str, list[bytes]](list), []
    for appearance, kind, model, x, y, w, h, sharpness, pixels, frontality, vector in store.exchange.observations(keys):
        numbers = {"sharpness": sharpness, "pixels": pixels, "frontality": frontality}
        where = {"appearance": appearance, "kind": kind, "model": model, "row": len(vectors[model])}
        observations.append(ObservationRow(**where, box=[x, y, w, h], **numbers))
        vectors[model].append(vector)
    return PeopleFile(
        [_person(person) for person in people],
        [
            AppearanceRow(number=key, image_hash=image, orientation=way)
            for key, image, way in store.exchange.appearances(keys)
        ],
        [
            WordRow(appearance=key, person=person, word=word, source=source, made_at=at)
            for key, person, word, source, at in store.exchange.words(keys)
        ],
        observations,
        {model: np.stack([np.frombuffer(row, "<f4") for row in rows]) for model, rows in vectors.items()},
    )


def _person(person: Person) -> PersonRow:
    """Return a person as the file has them; raises BadInput where it can hold no such names."""
    try:
        return PersonRow(
            number=person.id,
            name=person.name,
            aliases=[*person.aliases],
            birth=person.birth,
            death=person.death,
            notes=person.notes,
            fields=dict(person.fields),
            hidden=person.hidden,
        )
    except ValidationError as error:
        raise BadInput(
            f"{printable(person.numbered)} cannot be exported: a name or a field of theirs is too long, or has signs "
            "that are no letters: give them others first."
        ) from error
