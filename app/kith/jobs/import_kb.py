"""Import an older knowledge base: what an encodings.pkl knows of people is taught without their photos."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kith.errors import BadInput
from kith.filing.old_encodings import NamedVector, OldEncodings, read_old_encodings
from kith.jobs.engines import find_engines
from kith.jobs.library_file import open_records
from kith.jobs.person_names import person_meant
from kith.library.photo_records import to_blob
from kith.library.store import Store
from kith.messages import Action, Do
from kith.model_registry import FACE_MODELS
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
    """What an import came to; `known` entries were taught already, the face models `not_taught` learned nothing."""

    file: Path
    people: tuple[PersonImported, ...]
    known: int
    left_behind: tuple[LeftBehind, ...]
    not_taught: tuple[str, ...] = ()


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
    return _finished(file, imported, settings)


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
    names_of: defaultdict[bytes, set[str]] = defaultdict(set)
    for name, _, blob in named:
        names_of[blob].add(name)
    for name, vector, blob in named:
        if reason := _why_refused(imported, name, names_of[blob]):
            imported.refused[name, reason] += 1
            continue
        appearance_id = None if blob in taught else store.imports.appearance(kind, model_id, vector)
        if appearance_id is None or _has_been_said(store, appearance_id):
            imported.known += 1
            continue
        person_id = _person(store, imported, name)
        store.people.say(Link(appearance_id, person_id, Word.IS, Source.DATASET))
        imported.added[name, kind] += 1
        taught.add(blob)


def _why_refused(imported: _Import, name: str, names: Collection[str]) -> str:
    """Return why a vector that stands under these names cannot teach the one called `name`, if so."""
    others = sorted({*names} - {name})
    if others:
        return f"the same vector stands under {', '.join(others)} too"
    return _why_unclear(imported, name)


def _has_been_said(store: Store, appearance_id: int) -> bool:
    links = store.people.links(appearance_id)
    return any(link.source is not Source.MACHINE for link in links)


def _why_unclear(imported: _Import, name: str) -> str:
    """Find out whom a name means; return why that is not clear, if so."""
    meant, unclear = imported.meant, imported.unclear
    if name not in meant and name not in unclear:
        try:
            person = person_meant(imported.persons, name)
            meant[name] = person if isinstance(person, Person) else None
        except BadInput as error:
            unclear[name] = str(error)
    return unclear.get(name, "")


def _person(store: Store, imported: _Import, name: str) -> int:
    """Return the person whom a clear name means, entered where there is none."""
    person = imported.meant[name]
    if person is None:
        person = imported.meant[name] = Person(store.people.add(name), name)
        imported.persons.append(person)
        imported.new.add(name)
    return person.id


def _finished(file: Path, imported: _Import, settings: Settings) -> ImportFinished:
    added = imported.added
    people = []
    for name in dict.fromkeys(name for name, _ in added):
        faces, bodies = added[name, Kind.FACE], added[name, Kind.BODY]
        people.append(PersonImported(name, faces, bodies, name in imported.new))
    left = (LeftBehind(name, count, reason) for (name, reason), count in imported.refused.items())
    chosen = {"face_model": settings.face_model, "second_opinion": settings.second_opinion}
    not_taught = (key for key, model in chosen.items() if model not in ("", FACE_MODELS[0].name))
    return ImportFinished(file, tuple(people), imported.known, tuple(left), tuple(not_taught))


def import_summary(finished: ImportFinished) -> list[str]:
    """Return what an import came to, line by line."""
    lines = [*map(_person_line, finished.people)]
    lines += [f"not imported: {entry.name}, {entry.count}: {entry.reason}" for entry in finished.left_behind]
    faces = sum(person.faces for person in finished.people)
    people = counted(len(finished.people), "person", "people")
    known = f", {finished.known} known already" if finished.known else ""
    left = sum(entry.count for entry in finished.left_behind)
    if finished.not_taught and (faces or finished.known):
        lines.append(_not_taught_line(finished.not_taught))
    return [*lines, f"{counted(faces, 'face')} of {people} imported{known}, {left} left out."]


def _not_taught_line(keys: Sequence[str]) -> str:
    what = "compares with nobody imported" if "face_model" in keys else "is not asked about anybody imported"
    back = f", or set face_model to {FACE_MODELS[0].name}" if "face_model" in keys else ""
    return (
        f"The imported faces are numbers of {FACE_MODELS[0].name}'s network without photos: {keys[0]} of the settings "
        f"{what}. To change that put photos of them into the people folder and run {Do(Action.BUILD_KB)}{back}."
    )


def _person_line(person: PersonImported) -> str:
    new = " (new)" if person.is_new else ""
    bodies = f", {counted(person.bodies, 'body', 'bodies')}" if person.bodies else ""
    return f"{person.name}{new}: {counted(person.faces, 'face')}{bodies}"
