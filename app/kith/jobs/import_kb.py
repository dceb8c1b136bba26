"""Import an older knowledge base: what an encodings.pkl knows of people is taught without their photos."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from kith.errors import BadInput
from kith.filing.old_encodings import NamedVector, OldEncodings, read_old_encodings
from kith.jobs.engines import find_engines
from kith.jobs.library_file import open_records
from kith.jobs.person_names import person_called
from kith.library.photo_records import to_blob
from kith.library.store import Store
from kith.messages import Action, Do
from kith.settings import Settings
from kith.text import counted
from kith.values.links import Link, Source, Word
from kith.values.persons import Person
from kith.vision.face_model import default_face_model
from kith.vision.observations import Kind


@dataclass(frozen=True, slots=True)
class PersonImported:
    """What was new of a person; `is_new` tells that they were."""

    name: str
    faces: int
    bodies: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """Entries of one name that were not imported, and why."""

    name: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportFinished:
    """What an import came to; `known` entries were taught already."""

    file: Path
    people: tuple[PersonImported, ...]
    known: int
    left_behind: tuple[LeftBehind, ...]


@dataclass(slots=True)
class _Import:
    """What an import has gathered so far: everybody, whom each name means, who is new, and counts by name."""

    persons: list[Person]
    meant: dict[str, Person | None] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)
    added: Counter[tuple[str, Kind]] = field(default_factory=Counter)
    known: int = 0
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)


def import_kb(settings: Settings, file: Path, body_model: str = "") -> ImportFinished:
    """Teach what a pickled knowledge base holds, as one change that can be undone; nothing in the file is run.

    Faces are taken where they can be dlib's, bodies only where `body_model` says they are of the settings' body model.
    Somebody known by a name, or else alias, is taken for the same. Raises BadInput, BadKnowledgeBase and ModelMissing.
    """
    found = read_old_encodings(file)
    _check_bodies(settings, found, body_model)
    with open_records(settings, create=True) as store, store.change("import-kb", f"{file.name} imported"):
        imported = _Import(list(store.people.all().values()))
        imported.refused.update((entry.name, entry.reason) for entry in found.refused)
        _teach(store, imported, Kind.FACE, default_face_model().id, found.faces)
        if body_model:
            _teach(store, imported, Kind.BODY, body_model, found.bodies)
        else:
            reason = f"a body, of a model that is not known: {Do(Action.NAME_BODY_MODEL)} names it"
            imported.refused.update((name, reason) for name, _ in found.bodies)
    return _finished(file, imported)


def _check_bodies(settings: Settings, found: OldEncodings, body_model: str) -> None:
    if not body_model:
        return
    own = find_engines(settings)[0].body_model_id
    if body_model != own:
        raise BadInput(
            f"The bodies of {body_model} would be compared with nothing: bodies are compared by "
            f"{own or 'no model'} here. Set reid_model and reid_weights to the model they came from first, or import "
            "without --body-model. Nothing was imported."
        )
    if len({len(vector) for _, vector in found.bodies}) > 1:
        raise BadInput("The bodies in the file are of several lengths, so of several models. Nothing was imported.")


def _teach(store: Store, imported: _Import, kind: Kind, model_id: str, entries: Iterable[NamedVector]) -> None:
    taught = {to_blob(sample.vector) for sample in store.people.taught(kind, model_id)}
    named = [(name, vector, to_blob(vector)) for name, vector in entries]
    names_of: dict[bytes, set[str]] = {}
    for name, _, blob in named:
        names_of.setdefault(blob, set()).add(name)
    for name, vector, blob in named:
        others = sorted(names_of[blob] - {name})
        if others:
            imported.refused[name, f"the same vector stands under {', '.join(others)} too"] += 1
        elif reason := _why_unclear(imported, name):
            imported.refused[name, reason] += 1
        elif blob in taught or _has_been_said(store, store.imports.appearance(kind, model_id, vector)):
            imported.known += 1
        else:
            appearance_id = store.imports.appearance(kind, model_id, vector)
            store.people.say(Link(appearance_id, _person(store, imported, name), Word.IS, Source.DATASET))
            imported.added[name, kind] += 1
            taught.add(blob)


def _has_been_said(store: Store, appearance_id: int) -> bool:
    return any(link.source is not Source.MACHINE for link in store.people.links(appearance_id))


def _why_unclear(imported: _Import, name: str) -> str:
    """Find out whom a name means; return why that is not clear, if so."""
    if name not in imported.meant and name not in imported.unclear:
        try:
            imported.meant[name] = person_called(imported.persons, name)
        except BadInput as error:
            imported.unclear[name] = str(error)
    return imported.unclear.get(name, "")


def _person(store: Store, imported: _Import, name: str) -> int:
    """Return the person whom a clear name means, entered where there is none."""
    person = imported.meant[name]
    if person is None:
        person = imported.meant[name] = Person(store.people.add(name), name)
        imported.persons.append(person)
        imported.new.add(name)
    return person.id


def _finished(file: Path, imported: _Import) -> ImportFinished:
    names = dict.fromkeys(name for name, _ in imported.added)
    people = (
        PersonImported(name, imported.added[name, Kind.FACE], imported.added[name, Kind.BODY], name in imported.new)
        for name in names
    )
    left = (LeftBehind(name, count, reason) for (name, reason), count in imported.refused.items())
    return ImportFinished(file, tuple(people), imported.known, tuple(left))


def import_summary(finished: ImportFinished) -> list[str]:
    """Return what an import came to, line by line."""
    lines = [*map(_person_line, finished.people)]
    lines += [f"not imported: {entry.name}, {entry.count}: {entry.reason}" for entry in finished.left_behind]
    faces = counted(sum(person.faces for person in finished.people), "face")
    people = counted(len(finished.people), "person", "people")
    known = f", {finished.known} known already" if finished.known else ""
    left = sum(entry.count for entry in finished.left_behind)
    return [*lines, f"{faces} of {people} imported{known}, {left} left out."]


def _person_line(person: PersonImported) -> str:
    new = " (new)" if person.is_new else ""
    bodies = f", {counted(person.bodies, 'body', 'bodies')}" if person.bodies else ""
    return f"{person.name}{new}: {counted(person.faces, 'face')}{bodies}"
