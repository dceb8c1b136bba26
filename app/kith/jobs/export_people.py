"""Export people with all that the user and the people folder say of them, for another library."""

import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from kith.errors import BadInput, BadKnowledgeBase, FilingFailed
from kith.filing.people_file import (
    AppearanceRow,
    IgnoredRow,
    ObservationRow,
    PeopleFile,
    PersonRow,
    WordRow,
    read_people,
)
from kith.filing.people_file import write_people as write
from kith.identity.gallery import shortcoming
from kith.jobs.library_file import open_records
from kith.jobs.people import People
from kith.jobs.small_pictures import small_face
from kith.library.store import Store
from kith.messages import Action, Do
from kith.settings import Settings
from kith.text import counted, printable
from kith.values.persons import Person
from kith.vision.observations import Observation
from kith.whole_files import complete, part_file, take_place


@dataclass(frozen=True, slots=True)
class PeopleExported:
    """The file, and how much is in it."""

    file: Path
    people: int
    words: int
    vectors: int
    faces: int


def export_people(
    settings: Settings, file: Path, names: Sequence[str] = (), whole: bool = False, with_faces: bool = False
) -> PeopleExported:
    """Write people, all without `names`, to a new file; it is read again before it gets its name.

    A `whole` library tells also who is ignored. `with_faces` puts a small picture of each person in. Raises BadInput,
    also where the file is there, BadKnowledgeBase and FilingFailed.
    """
    file = Path(os.path.abspath(file))
    if os.path.lexists(file):
        raise BadInput(f"{file} is there already and is not overwritten: name a new file.")
    with open_records(settings) as store:
        people = People(store)
        meant = {people.find(name).id for name in names} if names else {*people.all()}
        with store.transaction():
            store.exchange.give_codes(meant)
        wanted = [person for key, person in people.all().items() if key in meant]
        try:
            content = _content(store, wanted, whole, settings.lap_var_thresh)
        except ValidationError as error:
            check = Do(Action.CHECK_LIBRARY)
            raise BadKnowledgeBase("An entry of the library is damaged: ", check, " tells more.") from error
        if with_faces:
            content = replace(content, faces=_faces(store, meant))
    try:
        with part_file(file.parent, 0o600) as (target, part):
            write(target, content)
            complete(target)
            with part.open("rb") as written:
                read_people(written)
            take_place(part, file)
    except OSError as error:
        raise FilingFailed(f"{file} could not be written: {error.strerror or error}.") from error
    words = len(content.words) + len(content.ignored)
    return PeopleExported(file, len(content.people), words, len(content.observations), len(content.faces))


def export_summary(done: PeopleExported) -> list[str]:
    """Return what was exported, in a line."""
    people, vectors = counted(done.people, "person", "people"), counted(done.vectors, "vector")
    photos = f"with {counted(done.faces, 'small picture')}" if done.faces else "without photos"
    return [f"{people} with {counted(done.words, 'word')} and {vectors}, {photos}: {done.file}"]


def _content(store: Store, people: Sequence[Person], whole: bool, least_sharpness: float) -> PeopleFile:
    keys = [person.id for person in people]
    codes = defaultdict[int, list[str]](list)
    for code, person_id in store.exchange.codes().items():
        codes[person_id].append(code)
    chosen = store.exchange.key_faces()
    vectors, observations = defaultdict[str, list[NDArray[np.float32]]](list), []
    for appearance, seen in store.exchange.observations(keys, whole):
        if seen.score == 0 and shortcoming(seen, least_sharpness):
            continue  # drawn by the user: it teaches nobody
        observations.append(_observation(appearance, seen, len(vectors[seen.model_id])))
        vectors[seen.model_id].append(seen.vector)
    return PeopleFile(
        [_person(person, codes[person.id], chosen.get(person.id)) for person in people],
        [_appearance(*row) for row in store.exchange.appearances(keys, whole)],
        [
            WordRow(appearance=key, person=person, word=word, source=source, made_at=at)
            for key, person, word, source, at in store.exchange.words(keys)
        ],
        observations,
        {model: np.stack(rows) for model, rows in vectors.items()},
        [IgnoredRow(appearance=key) for key, _ in store.groups.ignored()] if whole else (),
    )


def _observation(appearance: int, seen: Observation, row: int) -> ObservationRow:
    where: dict[str, Any] = {"appearance": appearance, "kind": seen.kind, "model": seen.model_id, "row": row}
    qualities: dict[str, Any] = {"sharpness": seen.sharpness, "pixels": seen.pixels, "frontality": seen.frontality}
    return ObservationRow(**where, box=[*seen.box], **qualities)


def _appearance(
    key: int, image: str, way: int, taken_at: str | None, phash: int | None, *place: float | None
) -> AppearanceRow:
    box = [side for side in place if side is not None] or None
    return AppearanceRow(number=key, image_hash=image, orientation=way, taken_at=taken_at, phash=phash, box=box)


def _faces(store: Store, people: Collection[int]) -> dict[int, bytes]:
    """Return a small JPEG of each person of whom a photo is at hand."""
    portraits = {key: portrait for key, portrait in store.portraits.all().items() if key in people}
    paths = store.reviews.files_of(portrait.photo_id for portrait in portraits.values())
    found = {}
    for person_id, portrait in portraits.items():
        path = paths.get(portrait.photo_id)
        picture = small_face(path, portrait.box) if path else b""
        if picture:
            found[person_id] = picture
    return found


def _person(person: Person, codes: list[str], key_face: int | None) -> PersonRow:
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
            ids=codes,
            key_face=key_face,
        )
    except ValidationError as error:
        raise BadInput(
            f"{printable(person.numbered)} cannot be exported: a name or a field of theirs is too long, or has signs "
            "that are no letters: give them others first."
        ) from error
